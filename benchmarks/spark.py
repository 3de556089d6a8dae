"""How long a run takes on one worker of Spark and on two, beside this process alone; all must agree.

A standalone master and its workers run on the loopback address, one core and 1.5 GB each. Every job is a
process of its own. The start of its Java process and session is timed apart from the run; warming up is
part of the run. The row hash of each run's lines is compared with that of the local engine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from benchmarks.ledger_generator import OWN_FACTORS, describe, write_ledger
from benchmarks.record import write_record
from tests.support.spark import running_cluster

from vcci.domain.mapping import Mapping
from vcci.engine.tables import resolved_tables
from vcci.parameters import load
from vcci.processing import local
from vcci.processing.spark_row_hash import row_hash
from vcci.processing.spark_session import spark_session
from vcci.runtime.factors import broker_over
from vcci.runtime.spark_run import Kept, SparkRequest, run_on_spark
from vcci.services.factors import Parameters
from vcci.services.runs import RunRequest
from vcci.settings import Settings

ROOT = Path(__file__).parents[1]
SEED = 2026
LOCAL = "local"
WORKERS = {"one_worker": 1, "two_workers": 2}


def compare(rows: int) -> None:
    """Run everything once over one ledger; print and record it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_ledger(
            folder / "ledger.parquet",
            rows=rows,
            codes=sorted(broker_over(Parameters(())).titles()),
            seed=SEED,
        )
        found = {LOCAL: _job(LOCAL, folder, {})}
        for name, workers in WORKERS.items():
            with running_cluster(folder / name, workers=workers) as cluster:
                found[name] = _job(cluster.master, folder, cluster.environment)
    figures = _figures(found)
    config = describe(rows, SEED) | {
        "pyspark": version("pyspark"),
        "worker_cores": 1,
        "worker_memory_mb": 1500,
    }
    path = write_record("spark", config=config, figures=figures)
    print("\n".join(f"{name:24} {value:>14,.2f}" for name, value in figures.items()))
    print(f"written to {path.relative_to(ROOT)}")


def _figures(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    agreed = {(run["hash"], run["total_mg"]) for run in found.values()}
    starts = [found[name]["start_s"] for name in WORKERS]
    return {f"{name}_s": round(run["run_s"], 2) for name, run in found.items()} | {
        "jvm_start_s": round(max(starts), 2),
        "equal_hash": int(len(agreed) == 1),
        "two_over_one_worker": round(found["one_worker"]["run_s"] / found["two_workers"]["run_s"], 2),
    }


def _job(where: str, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spark", "--job", where, "--folder", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _here(folder: Path) -> dict[str, Any]:
    broker, out = broker_over(Parameters(())), folder / LOCAL
    started = time.perf_counter()
    calculator = broker.calculator(load.units(broker.currencies()), OWN_FACTORS)
    run = local.run(
        folder / "ledger.parquet",
        resolve=lambda keys, dates: resolved_tables(keys, dates, calculator),
        out=out,
    )
    seconds = time.perf_counter() - started
    lines = nw.from_native(pl.scan_parquet(out / "lines" / "*.parquet"))
    return {
        "start_s": 0.0,
        "run_s": seconds,
        "total_mg": run.total_mg_co2e,
        "hash": row_hash(lines, amount="co2e_mg", key="key"),
    }


def _on_spark(master: str, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    with spark_session(master) as session, tempfile.TemporaryDirectory(dir=folder) as out:
        session.range(1).count()  # the executors are there once one has answered
        ready = time.perf_counter()
        done = run_on_spark(
            Settings(),
            RunRequest("", dry_run=False, parameter_digests={}),
            asked=SparkRequest((str(folder / "ledger.parquet"),), out, master, Kept.NOTHING),
            mapping=Mapping(own_factors=OWN_FACTORS),
            parameters=Parameters(()),
        )
        return {
            "start_s": ready - started,
            "run_s": time.perf_counter() - ready,
            "total_mg": done.mark["total_mg_co2e"],
            "hash": done.mark["lines_hash"],
        }


def main() -> None:
    """Measure, or do the job of one process."""
    parser = argparse.ArgumentParser(description="Seconds on one and two workers of Spark.")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--job", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not asked.job:
        compare(asked.rows)
        return
    print(json.dumps(_here(asked.folder) if asked.job == LOCAL else _on_spark(asked.job, asked.folder)))


if __name__ == "__main__":
    main()
