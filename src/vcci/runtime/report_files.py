"""Files of reports that grow batch by batch: CSV, Parquet and XLSX of a table, JSON of sums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import orjson
import polars as pl
import pyarrow.parquet as pq
import xlsxwriter

from vcci.errors import InputError
from vcci.processing.export import inert
from vcci.reports.table_files import EXACT_IN_A_SHEET
from vcci.services.report_requests import ReportFormat

WHOLE_NUMBERS: Final = frozenset(
    {"category", "row", "lines", "emissions_mg_co2e", "apart_lines", "apart_mg_co2e"}
)
OTHER_TYPES: Final[Mapping[str, Any]] = {"transaction_date": pl.Date, "amount": pl.Float64}
NUMERALS: Final = frozenset({"emissions_tco2e", "emissions_kg_co2e", "low_tco2e", "high_tco2e"})
"""Exact decimals that are kept as text: a spreadsheet is to take them for numbers."""

MOST_SHEET_ROWS: Final = 1_048_576
"""Rows of a sheet, its heading among them."""

Schema = Mapping[str, Any]


def table_schema(columns: Iterable[str]) -> dict[str, Any]:
    """Return the Polars type of each column of a report's table; a text where nothing else is said."""
    return {name: pl.Int64 if name in WHOLE_NUMBERS else OTHER_TYPES.get(name, pl.String) for name in columns}


class TableFile(Protocol):
    """A table on its way into a file; its columns are known from the beginning."""

    def write(self, rows: pl.DataFrame) -> None:
        """Write rows after those that were written before."""

    def close(self) -> None:
        """Write what is still to be written, and close the file."""


class CsvTable:
    """CSV in UTF-8, whose texts no spreadsheet takes for formulas."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._texts = [name for name, kind in schema.items() if kind == pl.String and name not in NUMERALS]
        self._file: BinaryIO = path.open("wb")
        pl.DataFrame(schema=dict(schema)).write_csv(self._file)

    def write(self, rows: pl.DataFrame) -> None:
        """Write rows."""
        guarded = rows.with_columns(inert(pl.col(name)) for name in self._texts)
        guarded.write_csv(self._file, include_header=False)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ParquetTable:
    """Parquet, a row group for each batch."""

    def __init__(self, path: Path, schema: Schema) -> None:
        empty = _arrow(pl.DataFrame(schema=dict(schema)))
        self._writer = pq.ParquetWriter(path, empty.schema, compression="zstd")

    def write(self, rows: pl.DataFrame) -> None:
        """Write rows."""
        self._writer.write_table(_arrow(rows))

    def close(self) -> None:
        """Write the footer, and close the file."""
        self._writer.close()


class XlsxTable:
    """A workbook of one sheet; texts are texts, whatever they look like. Rows go to disk as they come."""

    def __init__(self, path: Path, schema: Schema) -> None:
        told = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(str(path), told)
        self._sheet, bold = self._book.add_worksheet(), self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        self._height = 1
        for column, name in enumerate(schema):
            self._sheet.write_string(0, column, name, bold)

    def write(self, rows: pl.DataFrame) -> None:
        """Write rows; raises `InputError` where a sheet has no room for them."""
        if self._height + rows.height > MOST_SHEET_ROWS:
            raise InputError(
                f"The report has more rows than a sheet, which has {MOST_SHEET_ROWS:,}.",
                remedy="Ask for CSV or Parquet, or for a shorter period.",
                code="report_too_long_for_a_sheet",
            )
        for cells in rows.iter_rows():
            for column, cell in enumerate(cells):
                self._write(column, cell)
            self._height += 1

    def close(self) -> None:
        """Put the workbook together."""
        self._book.close()

    def _write(self, column: int, cell: Any) -> None:
        if isinstance(cell, int) and abs(cell) < EXACT_IN_A_SHEET:
            self._sheet.write_number(self._height, column, cell)
        elif cell is not None:
            self._sheet.write_string(self._height, column, str(cell))


TABLES: Final[Mapping[str, type[CsvTable] | type[ParquetTable] | type[XlsxTable]]] = {
    ReportFormat.CSV: CsvTable,
    ReportFormat.PARQUET: ParquetTable,
    ReportFormat.XLSX: XlsxTable,
}


@dataclass(slots=True)
class JsonReport:
    """A report as it is answered over HTTP: what it is of and its total first, then group after group."""

    path: Path
    head: Mapping[str, Any]
    _file: BinaryIO = field(init=False)
    _is_begun: bool = False

    def __post_init__(self) -> None:
        """Write what comes before the groups."""
        self._file = self.path.open("wb")
        head = {name: value for name, value in self.head.items() if name != "groups"}
        self._file.write(orjson.dumps(head)[:-1] + b',"groups":[')

    def write(self, groups: Iterable[Mapping[str, Any]]) -> None:
        """Write groups."""
        for group in groups:
            self._file.write((b"," if self._is_begun else b"") + orjson.dumps(group))
            self._is_begun = True

    def close(self) -> None:
        """Write the end, and close the file."""
        self._file.write(b"]}")
        self._file.close()


def _arrow(frame: pl.DataFrame) -> Any:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
