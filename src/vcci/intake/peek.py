"""A first look at where a table lies: the sheets of a file, their first rows, and which seems the header.

For a person who has to say it; runs in the child process. Nothing is read to its end that can be left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from vcci.errors import InputError, QuestionError
from vcci.intake.job import Job
from vcci.intake.layout import (
    DELIMITERS,
    SAMPLE_RECORDS,
    delimiter_of,
    header_line,
    sample_records,
    told_delimiter,
)
from vcci.intake.raw_sink import Record, last_text
from vcci.intake.sniff import Likely, encoding_of, likely_encodings
from vcci.intake.text import SAMPLE_CHARACTERS, SEPARATOR_LINE, open_text, whole_lines
from vcci.intake.workbook import SHOWN_SHEETS, judged, opened_sheets

SHOWN_ROWS: Final = 20
SHOWN_CELLS: Final = 60
SHOWN_CHARACTERS: Final = 200
"""Of a file's first rows, as many are shown; of a cell, so much."""

Peek = dict[str, Any]
"""A sheet in plain values: `name` (empty: a text), `header_row` (None: not told), `records` (line, cells)."""


def peeked(job: Job, kind: str) -> list[Peek]:
    """Return the sheets with data of a file; none for a kind whose columns have names of their own."""
    look = PEEKS.get(kind)
    return look(job) if look else []


def _of_text(job: Job) -> list[Peek]:
    likely = likely_encodings(job.source, job.name)
    with open_text(job, _encoding(job, likely), errors="replace") as stream:
        sample = whole_lines(stream.read(SAMPLE_CHARACTERS))
    stated = SEPARATOR_LINE.match(sample)
    told = job.conventions.delimiter or (stated[1] if stated else None)
    delimiter = told_delimiter(told) if told else _delimiter(sample, job.name)
    records = sample_records(sample, delimiter)[1 if stated else 0 :]
    return [_sheet("", records, job) | {"delimiter": delimiter, **asdict(likely)}]


def _encoding(job: Job, likely: Likely) -> str:
    """Return the encoding that was told, or the likeliest where none was, or one that there is not."""
    told = job.conventions.encoding
    try:
        return encoding_of(job.source, job.name, told) if told else likely.encodings[0]
    except InputError:
        return likely.encodings[0]


def _delimiter(sample: str, name: str) -> str:
    try:
        return delimiter_of(sample, name)
    except QuestionError:
        return next(iter(DELIMITERS))


def _of_workbook(kind: str) -> Callable[[Job], list[Peek]]:
    def look(job: Job) -> list[Peek]:
        judged(job, kind)
        with opened_sheets(job) as sheets:
            samples = ((name, list(islice(records, SAMPLE_RECORDS))) for name, records in sheets)
            filled = (
                (name, sample) for name, sample in samples if any(last_text(cells) for _, cells in sample)
            )
            return [_sheet(name, sample, job) for name, sample in islice(filled, SHOWN_SHEETS)]

    return look


def _sheet(name: str, records: Sequence[Record], job: Job) -> Peek:
    return {"name": name, "header_row": _header_row(records, job.name), "records": _shown(records)}


def _header_row(records: Sequence[Record], name: str) -> int | None:
    try:
        return header_line(records, None, name)
    except (QuestionError, InputError):
        return None


def _shown(records: Iterable[Record]) -> list[tuple[int, list[str]]]:
    return [
        (line, [cell[:SHOWN_CHARACTERS] for cell in cells[:SHOWN_CELLS]])
        for line, cells in islice(records, SHOWN_ROWS)
    ]


PEEKS: Final[Mapping[str, Callable[[Job], list[Peek]]]] = {
    "text": _of_text,
    **{kind: _of_workbook(kind) for kind in ("xlsx", "xlsb", "xls", "ods")},
}
