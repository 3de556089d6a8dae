"""Tables of an export as files: a workbook of sheets, a ZIP of CSV, one Parquet file of all figures.

The same tables give the same bytes: the time stamp is that of the run, or the first that a ZIP can tell.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from vcci.domain.display import exact_tonnes, inert

EXACT_IN_A_SHEET: Final = 10**15
"""A spreadsheet shows fifteen digits: a number of more is written as text, so that no digit is lost."""

MOST_SHEET_ROWS: Final = 1_048_576
"""Rows of a sheet, its heading among them."""

EPOCH: Final = datetime(1980, 1, 1)
"""The first moment that a ZIP can tell; stands for the moment of a run that is not known."""

TONNES: Final = {
    "emissions_mg_co2e": "emissions_tco2e",
    "low_mg_co2e": "low_tco2e",
    "high_mg_co2e": "high_tco2e",
    "biogenic_mg_co2": "biogenic_tco2",
    "one_mg_co2e": "one_tco2e",
    "other_mg_co2e": "other_tco2e",
    "emissions_mg": "emissions_t",
    "figure_mg": "figure_t",
}
"""Columns of milligrams, and those of tonnes that stand after them."""

FIGURES: Final = ("categories", "suppliers", "factors", "methods", "years", "regions", "gases")
"""Tables of the Parquet file: each adds up to the total, where it is there at all."""

Table = Mapping[str, Any]
"""`name`, `columns`, `rows`."""


def workbook(tables: Sequence[Table], *, made_at: datetime | None) -> bytes:
    """Return a workbook with a sheet for each table; numbers are numbers, and texts stay texts."""
    written = io.BytesIO()
    told = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, told) as book:
        book.set_properties({"created": made_at or EPOCH})
        formats = {name: book.add_format(given) for name, given in FORMATS.items()}
        for table in tables:
            _fill(book.add_worksheet(table["name"].capitalize()), table, formats)
    return written.getvalue()


NUMBERS: Final = frozenset({*TONNES, *TONNES.values(), "lines", "rows", "spend_hundredths"})
"""Columns whose figures are grouped by thousands; years and numbers of categories are not."""

FORMATS: Final = {
    "head": {"bold": True, "bottom": 1},
    "count": {"num_format": "#,##0"},
    "tonnes": {"num_format": "#,##0.000000000"},
}


def csv_archive(tables: Sequence[Table]) -> bytes:
    """Return a ZIP with a CSV file in UTF-8 for each table; no text can act in a spreadsheet."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for table in tables:
            entry = zipfile.ZipInfo(f"{table['name'].replace(' ', '-')}.csv", EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _csv(table))
    return written.getvalue()


FIGURES_OF_A_ROW: Final = frozenset({"lines", *TONNES})
PARQUET: Final = (
    *("table", "name", "detail", "lines", "emissions_mg_co2e", "emissions_tco2e"),
    *("low_mg_co2e", "high_mg_co2e"),
)
"""Columns of the Parquet file; tonnes are decimals with nine places."""


def parquet_file(tables: Sequence[Table]) -> bytes:
    """Return every total as one table, and the other tables as JSON in the file's metadata under `vcci`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {name: pa.int64() if "mg" in name or name == "lines" else pa.string() for name in PARQUET}
    kinds["emissions_tco2e"] = pa.decimal128(38, 9)
    rows = [row for table in tables if table["name"] in FIGURES for row in _figures(table)]
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds.values(), strict=True)]
    others = {table["name"]: dict(table) for table in tables if table["name"] not in FIGURES}
    schema = pa.schema(list(kinds.items()), metadata={"vcci": json.dumps(others, ensure_ascii=False)})
    written = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), written, compression="zstd")
    return written.getvalue()


def with_tonnes(table: Table) -> tuple[list[str], Iterator[list[Any]]]:
    """Return columns and rows of a table with tonnes as exact texts after the milligrams that they are of."""
    columns: Sequence[str] = table["columns"]
    named = [one for name in columns for one in ((name, TONNES[name]) if name in TONNES else (name,))]
    return named, (_with_tonnes(columns, row) for row in table["rows"])


def _with_tonnes(columns: Sequence[str], row: Sequence[Any]) -> list[Any]:
    cells: list[Any] = []
    for name, cell in zip(columns, row, strict=True):
        cells.append(cell)
        if name in TONNES:
            cells.append(None if cell is None else exact_tonnes(cell))
    return cells


def _fill(sheet: Any, table: Table, formats: Mapping[str, Any]) -> None:
    columns, rows = with_tonnes(table)
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, formats["head"])
        sheet.set_column(place, place, 20 if name in NUMBERS else 34)
    for line, row in enumerate(rows, start=1):
        for place, (name, cell) in enumerate(zip(columns, row, strict=True)):
            is_tonnes = name in TONNES.values()
            form = formats["tonnes"] if is_tonnes else formats["count"] if name in NUMBERS else None
            _write(sheet, (line, place), cell, form=form, is_tonnes=is_tonnes)


def _write(sheet: Any, place: tuple[int, int], cell: Any, *, form: Any, is_tonnes: bool) -> None:
    """Write a cell: a number that all its digits are shown of, else a text."""
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(*place, cell)
    elif is_tonnes and abs(Decimal(cell)) * 10**9 < EXACT_IN_A_SHEET:
        sheet.write_number(*place, float(cell), form)
    elif isinstance(cell, int) and abs(cell) < EXACT_IN_A_SHEET:
        sheet.write_number(*place, cell, form)
    else:
        sheet.write_string(*place, str(cell))


def _csv(table: Table) -> bytes:
    """Return a table as CSV. Texts are always quoted: a lone carriage return would else begin a row."""
    columns, rows = with_tonnes(table)
    lines = [",".join(f'"{name}"' for name in columns)]
    for row in rows:
        cells = zip(columns, row, strict=True)
        lines.append(",".join(_csv_cell(cell, is_tonnes=name in TONNES.values()) for name, cell in cells))
    return "".join(f"{line}\r\n" for line in lines).encode()


def _csv_cell(cell: Any, *, is_tonnes: bool) -> str:
    if cell is None:
        return ""
    if is_tonnes or not isinstance(cell, str):
        return str(cell)
    quoted = inert(cell).replace('"', '""')
    return f'"{quoted}"'


def _figures(table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield the totals of a table: by what, a second word for that, and the figures; none for no lines."""
    of = [name for name in table["columns"] if name not in FIGURES_OF_A_ROW]
    for cells in table["rows"]:
        row = dict(zip(table["columns"], cells, strict=True))
        mg_co2e = row["emissions_mg_co2e"]
        if mg_co2e is not None:
            name, *rest = [str(row[one]) for one in of]
            bounds = (row.get("low_mg_co2e"), row.get("high_mg_co2e"))
            tonnes = Decimal(exact_tonnes(mg_co2e))
            yield table["name"], name, " | ".join(rest), row.get("lines"), mg_co2e, tonnes, *bounds
