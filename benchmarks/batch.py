"""How many rows a second of processor time: the columnar job, two loops over records, and the physical limit.

Every job reads the same Parquet ledger, all of it, and runs in a fresh process; its processor time (user +
system, imports included) and peak memory are the operating system's own count. Jobs take turns, so that they
share whatever the machine does meanwhile; the loops are checked against the columnar job to the milligram.
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

from benchmarks.batch_jobs import CHECKED, JOBS, Outcome, Task, shipped_packs
from benchmarks.ledger_generator import describe, write_ledger
from benchmarks.record import write_record

ROOT = Path(__file__).parents[1]
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
    with tempfile.TemporaryDirectory() as scratch:
        ledger = Path(scratch) / "ledger.parquet"
        write_ledger(ledger, rows=rows, codes=sorted(shipped_packs().titles()), seed=SEED)
        runs: dict[str, list[Measured]] = {job: [] for job in JOBS}
        for job in [job for _ in range(repeats) for job in JOBS]:
            out = Path(scratch) / job
            shutil.rmtree(out, ignore_errors=True)
            runs[job].append(measure(job, Task(ledger, out, rows)))
    totals = {run.outcome.total_mg for job in CHECKED for run in runs[job]}
    if len(totals) != 1:
        raise SystemExit(f"The jobs disagree on the total: {sorted(totals)} mg.")
    figures = _figures(runs, rows)
    path = write_record("batch", config=describe(rows, SEED) | {"repeats": repeats}, figures=figures)
    print("\n".join(f"{name:32} {value:>14,.2f}" for name, value in figures.items()))
    print(f"written to {path.relative_to(ROOT)}")


def _figures(runs: dict[str, list[Measured]], rows: int) -> dict[str, float]:
    """Return medians; a ratio is the median of the ratios within each turn."""
    cpu_s = {job: [run.cpu_s for run in measured] for job, measured in runs.items()}
    median = {job: statistics.median(seconds) for job, seconds in cpu_s.items()}
    return {f"{job}_rows_per_cpu_s": round(rows / seconds) for job, seconds in median.items()} | {
        "full_over_asyncio": _ratio(cpu_s["asyncio"], cpu_s["full"]),
        "full_over_plain_loop": _ratio(cpu_s["plain_loop"], cpu_s["full"]),
        "limit_over_full": _ratio(cpu_s["full"], cpu_s["limit"]),
        "full_cpu_s": round(median["full"], 3),
        "full_wall_s": round(statistics.median(run.wall_s for run in runs["full"]), 3),
        "peak_rss_mb": round(max(run.peak_rss_mb for run in runs["full"]), 1),
    }


def _ratio(slower: list[float], faster: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(slower, faster, strict=True)), 2)


def main() -> None:
    """Measure all jobs."""
    parser = argparse.ArgumentParser(description="Rows per second of processor time.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    compare(asked.rows, asked.repeats)


if __name__ == "__main__":
    main()
