"""The rejected rows of a run, by themselves: read again from its files, with how these are read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.mapping import Conventions, Mapping
from vcci.intake.activity_table import is_activity_table
from vcci.intake.front import RawTable, read_tables
from vcci.intake.limits import IntakeLimits
from vcci.intake.raw_sink import fitted
from vcci.intake.records import cells_of, record_text
from vcci.intake.repairs import Repaired, repair, restored
from vcci.intake.survey import FileReading, survey

LISTED: Final = ("source", "sha256", "line", "code", "column", "value")
"""What a list of rejected rows says of each."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row: its file's place and line, why, where, the text there, and the record as CSV."""

    file: int
    line: int
    code: str
    column: str
    value: str
    record: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rejected rows in order of file and line, and how their files are read; the tables have no rows.

    Without readings the rows are of activity tables, which are mended in the files.
    """

    readings: tuple[FileReading, ...] = ()
    rows: tuple[RejectedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RunInput:
    """What a run was read from: its files, its mapping, and the files of rows that were mended before."""

    paths: Sequence[Path]
    mapping: Mapping
    repairs: Sequence[Path]
    year: int | None


def rejected_rows(listed: Path, run: RunInput, *, most: int, limits: IntakeLimits, folder: Path) -> Rejected:
    """Return the first `most` rows of a run's rejects.csv; what is read meanwhile lies in `folder`.

    Raises what reading the files raises.
    """
    mended = folder / "repairs"
    mended.mkdir()
    tables = read_tables(run.paths, conventions=run.mapping.conventions, limits=limits, folder=folder)
    if not run.mapping.columns and any(map(is_activity_table, tables)):
        return Rejected()
    lists = read_tables(run.repairs, conventions=Conventions(), limits=limits, folder=mended)
    readings = _readings(tables, lists, run)
    first = _listed(listed, most)
    rows = [row for place, reading in enumerate(readings) for row in _rejected(place, reading, first)]
    return Rejected(tuple(map(_without_rows, readings)), tuple(rows))


def _readings(tables: Sequence[RawTable], lists: Sequence[RawTable], run: RunInput) -> Sequence[FileReading]:
    """Return how the files are read, with what was mended in them before."""
    repaired = Repaired(*survey(tables, run.mapping))
    for mended in lists:
        repaired = repair(repaired, mended, year=run.year, folder=mended.path.parent)
    return repaired.readings


def _listed(path: Path, most: int) -> pl.LazyFrame:
    """Return LISTED of the first rows of a rejects.csv, texts as they are in the files."""
    texts = pl.scan_csv(path, infer_schema=False).head(most).fill_null("")
    names = ("source", "column", "value")
    return texts.with_columns(
        pl.col("line").cast(pl.Int64), **{name: restored(pl.col(name)) for name in names}
    ).select(LISTED)


def _rejected(place: int, reading: FileReading, listed: pl.LazyFrame) -> list[RejectedRow]:
    """Return the rows of one file that are listed, in its order."""
    table = reading.table
    here = listed.filter((pl.col("source") == table.name) & (pl.col("sha256") == table.sha256))
    found = pl.scan_parquet(table.path).join(here, on="line", how="inner", maintain_order="left")
    told = found.select("line", "code", "column", "value", record=record_text(len(table.header))).collect()
    return [RejectedRow(place, *row) for row in told.iter_rows()]


def _without_rows(reading: FileReading) -> FileReading:
    return replace(reading, table=replace(reading.table, path=Path(), rows=0), subtotals=())


def with_records(reading: FileReading, records: Sequence[tuple[int, str]], path: Path) -> FileReading:
    """Return a reading of other rows, (line, record of CSV) of each, in a new table at `path`."""
    table = reading.table
    width = len(table.header)
    fits = [(line, fitted(cells_of(record), width)) for line, record in records]
    rows = [(line, cells, rest, *texts) for line, (cells, rest, texts) in fits]
    names = dict.fromkeys((f"c{index}" for index in range(width)), pl.String)
    schema = {"line": pl.Int64, "cells": pl.Int32, "rest": pl.String, **names}
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(path)
    return replace(reading, table=replace(table, path=path, rows=len(rows)))
