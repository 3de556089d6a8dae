"""How many rows a second of processor time: the calculation, loops over records, and the physical limit.

Every job reads the same Parquet ledger, all of it, and runs in a fresh process; its processor time (user +
system, imports included) and peak memory are the operating system's own count. Jobs take turns, so that they
share whatever the machine does meanwhile. At each size the ways must agree to the milligram; the loops, which
would take half an hour for fifty million rows, and the definition as it is written run at the smaller sizes.
At the beginning a real ledger goes from CSV into PostgreSQL and rollups, each time by a process that starts
cold.
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.batch_jobs import CHECKED, JOBS, Outcome, Task, shipped_packs
from benchmarks.ledger_generator import describe, write_ledger
from benchmarks.record import write_record

from vcci.database import embedded

ROOT = Path(__file__).parents[1]
OXFORD = ROOT / "examples" / "oxford-city-council"
SEED = 2025
MOST_ROWS = {"asyncio": 1_000_000, "plain_loop": 1_000_000, "definition": 10_000_000}
"""Rows up to which a job is measured."""


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
    command += [str(task.ledger), str(task.out), str(task.rows), str(task.sums)]
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


def compare(sizes: Sequence[int], repeats: int) -> None:
    """Measure the jobs over ledgers of these sizes, the smallest first; print the medians and record them."""
    figures = csv_to_database(repeats=5)  # first: what large ledgers leave to be written to disk slows it
    with tempfile.TemporaryDirectory() as scratch:
        for rows in sorted(sizes):
            figures |= _figures(_measured(Path(scratch), rows, repeats), rows)
    largest = _millions(max(sizes))
    figures["peak_rss_mb"] = max(value for name, value in figures.items() if name.startswith("peak_rss_mb"))
    for name in ("limit_ratio_wide", "narrow_rows_per_cpu_s"):
        figures[name] = figures[f"{name}_{largest}"]
    config = describe(max(sizes), SEED) | {"sizes": sorted(sizes), "repeats": repeats}
    path = write_record("batch", config=config, figures=figures)
    print("\n".join(f"{name:40} {value:>14,.2f}" for name, value in figures.items()))
    print(f"written to {path.relative_to(ROOT)}")


def _measured(scratch: Path, rows: int, repeats: int) -> dict[str, list[Measured]]:
    """Return what each job took over a ledger of so many rows."""
    ledger, out = scratch / "ledger.parquet", scratch / "out"
    write_ledger(ledger, rows=rows, codes=sorted(shipped_packs().titles()), seed=SEED)
    jobs = [job for job in JOBS if rows <= MOST_ROWS.get(job, rows)]
    runs: dict[str, list[Measured]] = {job: [] for job in jobs}
    for job in [job for _ in range(repeats) for job in jobs]:
        shutil.rmtree(out, ignore_errors=True)
        sums = runs["full"][-1].outcome.sums if runs["full"] else 0
        runs[job].append(measure(job, Task(ledger, out, rows, sums)))
    totals = {run.outcome.total_mg for job in CHECKED for run in runs.get(job, [])}
    if len(totals) != 1:
        raise SystemExit(f"The jobs disagree on the total of {rows:,} rows: {sorted(totals)} mg.")
    return runs


def _figures(runs: dict[str, list[Measured]], rows: int) -> dict[str, float]:
    """Return medians; a ratio is the median of the ratios within each turn."""
    cpu_s = {job: [run.cpu_s for run in measured] for job, measured in runs.items()}
    size = _millions(rows)
    found: dict[str, float] = {
        f"{job}_rows_per_cpu_s_{size}": round(rows / statistics.median(taken)) for job, taken in cpu_s.items()
    }
    found |= {
        f"{job}_over_full_{size}": _ratio(taken, cpu_s["full"])
        for job, taken in cpu_s.items()
        if job in ("definition", "asyncio", "plain_loop")
    }
    return found | {
        f"limit_ratio_wide_{size}": _ratio(cpu_s["full"], cpu_s["limit_wide"]),
        f"limit_ratio_narrow_{size}": _ratio(cpu_s["narrow"], cpu_s["limit_narrow"]),
        f"full_cpu_s_{size}": round(statistics.median(cpu_s["full"]), 3),
        f"full_wall_s_{size}": round(statistics.median(run.wall_s for run in runs["full"]), 3),
        f"peak_rss_mb_{size}": round(
            max(r.peak_rss_mb for name in ("full", "narrow") for r in runs[name]), 1
        ),
    }


def _ratio(slower: list[float], faster: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(slower, faster, strict=True)), 2)


def _millions(rows: int) -> str:
    return f"{rows / 1e6:g}m"


def csv_to_database(*, repeats: int, rows: int = 100_000) -> dict[str, float]:
    """Return how long `vcci run` takes from a CSV file to lines and rollups in PostgreSQL, as cold processes.

    The ledger is Oxford's, its rows repeated; each has a row fewer, so that each is stored anew. The
    server is there; the first run, which makes the schema, is not counted.
    """
    vcci, seconds = Path(sys.executable).with_name("vcci"), list[float]()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        server = embedded.start(folder / "data")
        environment = os.environ | {"DATABASE_URL": server.url}
        try:
            for number in range(repeats + 1):
                ledger = folder / f"spend-{number}.csv"
                _write_oxford(ledger, rows - number)
                told = [
                    str(ledger),
                    "--map",
                    str(OXFORD / "mapping.yaml"),
                    "--out",
                    str(folder / str(number)),
                ]
                started = time.perf_counter()
                command = [str(vcci), "run", *told, "--quiet"]
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                seconds.append(time.perf_counter() - started)
        finally:
            embedded.stop(folder / "data")
    return {"csv_to_db_s": round(statistics.median(seconds[1:]), 3)}


def _write_oxford(path: Path, rows: int) -> None:
    header, *lines = (OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)
    with path.open("wb") as file:
        file.write(header)
        for start in range(0, rows, len(lines)):
            file.writelines(lines[: rows - start])


def main() -> None:
    """Measure all jobs."""
    parser = argparse.ArgumentParser(description="Rows per second of processor time.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    compare(asked.rows, asked.repeats)


if __name__ == "__main__":
    main()
