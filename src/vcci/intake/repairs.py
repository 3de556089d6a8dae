"""Repair: rejected rows come back mended and are read in their place.

A row is mended by its cell (`column`, `value`) or as a whole (`row`, one record of CSV), or left out of the
inventory (`left_out`, a reason). What was not touched stays as it is: what counts is the difference to the
user's file.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.display import FORMULA, inert
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.errors import InputError
from vcci.intake.frame import ledger_frame
from vcci.intake.front import RawTable
from vcci.intake.mapping_file import NOT_A_PURCHASE
from vcci.intake.raw_sink import fitted, record_of
from vcci.intake.records import cells_of, record_text
from vcci.intake.survey import FileReading, survey
from vcci.services.ports import LedgerRead, RepairedRow

FIELDS: Final = ("source", "line", "column", "code", "value", "row", "run", "sha256")
"""Columns that a file of mended rows must have."""

LEFT_OUT: Final = "left_out"
"""Column that such a file may have: the reason, of those in NOT_A_PURCHASE, why a row is none."""

FOUND_LATER: Final = frozenset(
    (
        "unit_unknown",
        "quantity_negative",
        "quantity_too_large",
        "date_outside_rates",
        "region_unknown",
        "category_unknown",
    )
)
"""Reasons that only the calculation finds: intake sees nothing wrong with such a row."""

LINE_END: Final = r"\r\n?"
"""Line ends within a cell, which a spreadsheet writes in its own way: they alone make no text another one."""

CELLS_FOUND: Final = r"^[0-9]+ cells instead of [0-9]+$"
"""What stands as the value of a ragged row: no text of a cell."""

TOUCHED: Final = (
    "at",
    "source",
    "line",
    "column",
    "code",
    "value",
    "row",
    "sha256",
    "record",
    "was",
    LEFT_OUT,
)
"""Of a touched row: `at` is its line in the mended file, `record` and `was` are its texts in the user's."""

