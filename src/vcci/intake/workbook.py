"""XLSX, XLSB, XLS and ODS -> raw table, by calamine, after a first look at what the file claims to be."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

import python_calamine

from vcci.domain.activity import ACTIVITY_SHEET
from vcci.errors import InputError, QuestionError
from vcci.intake.cell_text import cell_text
from vcci.intake.job import Answer, Job
from vcci.intake.kinds import empty, encrypted
from vcci.intake.layout import SAMPLE_RECORDS, header_at, header_line
from vcci.intake.limits import damaged
from vcci.intake.opendocument_scan import scan_opendocument
from vcci.intake.raw_sink import RawSink, Record, header_cells
from vcci.intake.table_rows import TableRows
from vcci.intake.workbook_archive import judge_directory
from vcci.intake.workbook_scan import Sheet, judge_span, scan

SHOWN_SHEETS: Final = 20
"""Sheet names that an error lists."""
NO_ERRORS: Final[Mapping[tuple[int, int], str]] = {}


def read_xlsx(job: Job) -> Answer:
    """Read one sheet of an XLSX workbook; which one is a question if several hold data."""
    found = scan(job.source, job.name, job.limits)
    every = found.named(visible_only=False)
    filled = [name for name, sheet in found.named(visible_only=True).items() if sheet.cells]
    name = chosen_sheet(job, every=list(every), filled=filled)
    return _calamine(job, "xlsx", name=name, scanned=every[name])


def read_xlsb(job: Job) -> Answer:
    """Read one sheet of a binary workbook: its archive is judged, the limits of the process do the rest."""
    judged(job, "xlsb")
    return _calamine(job, "xlsb")


def read_ods(job: Job) -> Answer:
    """Read one sheet of an OpenDocument spreadsheet, once its repeated rows and columns are counted."""
    judged(job, "ods")
    return _calamine(job, "ods")


def read_xls(job: Job) -> Answer:
    """Read one sheet of an old workbook (BIFF), whose grid of 65,536 x 256 fits the limits of the process."""
    return _calamine(job, "xls")


def judged(job: Job, kind: str) -> None:
    """Judge what a workbook claims to be before it is unpacked; raises `FileRefusedError`."""
    if kind == "xls":
        return
    if kind == "xlsx":
        scan(job.source, job.name, job.limits)
        return
    try:
        with zipfile.ZipFile(job.source) as archive:
            judge_directory(archive.infolist(), job.name, job.limits)
            if kind == "ods":
                scan_opendocument(archive, job.name, job.limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise damaged(job.name, error) from None


@contextmanager
def opened_sheets(job: Job) -> Iterator[Iterator[tuple[str, Iterator[Record]]]]:
    """Give the visible sheets of a workbook that was judged: their names and rows, as far as is asked for."""
    with _opened(job) as workbook:
        names = [
            m.name for m in _worksheets(workbook) if m.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        sheets = ((name, workbook.get_sheet_by_name(name)) for name in names)
        yield ((name, _records(sheet, NO_ERRORS)) for name, sheet in sheets)


def chosen_sheet(job: Job, *, every: Sequence[str], filled: Sequence[str]) -> str:
    """Return the name of the sheet to read: the one told, that of a template, or the only one with data."""
    told = job.conventions.sheet
    if told is not None:
        if told not in every:
            raise InputError(
                f"{job.name} has no sheet {told!r}.",
                tried=every[:SHOWN_SHEETS],
                remedy="Name one of these with --sheet.",
                code="sheet_unknown",
            )
        return told
    if not filled:
        raise empty(job.name)
    if ACTIVITY_SHEET in filled:
        return ACTIVITY_SHEET
    if len(filled) > 1:
        raise QuestionError(
            f"{job.name} has data on {len(filled)} sheets: {', '.join(filled[:SHOWN_SHEETS])}.",
            remedy="Name the one to read with --sheet.",
            code="sheet_ambiguous",
        )
    return filled[0]


def _calamine(job: Job, kind: str, *, name: str | None = None, scanned: Sheet | None = None) -> Answer:
    with _opened(job) as workbook:
        name = _sheet_name(job, workbook) if name is None else name
        sheet = workbook.get_sheet_by_name(name)
        return _read(job, sheet, kind=kind, errors=scanned.errors if scanned else NO_ERRORS)


@contextmanager
def _opened(job: Job) -> Iterator[python_calamine.CalamineWorkbook]:
    try:
        with python_calamine.CalamineWorkbook.from_path(str(job.source)) as workbook:
            yield workbook
    except python_calamine.PasswordError:
        raise encrypted(job.name) from None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(job.name, error) from None


def _worksheets(workbook: python_calamine.CalamineWorkbook) -> list[python_calamine.SheetMetadata]:
    """Return the worksheets of a workbook; charts, macros and dialogues are none."""
    return [m for m in workbook.sheets_metadata if m.typ is python_calamine.SheetTypeEnum.WorkSheet]


def _sheet_name(job: Job, workbook: python_calamine.CalamineWorkbook) -> str:
    """Choose among worksheets by what calamine finds in them."""
    sheets = _worksheets(workbook)
    visible = [m.name for m in sheets if m.visible is python_calamine.SheetVisibleEnum.Visible]
    told = job.conventions.sheet
    filled = [] if told else [name for name in visible if _has_text(workbook.get_sheet_by_name(name))]
    return chosen_sheet(job, every=[sheet.name for sheet in sheets], filled=filled)


def _has_text(sheet: python_calamine.CalamineSheet) -> bool:
    return any(value not in ("", None) for row in sheet.iter_rows() for value in row)


def _read(
    job: Job, sheet: python_calamine.CalamineSheet, *, kind: str, errors: Mapping[tuple[int, int], str]
) -> Answer:
    if sheet.start is not None and sheet.end is not None:
        rows, columns = (last - first + 1 for first, last in zip(sheet.start, sheet.end, strict=True))
        judge_span(rows, columns, name=job.name, limits=job.limits)
    sample = list(islice(_records(sheet, errors), SAMPLE_RECORDS))
    line = header_line(sample, job.conventions.header_row, job.name)
    if line is None:
        raise empty(job.name)

    def below() -> Iterator[Record]:
        return (record for record in _records(sheet, errors) if record[0] > line)

    header = header_cells(header_at(sample, line), below)
    table = TableRows(header, job.name, told=job.conventions.header_row)
    above = [record for record in sample if record[0] < line]
    with RawSink(job, header) as sink:
        sink.write_records(table.of(below(), above=above, line=line))
    found = {"sheet": sheet.name, "header_row": str(line), "decimal": "point", **table.found()}
    return Answer(header, sink.rows, kind, found)


def _records(sheet: python_calamine.CalamineSheet, errors: Mapping[tuple[int, int], str]) -> Iterator[Record]:
    """Give the rows of a sheet from its row 1 on; calamine drops errors, which the scan has."""
    if sheet.start is None:
        return
    first_column = sheet.start[1] + 1
    rows_with_errors = {row for row, _column in errors}
    for row, values in enumerate(sheet.iter_rows(), start=1):
        cells = [cell_text(value) for value in values]
        if row in rows_with_errors:
            cells = [errors.get((row, column), cell) for column, cell in enumerate(cells, start=first_column)]
        yield row, cells
