"""Measure how fast one line among five million is found and explained.

    vcci bench explain [LINES]

The run is made by the product's own calculation; only its CSV files are left out. The naive way scans
all lines for the row; the limit is reading one group of rows.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from time import perf_counter

import polars as pl
import pyarrow.parquet as pq
from benchmarks.batch_jobs import Task, full, shipped_packs
from benchmarks.ledger_generator import write_ledger
from benchmarks.record import write_record

from vcci.processing.export import GROUP_ROWS, Part, with_outcomes
from vcci.processing.find_line import RunFiles
from vcci.services.derivations import derivation_of

ROOT = Path(__file__).parents[1]
SEED = 2025
ASKED, NAIVE = 300, 10


def make_run(folder: Path, rows: int) -> None:
    """Calculate a generated ledger into `folder`, and add its outcomes as a run does."""
    ledger = folder.with_suffix(".parquet")
    write_ledger(ledger, rows=rows, codes=sorted(shipped_packs().titles()), seed=SEED)
    full(Task(ledger, folder, rows))
    writer = None
    activities, done = pl.scan_parquet(ledger), 0
    for path in sorted((folder / "lines").glob("*.parquet")):
        lined, unlined = pl.read_parquet(path), pl.read_parquet(folder / "unlined" / path.name)
        part = Part(activities.slice(done, lined.height + unlined.height).collect(), lined, unlined)
        table = with_outcomes(part).to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(folder / "activities.parquet", table.schema, compression="zstd")
        writer.write_table(table, row_group_size=GROUP_ROWS)
        done += part.activities.height
    if writer:
        writer.close()
    ledger.unlink()


def milliseconds(work: Callable[[int], object], rows: Iterable[int]) -> list[float]:
    """Return how long each row takes."""
    return [_timed(work, row) for row in rows]


def _timed(work: Callable[[int], object], row: int) -> float:
    started = perf_counter()
    work(row)
    return (perf_counter() - started) * 1000


def cold(folder: Path, row: int) -> object:
    """Explain a row in a process of its own."""
    program = Path(sys.executable).with_name("vcci")
    command = [str(program), "explain", str(row), "--run", str(folder), "--json"]
    return subprocess.run(command, capture_output=True, check=True)


def main(lines: str = "5000000") -> None:
    """Measure, print and record."""
    rows = int(lines)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        make_run(folder, rows)
        (folder / "inventory.json").write_text('{"run_digest": "benchmark", "packs": []}')
        asked = Random(SEED).sample(range(1, rows + 1), ASKED)
        files = RunFiles(folder)
        files.find(1)

        def ours(row: int) -> object:
            return derivation_of(files.find(row), run_digest="benchmark", packs=())

        def naive(row: int) -> object:
            return pl.scan_parquet(folder / "lines").filter(pl.col("row") == row).collect()

        activities = pq.ParquetFile(folder / "activities.parquet")

        def one_group(row: int) -> object:
            return activities.read_row_group((row - 1) * activities.num_row_groups // rows)

        taken = sorted(milliseconds(ours, asked))
        figures = {
            "p50_ms": round(statistics.median(taken), 1),
            "p95_ms": round(taken[int(0.95 * len(taken))], 1),
            "max_ms": round(taken[-1], 1),
            "cold_process_ms": round(statistics.median(milliseconds(lambda r: cold(folder, r), asked[:5]))),
            "naive_scan_p50_ms": round(statistics.median(milliseconds(naive, asked[:NAIVE])), 1),
            "limit_one_group_ms": round(statistics.median(milliseconds(one_group, asked[:50])), 1),
        }
        shutil.rmtree(folder)
    print("\n".join(f"{name:24} {value:>12,}" for name, value in figures.items()))
    config = {"lines": rows, "asked": ASKED, "rows_in_a_group": GROUP_ROWS, "seed": SEED}
    written = write_record("explain", config=config, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