Row = Mapping[str, Any]
"""A touched row, by the names in TOUCHED."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """Files with mended rows in their place; `rows` in order of file and line, `successor_of` a run."""

    readings: Sequence[FileReading]
    mapping: LedgerMapping
    rows: Mapping[tuple[int, int], RepairedRow] = field(default_factory=dict)
    successor_of: str = ""

    @property
    def digest(self) -> str:
        """Return what names the repairs: the rows as they are now, whichever files said so."""
        now = [(*key, row.after, *filter(None, (row.left_out,))) for key, row in self.rows.items()]
        return hashlib.sha256(json.dumps(now).encode()).hexdigest()

    def lines(self, place: int) -> list[int]:
        """Return the lines of the mended rows of the file at a place."""
        return [line for at, line in self.rows if at == place]

    def left_out(self, place: int) -> dict[int, RepairedRow]:
        """Return, by line, the rows of the file at a place that are left out of the inventory."""
        return {line: row for (at, line), row in self.rows.items() if at == place and row.left_out}


def repair(before: Repaired, mended: RawTable, *, year: int | None, folder: Path) -> Repaired:
    """Put the rows that a file of mended rows changes in their place; new tables are written to `folder`.

    Raises `InputError`: repair_unreadable where the file cannot be understood, repair_does_not_fit where it
    speaks of rows that the files do not have or that were not rejected.
    """
    listed, run = _listed(mended)
    _refuse_strangers(listed, before.readings, mended.name)
    tables, rows = [], dict(before.rows)
    for place, reading in enumerate(before.readings):
        touched = _touched(listed, reading, mended.name)
        _refuse_accepted(touched, _problems(touched, reading, mapping=before.mapping, year=year), mended.name)
        cells = {row["line"]: _mended_cells(row, reading, mended.name) for row in touched}
        tables.append(_replaced(reading.table, cells, folder) if cells else reading.table)
        for row in touched:
            key = (place, row["line"])
            rows[key] = _entry(row, record_of(cells[row["line"]]), rows.get(key))
    again, mapping = survey(tables, before.mapping)
    readings = [_read_as_before(old, new) for old, new in zip(before.readings, again, strict=True)]
    in_order = sorted(rows.items(), key=itemgetter(0))
    others = {key: row for key, row in in_order if row.after != row.before or row.left_out}
    return Repaired(readings, mapping, others, run)


def refuse_idle(repaired: Repaired, files: Sequence[RawTable]) -> None:
    """Raise `InputError` where files of mended rows are given and no row is another one now."""
    if files and not repaired.rows:
        raise _does_not_fit(f"Nothing is mended in {', '.join(file.name for file in files)}.")


def save_repairs(read: LedgerRead, path: Path) -> None:
    """Write the mended rows as they were and are; the file does as `--repair` what those before it did."""
    known = {"column": "", "value": "", "run": read.successor_of}
    rows = [
        {name: inert(cell) if isinstance(cell, str) else cell for name, cell in (asdict(row) | known).items()}
        for row in read.repairs
    ]
    fields = (*FIELDS, LEFT_OUT) if any(row.left_out for row in read.repairs) else FIELDS
    pl.DataFrame(rows).rename({"after": "row"}).select(*fields, "before").write_csv(path)


def restored(text: pl.Expr) -> pl.Expr:
    """Return a text as it was before `display.inert` kept it from being a formula."""
    is_guarded = text.str.starts_with("'") & text.str.contains(FORMULA)
    return pl.when(is_guarded).then(text.str.slice(1)).otherwise(text)


def _listed(mended: RawTable) -> tuple[pl.LazyFrame, str]:
    """Return FIELDS and `at` of all rows of a mended file, and the one run that they are of."""
    absent = [name for name in FIELDS if name not in mended.header]
    if absent:
        raise _unreadable(f"{mended.name} has no column {', '.join(absent)}.")
    named = (*FIELDS, LEFT_OUT) if LEFT_OUT in mended.header else FIELDS
    places = {name: pl.col(f"c{mended.header.index(name)}") for name in named}
    scan = pl.scan_parquet(mended.path).rename({"line": "at"})
    texts = scan.select("at", "cells", **{name: restored(text) for name, text in places.items()})
    line = pl.col("line").str.strip_chars().cast(pl.Int64, strict=False)
    left_out = pl.col(LEFT_OUT).str.strip_chars() if LEFT_OUT in named else pl.lit("")
    listed = texts.with_columns(line=line, sha256=pl.col("sha256").str.strip_chars(), left_out=left_out)
    _refuse_unknown_reason(listed, mended.name)
    wrong = (pl.col("cells") != len(mended.header)) | pl.col("line").is_null()
    for at, cells in listed.filter(wrong).select("at", "cells").head(1).collect().iter_rows():
        raise _unreadable(f"Line {at} of {mended.name} has {cells} cells, or no line number.")
    runs = listed.select(pl.col("run").str.strip_chars().unique()).collect()["run"].to_list()
    if len(runs) != 1 or not runs[0]:
        raise _unreadable(f"{mended.name} holds rows of {len(runs)} runs.")
    return listed.drop("cells", "run"), runs[0]


def _refuse_unknown_reason(listed: pl.LazyFrame, name: str) -> None:
    unknown = listed.filter(~pl.col(LEFT_OUT).is_in(["", *NOT_A_PURCHASE])).select("at", LEFT_OUT)
    for at, reason in unknown.head(1).collect().iter_rows():
        raise _unreadable(
            f"Line {at} of {name} leaves a row out as {reason!r}; it can be {', '.join(NOT_A_PURCHASE)}."
        )


def _refuse_strangers(listed: pl.LazyFrame, readings: Sequence[FileReading], name: str) -> None:
    files = [(reading.table.name, reading.table.sha256) for reading in readings]
    if len(set(files)) < len(files):
        raise _does_not_fit("A file is given twice, so its lines are not told apart.")
    known = pl.LazyFrame(files, schema=["source", "sha256"], orient="row")
    strangers = listed.join(known, on=["source", "sha256"], how="anti").select("source").head(1).collect()
    for (source,) in strangers.iter_rows():
        changed = source in [file for file, _digest in files]
        what = "has other bytes than" if changed else "is not among the files;"
        raise _does_not_fit(f"{source} {what} the one that {name} was written for.")


def _touched(listed: pl.LazyFrame, reading: FileReading, name: str) -> list[dict[str, Any]]:
    """Return the rows of one file whose value or record is another now."""
    table = reading.table
    here = listed.filter((pl.col("source") == table.name) & (pl.col("sha256") == table.sha256))
    columns = here.select(pl.col("column").unique()).collect()["column"].to_list()
    was = [
        pl.when(pl.col("column") == column).then(f"c{_place(column, reading, name)}")
        for column in filter(None, columns)
    ]
    no_cell = pl.when(pl.col("value").str.contains(CELLS_FOUND)).then("value").otherwise(pl.lit(""))
    pairs = here.join(pl.scan_parquet(table.path), on="line", how="left").with_columns(
        record=record_text(len(table.header)), was=pl.coalesce(*was, no_cell)
    )
    is_other = [_leveled(now) != _leveled(old) for now, old in (("row", "record"), ("value", "was"))]
    is_touched = pl.any_horizontal(*is_other, pl.col(LEFT_OUT) != "")
    touched = pairs.filter(pl.col("record").is_null() | is_touched).select(TOUCHED).sort("at").collect()
    seen: set[int] = set()
    for row in touched.iter_rows(named=True):
        if row["record"] is None or row["line"] in seen:
            said = "has no row with text" if row["record"] is None else "is mended twice"
            raise _does_not_fit(f"Line {row['line']} of {table.name} {said} (line {row['at']} of {name}).")
        seen.add(row["line"])
    return touched.to_dicts()


def _place(column: str, reading: FileReading, name: str) -> int:
    """Return the index of a column by its header; of two alike, that which the ledger is read from."""
    places = [index for index, header in enumerate(reading.table.header) if header == column]
    in_use = [found.index for found in reading.columns.values() if found.index in places]
    chosen = places if len(places) == 1 else in_use
    if len(chosen) != 1:
        few = "has no column" if not places else "has several columns"
        raise _does_not_fit(f"{reading.table.name} {few} {column!r}, which {name} names.")
    return chosen[0]


def _problems(
    touched: Sequence[Row], reading: FileReading, *, mapping: LedgerMapping, year: int | None
) -> dict[int, str]:
    """Return, by line, what is wrong with rows as they stand in the user's file."""
    if not touched:
        return {}
    frame = ledger_frame(reading, mapping=mapping, year=year, first_row=1).select("line", "problem")
    found = frame.filter(pl.col("line").is_in([row["line"] for row in touched])).collect()
    return dict(found.iter_rows())


