"""Activity tables: files whose rows name their category, method and inputs, as `vcci template` writes them.

Each row becomes the parts of its method (activity_row.py), each a row of the ledger frame that is classified
already. A row that cannot be read that way is one row, rejected with the input at fault.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS, PART_COLUMNS
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.intake.activity_columns import Column, columns_of, is_activity_table
from vcci.intake.activity_row import RowReader
from vcci.intake.front import RawTable
from vcci.intake.records import ANSWERS, record_text
from vcci.services.ports import LedgerRead

__all__ = ["is_activity_table", "read_activities"]

CHUNK_ROWS: Final = 50_000
"""Rows of a file in memory at a time."""

_TYPES: Final = {"row": pl.Int64, "line": pl.Int64, "capital": pl.Boolean, "category": pl.Int8}
SCHEMA: Final = {
    name: _TYPES.get(name, pl.String) for name in (*LEDGER_COLUMNS, *PART_COLUMNS, *CLASSIFIED_COLUMNS)
}
"""Columns of what is written: a ledger frame with its parts, classified."""

ORIGIN: Final = {"row": pl.Int64, "table": pl.Int32, "place": pl.Int64}
"""Where a row of the frame comes from: the number of its file, and the place of its record there, from 0."""


@dataclass(frozen=True, slots=True)
class _Source:
    table: RawTable
    columns: Mapping[str, Column]


def read_activities(
    tables: Sequence[RawTable],
    *,
    mapping: LedgerMapping,
    units: UnitTable,
    out: Path,
    year: int | None = None,
    hook: Hook = ignore,
) -> LedgerRead:
    """Write the classified ledger frame of activity tables at `out`, and say how they were read.

    Rows without date fall in `year` if it is given. Raises `MappingError` for a column that no method knows.
    """
    sources = [_Source(table, columns_of(table)) for table in tables]
    parts: list[Path] = []
    origins = [pl.DataFrame(schema=ORIGIN)]
    done = 0
    for number, source in enumerate(sources):
        reader = RowReader(source.table, source.columns, mapping=mapping, units=units, year=year)
        for first, chunk in _chunks(source.table):
            rows = [(place, row) for place, cells in enumerate(chunk, first) for row in reader.rows(cells)]
            numbers = range(done + 1, done + len(rows) + 1)
            origins.append(_origins(numbers, number, [place for place, _ in rows]))
            parts.append(out.with_name(f"{out.stem}-{len(parts):05}.parquet"))
            numbered = [row | {"row": n} for n, (_, row) in zip(numbers, rows, strict=True)]
            pl.DataFrame(numbered, schema=SCHEMA).write_parquet(parts[-1], compression="lz4")
            done += len(rows)
            hook(BatchAdvanced("read", done))
    _join(parts, out)
    where = pl.concat(origins)
    return LedgerRead(
        done,
        hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest(),
        tuple(map(_described, tables)),
        mapping,
        records=lambda asked: _records(asked, where, sources),
        is_classified=True,
    )


def _chunks(table: RawTable) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield the file's rows, texts by `c0`, `c1` ..., with the place of the first."""
    for start in range(0, table.rows, CHUNK_ROWS):
        yield start, pl.scan_parquet(table.path).slice(start, CHUNK_ROWS).collect().to_dicts()


def _origins(numbers: Sequence[int], table: int, places: Sequence[int]) -> pl.DataFrame:
    return pl.DataFrame({"row": numbers, "table": [table] * len(places), "place": places}, schema=ORIGIN)


def _join(parts: Sequence[Path], out: Path) -> None:
    frames = [pl.scan_parquet(path) for path in parts] or [pl.LazyFrame(schema=SCHEMA)]
    pl.concat(frames).sink_parquet(out, compression="zstd", compression_level=1, maintain_order=True)
    for path in parts:
        path.unlink()


def _described(table: RawTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "sha256": table.sha256,
        "rows": table.rows,
        "kind": table.kind,
        "found": {**table.found, "layout": "activity table"},
        "columns": {},
        "guessed": {},
    }


def _records(asked: pl.DataFrame, where: pl.DataFrame, sources: Sequence[_Source]) -> pl.DataFrame:
    """Return rows (`row`, `target` at fault or empty) with ANSWERS; reads only the stretch where they lie."""
    found = [asked.clear().with_columns(pl.lit("").alias(name) for name in ANSWERS)]
    placed = asked.join(where, on="row", how="left", maintain_order="left")
    for number, source in enumerate(sources):
        here = placed.filter(pl.col("table") == number).drop("table")
        if here.height:
            found.append(_answered(here, source))
    return pl.concat(found)


def _answered(asked: pl.DataFrame, source: _Source) -> pl.DataFrame:
    low, high = asked["place"][0], asked["place"][-1]
    named = source.columns.values()
    cells = [pl.when(pl.col("target") == column.name).then(f"c{column.place}") for column in named]
    headers = {column.name: column.header for column in named}
    return (
        pl.scan_parquet(source.table.path, row_index_name="place")
        .slice(low, high - low + 1)
        .with_columns(pl.col("place").cast(pl.Int64))
        .join(asked.lazy(), on="place", maintain_order="left")
        .select(
            "row",
            "target",
            sha256=pl.lit(source.table.sha256),
            column=pl.col("target").replace_strict(headers, default="", return_dtype=pl.String),
            value=pl.coalesce(*cells, pl.lit("")),
            record=record_text(len(source.table.header)),
        )
        .collect()
    )
