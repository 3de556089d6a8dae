"""Files for the front stage of intake, and what it makes of them, in short forms."""

import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.mapping import Conventions
from vcci.errors import VcciError
from vcci.intake.front import RawTable, read_tables
from vcci.intake.limits import IntakeLimits

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path, *, limits: IntakeLimits | None = None, **conventions: Any) -> RawTable:
    """Read one file through a child process, beside the file."""
    return read_tables(
        [path],
        conventions=Conventions(**conventions),
        limits=limits or IntakeLimits(),
        folder=path.parent,
    )[0]


def read_bytes(content: bytes, folder: Path, **conventions: Any) -> RawTable:
    """Write a text file and read it."""
    path = folder / "ledger.csv"
    path.write_bytes(content)
    return read(path, **conventions)


def rows_of(table: RawTable) -> list[tuple[str, ...]]:
    """The cells of a raw table, row by row."""
    frame = pl.read_parquet(table.path)
    assert frame.null_count().sum_horizontal().sum() == 0
    return [row[3:] for row in frame.rows()]


def column(table: RawTable, name: str) -> list[Any]:
    return pl.read_parquet(table.path)[name].to_list()


def outcome(path: Path, folder: Path, **conventions: Any) -> str:
    """The error code of a file, or "read"."""
    try:
        read_tables([path], conventions=Conventions(**conventions), limits=IntakeLimits(), folder=folder)
    except VcciError as error:
        return error.code
    return "read"


def sheet_xml(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def write_workbook(path: Path, *sheets: str, shared: str = "", extra: dict[str, str] | None = None) -> Path:
    """Write the smallest workbook whose sheets are the given XML texts."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{DOCUMENT}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    strings = f'<Relationship Id="rs" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/>'
    main = f'<Relationship Id="r1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/>'
    names = f'xmlns="{MAIN}" xmlns:r="{DOCUMENT}"'
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">{main}</Relationships>',
        "xl/workbook.xml": f"<workbook {names}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">{links}{strings}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        **{f"xl/worksheets/s{n}.xml": sheet for n, sheet in enumerate(sheets, start=1)},
        **(extra or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path