def _refuse_accepted(touched: Sequence[Row], problems: Mapping[int, str], name: str) -> None:
    for row in touched:
        problem = problems.get(row["line"])
        if problem != row["code"] and not (problem == "" and row["code"] in FOUND_LATER):
            raise _does_not_fit(
                f"Line {row['line']} of {row['source']} is not rejected as {row['code']!r} "
                f"(line {row['at']} of {name})."
            )


def _mended_cells(row: Row, reading: FileReading, name: str) -> list[str]:
    """Return the cells of a touched row as they are meant to be."""
    try:
        before, cells = cells_of(row["record"]), cells_of(row["row"])
    except (csv.Error, ValueError) as error:
        raise _unreadable(
            f"The row at line {row['at']} of {name} is not one record of CSV: {error}."
        ) from None
    for place, old in enumerate(before[: len(cells)]):
        cells[place] = old if _same(old, cells[place]) else cells[place]
    if _same(row["value"], row["was"]):
        return cells
    if not row["column"]:
        raise _does_not_fit(f"Line {row['at']} of {name} has a value, but no column that it stands in.")
    place = _place(row["column"], reading, name)
    cells += [""] * (place + 1 - len(cells))
    if cells[place] not in (row["was"], row["value"]):
        raise _does_not_fit(f"Line {row['at']} of {name} has one text in its value and another in its row.")
    cells[place] = row["value"]
    return cells


def _leveled(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(LINE_END, "\n")


def _same(old: str, new: str) -> bool:
    return re.sub(LINE_END, "\n", old) == re.sub(LINE_END, "\n", new)


def _replaced(table: RawTable, cells: Mapping[int, Sequence[str]], folder: Path) -> RawTable:
    """Write a raw table with other cells in some of its lines, in the order that it has."""
    width = len(table.header)
    names = [f"c{index}" for index in range(width)]
    rows = [(line, *_flat(fitted(found, width))) for line, found in cells.items()]
    schema = {"line": pl.Int64, "cells": pl.Int32, "rest": pl.String, **dict.fromkeys(names, pl.String)}
    mends = pl.LazyFrame(rows, schema=schema, orient="row")
    path = folder / f"{table.path.stem}-mended.parquet"
    scan = pl.scan_parquet(table.path)
    joined = scan.join(mends, on="line", how="left", maintain_order="left", suffix=" mended")
    mended = joined.with_columns(
        pl.coalesce(f"{name} mended", name).alias(name) for name in ("cells", *names)
    )
    order = scan.collect_schema().names()
    mended.select(order).sink_parquet(path, compression="zstd", compression_level=1, maintain_order=True)
    return replace(table, path=path)


def _flat(found: tuple[int, str, Sequence[str]]) -> Iterator[int | str]:
    yield from found[:2]
    yield from found[2]


def _entry(row: Row, after: str, earlier: RepairedRow | None) -> RepairedRow:
    """Return a mended row; one that was mended before is told from where it began."""
    if earlier:
        return replace(earlier, after=after, left_out=row[LEFT_OUT])
    return RepairedRow(
        row["source"],
        row["sha256"],
        row["line"],
        code=row["code"],
        before=row["record"],
        after=after,
        left_out=row[LEFT_OUT],
    )


def _read_as_before(old: FileReading, new: FileReading) -> FileReading:
    """Return how a mended file is read: what was a column or a total stays one, whatever the mended texts."""
    subtotals = tuple(sorted({*old.subtotals, *new.subtotals}))
    return replace(new, columns=old.columns, unit=old.unit, subtotals=subtotals)


def _unreadable(what: str) -> InputError:
    return InputError(
        what,
        remedy="Mend only `value` and `row` of one run's rejects.csv, or delete whole rows of it.",
        code="repair_unreadable",
    )


def _does_not_fit(what: str) -> InputError:
    return InputError(
        what,
        remedy="Give the files, mapping and options of the run that wrote it, and mend its own rows only.",
        code="repair_does_not_fit",
    )
