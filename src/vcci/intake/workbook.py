"""XLSX -> raw table, by calamine, after workbook_scan.py has looked at the file."""

from collections.abc import Iterator
from itertools import dropwhile, islice
from typing import Final

import python_calamine

from vcci.errors import InputError, QuestionError
from vcci.intake.cell_text import cell_text
from vcci.intake.job import Answer, Job
from vcci.intake.kinds import empty, encrypted
from vcci.intake.layout import SAMPLE_RECORDS, header_line
from vcci.intake.limits import damaged
from vcci.intake.raw_sink import RawSink, Record, header_cells
from vcci.intake.workbook_scan import Sheet, WorkbookScan, scan

SHOWN_SHEETS: Final = 20
"""Sheet names that an error lists."""


def read_workbook(job: Job) -> Answer:
    """Read one sheet of a workbook; which one is a question if several hold data."""
    found = scan(job.source, job.name, job.limits)
    name = chosen_sheet(found, job.conventions.sheet)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(job.source)) as workbook:
            return _read(job, workbook.get_sheet_by_name(name), found.named(visible_only=False)[name])
    except python_calamine.PasswordError:
        raise encrypted(job.name) from None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(job.name, error) from None


def chosen_sheet(found: WorkbookScan, told: str | None) -> str:
    """Return the name of the sheet to read: the one told, or the only visible one that holds data."""
    every = found.named(visible_only=False)
    if told is not None:
        if told not in every:
            raise InputError(
                f"{found.name} has no sheet {told!r}.",
                tried=list(every)[:SHOWN_SHEETS],
                remedy="Name one of these with --sheet.",
                code="sheet_unknown",
            )
        return told
    filled = [name for name, sheet in found.named(visible_only=True).items() if sheet.cells]
    if not filled:
        raise empty(found.name)
    if len(filled) > 1:
        raise QuestionError(
            f"{found.name} has data on {len(filled)} sheets: {', '.join(filled[:SHOWN_SHEETS])}.",
            remedy="Name the one to read with --sheet.",
            code="sheet_ambiguous",
        )
    return filled[0]


def _read(job: Job, sheet: python_calamine.CalamineSheet, scanned: Sheet) -> Answer:
    sample = list(islice(_records(sheet, scanned), SAMPLE_RECORDS))
    line = header_line(sample, job.conventions.header_row, job.name)
    if line is None:
        raise empty(job.name)

    def below() -> Iterator[Record]:
        return dropwhile(lambda record: record[0] <= line, _records(sheet, scanned))

    header = header_cells(dict(sample)[line], below)
    with RawSink(job, header) as sink:
        sink.write_records(below())
    found = {"sheet": sheet.name, "header_row": str(line), "decimal": "point"}
    return Answer(header, sink.rows, "xlsx", found)


def _records(sheet: python_calamine.CalamineSheet, scanned: Sheet) -> Iterator[Record]:
    """Give the rows of a sheet from its row 1 on; errors come from the scan, for calamine drops them."""
    if sheet.start is None:
        return
    first_column = sheet.start[1] + 1
    rows_with_errors = {row for row, _column in scanned.errors}
    for row, values in enumerate(sheet.iter_rows(), start=1):
        cells = [cell_text(value) for value in values]
        if row in rows_with_errors:
            cells = [
                scanned.errors.get((row, column), cell)
                for column, cell in enumerate(cells, start=first_column)
            ]
        yield row, cells
