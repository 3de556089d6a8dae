"""Rejected rows as they stand in the file: which cell is at fault, its text, and the whole record as CSV."""

import csv
import io
from collections.abc import Sequence

import polars as pl

from vcci.intake.survey import FileReading

ANSWERS = ("sha256", "column", "value", "record")
"""What is told of a rejected row: digest of its file, header and text of the cell at fault, all its cells."""


def rejected_records(readings: Sequence[FileReading], rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows (`row`, rising, and `target` at fault or empty) with ANSWERS; reads only where they lie."""
    found = [rows.clear().with_columns(pl.lit("").alias(name) for name in ANSWERS)]
    first = 1
    for reading in readings:
        asked = rows.filter(pl.col("row").is_between(first, first + reading.rows - 1))
        if asked.height:
            found.append(_answered(asked, reading, first))
        first += reading.rows
    return pl.concat(found)


def _answered(asked: pl.DataFrame, reading: FileReading, first: int) -> pl.DataFrame:
    low, high = asked["row"][0], asked["row"][-1]
    table, columns = reading.table, reading.columns
    cells = {target: pl.col(f"c{columns[target].index}") for target in columns}
    at_fault = [pl.when(pl.col("target") == target).then(cell) for target, cell in cells.items()]
    names = {target: reading.header(target) for target in columns}
    return (
        pl.scan_parquet(table.path, row_index_name="row", row_index_offset=first)
        .slice(low - first, high - low + 1)
        .with_columns(pl.col("row").cast(pl.Int64))
        .join(asked.lazy(), on="row", maintain_order="left")
        .select(
            "row",
            "target",
            sha256=pl.lit(table.sha256),
            column=pl.col("target").replace_strict(names, default="", return_dtype=pl.String),
            value=pl.coalesce(*at_fault, pl.lit("")),
            record=record_text(len(table.header)),
        )
        .collect()
    )


def record_text(width: int) -> pl.Expr:
    """Return all cells of a raw table's row, those beyond the header among them, as one record of CSV."""
    cells = [pl.col(f"c{index}") for index in range(width)]
    quoted = [pl.lit('"') + cell.str.replace_all('"', '""', literal=True) + pl.lit('"') for cell in cells]
    texts = [
        pl.when(cell.str.contains(r'[",\r\n]')).then(in_quotes).otherwise(cell)
        for cell, in_quotes in zip(cells, quoted, strict=True)
    ]
    rest = pl.when(pl.col("cells") > width).then(pl.col("rest"))
    return pl.concat_str(
        pl.concat_list(texts).list.head("cells").list.join(","), rest, separator=",", ignore_nulls=True
    )


def cells_of(record: str) -> list[str]:
    """Return the cells of one record of CSV; raises `csv.Error` or `ValueError` if it is not exactly one."""
    records = list(csv.reader(io.StringIO(record, newline=""), strict=True))
    if len(records) > 1:
        raise ValueError(f"it holds {len(records)} records")
    return records[0] if records else [""]
