"""A table as a file: CSV and XLSX for spreadsheets, whose texts cannot act, and Parquet for programs."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
import xlsxwriter

from vcci.domain.display import inert

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXACT_IN_A_SHEET: Final = 2**53
"""Spreadsheets hold numbers as doubles: a larger integer is written as text, so that no digit is lost."""

Rows = Sequence[tuple[Any, ...]]


def csv_file(schema: Mapping[str, Any], rows: Rows) -> bytes:
    """Return a table as CSV in UTF-8; `schema` has the Polars type of each column."""
    texts = [tuple(inert(cell) if isinstance(cell, str) else cell for cell in row) for row in rows]
    return _frame(schema, texts).write_csv().encode()


def parquet_file(schema: Mapping[str, Any], rows: Rows) -> bytes:
    """Return a table as Parquet."""
    written = io.BytesIO()
    _frame(schema, rows).write_parquet(written)
    return written.getvalue()


def xlsx_file(schema: Mapping[str, Any], rows: Rows) -> bytes:
    """Return a table as a workbook of one sheet; texts are texts, whatever they look like."""
    written = io.BytesIO()
    told = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, told) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(schema):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, (number, column), cell)
    return written.getvalue()


FILE_OF: Final = {"csv": csv_file, "parquet": parquet_file, "xlsx": xlsx_file}


def _write(sheet: Any, place: tuple[int, int], cell: Any) -> None:
    if isinstance(cell, int) and abs(cell) < EXACT_IN_A_SHEET:
        sheet.write_number(*place, cell)
    elif cell is not None:
        sheet.write_string(*place, str(cell))


def _frame(schema: Mapping[str, Any], rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
