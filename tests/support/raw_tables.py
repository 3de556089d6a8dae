"""Raw tables as the front stage of intake makes them, from rows on the screen, and what they become."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from vcci.domain.mapping import Mapping
from vcci.intake.front import RawTable
from vcci.intake.ledger import ledger_of
from vcci.services.ports import LedgerRead


def raw_table(folder: Path, header: str, *rows: str, kind: str = "csv", name: str = "ledger.csv") -> RawTable:
    """Return a raw table of texts that are written with `|` between cells; rows may be ragged."""
    names, cells = header.split("|"), [row.split("|") for row in rows]
    path = folder / f"{name}.parquet"
    columns = {f"c{i}": [row[i] if i < len(row) else "" for row in cells] for i in range(len(names))}
    pl.DataFrame(
        {
            "line": range(2, len(rows) + 2),
            "cells": [len(row) for row in cells],
            "rest": [",".join(row[len(names) :]) for row in cells],
            **columns,
        },
        schema={"line": pl.Int64, "cells": pl.Int32, "rest": pl.String, **dict.fromkeys(columns, pl.String)},
    ).write_parquet(path)
    return RawTable(name, path, tuple(names), len(rows), f"sha of {name}", kind, {})


def read_raw(
    *tables: RawTable, mapping: Mapping | None = None, year: int | None = None
) -> tuple[LedgerRead, pl.DataFrame]:
    """Read raw tables into a ledger frame beside the first, and return what is said of it and the frame."""
    out = tables[0].path.with_name("ledger.parquet")
    read = ledger_of(tables, mapping=mapping or Mapping(), out=out, year=year)
    return read, pl.read_parquet(out)


def of(frame: pl.DataFrame, *columns: str) -> Sequence[tuple[object, ...]]:
    """Return some columns of a frame, row by row."""
    return frame.select(columns).rows()
