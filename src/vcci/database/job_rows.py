"""The rows of a run in chunks: so many rows of the ledger, with their lines, and those that have no line.

A chunk is laid down as a folder of its own, so that its rows are made by what makes those of a whole run.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from vcci.database.ids import id_texts
from vcci.database.run_rows import RunFolder

CHUNK_ROWS: Final = 20_000
"""Rows of the ledger that one transaction stores: about half a second of work, which is what a kill costs."""


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Rows of the ledger from `first_row` on; a run's chunks are numbered from 0, in the ledger's order."""

    number: int
    first_row: int
    rows: int
    folder: RunFolder


@contextmanager
def row_chunks(
    run: Path, *, done: frozenset[int], chunk_rows: int = CHUNK_ROWS
) -> Iterator[Iterator[RowChunk]]:
    """Give the chunks of a run's folder that are not done; each is there until the next is asked for."""
    with tempfile.TemporaryDirectory(prefix=".rows-", dir=run.parent) as scratch:
        yield _chunks(run, Path(scratch), done=done, chunk_rows=chunk_rows)


def _chunks(run: Path, scratch: Path, *, done: frozenset[int], chunk_rows: int) -> Iterator[RowChunk]:
    """Walk through the parts of the calculation: a chunk is of one part, and its rows are read once."""
    number, first_row = 0, 1
    for path in sorted((run / "lines").glob("part-*.parquet")):
        tables: dict[str, pl.DataFrame] = {}
        sizes = (
            pl.scan_parquet(p).select(pl.len()).collect().item() for p in (path, run / "unlined" / path.name)
        )
        height = sum(sizes)
        for start in range(0, height, chunk_rows):
            rows = min(chunk_rows, height - start)
            if number not in done:
                tables = tables or _tables(run, path.name, first_row=first_row, height=height)
                _lay_down(scratch, tables, first_row=first_row + start, rows=rows)
                yield RowChunk(number, first_row + start, rows, RunFolder(scratch))
            number += 1
        first_row += height


def _tables(run: Path, part: str, *, first_row: int, height: int) -> dict[str, pl.DataFrame]:
    activities = pl.scan_parquet(run / "activities.parquet").slice(first_row - 1, height).collect()
    return {"activities": activities} | {
        name: pl.read_parquet(run / name / part) for name in ("lines", "unlined")
    }


def _lay_down(scratch: Path, tables: dict[str, pl.DataFrame], *, first_row: int, rows: int) -> None:
    mine = pl.col("row").is_between(first_row, first_row + rows - 1)
    tables["activities"].filter(mine).write_parquet(scratch / "activities.parquet", compression="lz4")
    for name in ("lines", "unlined"):
        (scratch / name).mkdir(exist_ok=True)
        tables[name].filter(mine).write_parquet(scratch / name / "part-00000.parquet", compression="lz4")


@dataclass(frozen=True, slots=True)
class RowIds:
    """Ids of a run's rows that rise with the rows, whoever makes them and whenever: UUIDs of version 7.

    Moment and counter are fixed once for a run; the row is added to the counter.
    """

    clock_ms: int
    counter: int

    @classmethod
    def at(cls, clock_ms: int) -> "RowIds":
        """Return those of a moment, with a random counter in the lower half of its range."""
        return cls(clock_ms, int.from_bytes(os.urandom(5)))

    def of(self, frame: pl.DataFrame) -> pl.Series:
        """Return the ids of the rows that a frame's `row_number` names, as texts."""
        return id_texts(self.clock_ms, self.counter + frame["row_number"].to_numpy())

    def given(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield frames with these ids in place of their own."""
        for frame in frames:
            yield frame.with_columns(self.of(frame))
