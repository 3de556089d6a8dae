"""How many rows a second of processor time: the columnar job, two loops over records, and the physical limit.

Every job reads the same Parquet ledger and runs in a fresh process; its processor time (user + system,
imports included) and peak memory are the operating system's own count. The loops take a sample of the rows,
and are checked against the columnar job's lines to the milligram; the pace of the sample's second half, when
start-up and resolving are behind, is carried on to the whole ledger.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.batch_jobs import JOBS, SAMPLED, Outcome, Task, shipped_packs  # noqa: E402
from benchmarks.ledger_generator import describe, write_ledger  # noqa: E402
from benchmarks.record import write_record  # noqa: E402

SAMPLE_ROWS = 100_000
"""Rows that the loops are given; all of them would take a minute and tell no more."""

SEED = 2025


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a job, as the operating system counted it."""

    outcome: Outcome
    cpu_s: float
    wall_s: float
    peak_rss_mb: float


def measure(job: str, task: Task) -> Measured:
    """Run a job in a fresh process; its time and memory are the kernel's count of that process."""
    command = [sys.executable, "-m", "benchmarks.batch_jobs", job]
    command += [str(task.ledger), str(task.out), str(task.rows)]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        printed = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"The job {job} failed, see above.")
    wall_s = time.perf_counter() - started
    outcome = Outcome(**json.loads(printed))
    return Measured(outcome, usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


def compare(rows: int, repeats: int) -> None:
    """Measure every job `repeats` times over one ledger; print the medians and record them."""
    sample = min(rows, SAMPLE_ROWS)
    with tempfile.TemporaryDirectory() as scratch:
        ledger = Path(scratch) / "ledger.parquet"
        write_ledger(ledger, rows=rows, codes=sorted(shipped_packs().titles()), seed=SEED)
        runs: dict[str, list[Measured]] = {job: [] for job in JOBS}
        for job in [job for _ in range(repeats) for job in JOBS]:
            out = Path(scratch) / job
            shutil.rmtree(out, ignore_errors=True)
            runs[job].append(measure(job, Task(ledger, out, sample if job in SAMPLED else rows)))
        _assert_same_milligrams(runs, Path(scratch) / "full" / "lines", sample)
    figures = _figures(runs, rows, sample)
    config = describe(rows, SEED) | {"sample_rows": sample, "repeats": repeats, "figure": "median"}
    path = write_record("batch", config=config, figures=figures)
    print("\n".join(f"{name:32} {value:>14,.2f}" for name, value in figures.items()))
    print(f"written to {path.relative_to(ROOT)}")


def _assert_same_milligrams(runs: dict[str, list[Measured]], lines: Path, sample: int) -> None:
    of_sample = pl.scan_parquet(lines).filter(pl.col("row") <= sample)
    expected = of_sample.select(pl.col("co2e_mg").sum()).collect().item()
    answers = {job: {run.outcome.total_mg for run in runs[job]} for job in SAMPLED}
    if any(answer != {expected} for answer in answers.values()):
        raise SystemExit(f"The jobs disagree: {expected} mg in the full job's lines, but {answers}.")


def _cpu_s(run: Measured, rows: int, measured_rows: int) -> float:
    """Carry the pace of a sample's second half on to all rows."""
    second_half = run.cpu_s - run.outcome.cpu_s_at_half
    return run.cpu_s + second_half * (rows - measured_rows) / (measured_rows - measured_rows // 2)


def _figures(runs: dict[str, list[Measured]], rows: int, sample: int) -> dict[str, float]:
    cpu_s = {
        job: statistics.median(_cpu_s(run, rows, sample if job in SAMPLED else rows) for run in measured)
        for job, measured in runs.items()
    }
    rates = {job: rows / seconds for job, seconds in cpu_s.items()}
    return {f"{job}_rows_per_cpu_s": round(rate) for job, rate in rates.items()} | {
        "full_over_asyncio": round(rates["full"] / rates["asyncio"], 2),
        "full_over_plain_loop": round(rates["full"] / rates["plain_loop"], 2),
        "limit_over_full": round(rates["limit"] / rates["full"], 2),
        "full_cpu_s": round(cpu_s["full"], 3),
        "full_wall_s": round(statistics.median(run.wall_s for run in runs["full"]), 3),
        "peak_rss_mb": round(max(run.peak_rss_mb for run in runs["full"]), 1),
    }


def main() -> None:
    """Measure all jobs."""
    parser = argparse.ArgumentParser(description="Rows per second of processor time.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    compare(asked.rows, asked.repeats)


if __name__ == "__main__":
    main()
