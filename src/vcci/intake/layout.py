"""The layout of a table, told from its first records: the delimiter and the row of the header. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median
from typing import Any, Final

from vcci.errors import InputError, QuestionError
from vcci.intake.raw_sink import Record, last_text

DELIMITERS: Final = {",": "csv", ";": "csv", "\t": "tsv", "|": "psv"}
"""The delimiters that are looked for, in order of preference, and the kind of file that each makes."""
DELIMITER_NAMES: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}
"""Words that may stand for a delimiter where the character is hard to type."""
NUMBER: Final = re.compile(r"[\d.,'\s()+/:-]*\d[\d.,'\s()+/:-]*")
YEAR: Final = re.compile(r"\s*(19|20)\d\d\s*")
"""Numbers and dates stand in rows; a year may well be the name of a column."""
SAMPLE_RECORDS: Final = 200
"""Records looked at; a preamble longer than that needs --header-row."""


def told_delimiter(told: str) -> str:
    """Return the character that the user's word stands for; raises `InputError` (delimiter_invalid)."""
    delimiter = DELIMITER_NAMES.get(told.lower(), told)
    if len(delimiter) != 1 or delimiter in '"\r\n' or delimiter.isalnum():
        raise InputError(
            f"{told!r} cannot be a delimiter.",
            remedy="Give --delimiter one character, or one of comma, semicolon, tab, pipe.",
            code="delimiter_invalid",
        )
    return delimiter


def delimiter_of(sample: str, name: str) -> str:
    """Return the delimiter under which the records agree best on a width of two or more.

    One under which *all* records agree wins; else the share that agrees, weighed by the width, decides, so
    that a few decimal commas do not beat semicolons. Raises `QuestionError` (delimiter_ambiguous) on a tie.
    """
    scores = {delimiter: _agreement(sample, delimiter) for delimiter in DELIMITERS}
    best = max(scores.values())
    tied = [delimiter for delimiter, score in scores.items() if score == best]
    if best == (False, 0.0):
        return ","
    if len(tied) > 1:
        raise QuestionError(
            f"The delimiter of {name} cannot be told: the rows are equally even with each of two.",
            tried=[repr(delimiter) for delimiter in tied],
            remedy="Name it with --delimiter.",
            code="delimiter_ambiguous",
        )
    return tied[0]


class BrokenRecordError(csv.Error):
    """A record that breaks the rules of quoting; `line` is where it starts, from 1."""

    def __init__(self, line: int, why: object) -> None:
        super().__init__(str(why))
        self.line = line


def numbered(reader: Any) -> Iterator[Record]:
    """Give the records of a csv reader, each with the line of the file where it starts, from 1."""
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise BrokenRecordError(start, error) from None


def sample_records(sample: str, delimiter: str) -> list[Record]:
    """Return the first records of a text, as far as they can be read."""
    records: list[Record] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    try:
        records.extend(islice(numbered(reader), SAMPLE_RECORDS))
    except csv.Error:
        return records
    return records


def header_line(records: Sequence[Record], told: int | None, name: str) -> int | None:
    """Return the line of the header record, or None if no record has any text.

    The header is the first record that is as wide (cells up to the last with text) as most, and has at least
    half as many cells with text as is usual. If it has numbers and the record just above has none, that one
    is the header, of a table whose last columns have no name; else it may be data, which must not be lost:
    raises `QuestionError` (header_ambiguous). `told` is the user's word: a record's line, or 0 for no header.
    """
    filled = [record for record in records if last_text(record[1])]
    if told is not None and told not in (0, *(line for line, _cells in filled)):
        raise _no_header_there(told, name)
    if not filled or told is not None:
        return told if filled else None
    width, usual = _usual_width(filled), median(_texts(cells) for _line, cells in filled)
    fitting = (r for r in filled if last_text(r[1]) >= width and 2 * _texts(r[1]) >= usual)
    header = next(fitting, filled[0])
    at = records.index(header)
    above = records[at - 1] if at else header
    if not has_numbers(header[1]):
        return header[0]
    if 2 * _texts(above[1]) >= usual and not has_numbers(above[1]):
        return above[0]
    raise _may_be_data(header, name)


def header_at(records: Sequence[Record], line: int) -> list[str]:
    """Return the header's cells; without a header (line 0) columns are named by place: "#1", "#2" ..."""
    if line:
        return list(dict(records)[line])
    filled = [cells for _line, cells in records if last_text(cells)]
    usual = Counter(map(len, filled)).most_common(1)[0][0]
    width = min(usual, max(map(last_text, filled)))
    return [f"#{place}" for place in range(1, width + 1)]


def _usual_width(records: Sequence[Record]) -> int:
    """Return the most frequent width of two cells or more, the larger of two; else the largest."""
    widths = Counter(last_text(cells) for _line, cells in records)
    frequent = [(times, width) for width, times in widths.items() if times > 1 < width]
    return max(frequent)[1] if frequent else max(widths)


def _agreement(sample: str, delimiter: str) -> tuple[bool, float]:
    widths = [len(cells) for _line, cells in sample_records(sample, delimiter) if last_text(cells)]
    wide = Counter(width for width in widths if width > 1).most_common(1)
    if not wide:
        return False, 0.0
    (width, times), share = wide[0], wide[0][1] / len(widths)
    return times == len(widths), share * (width - 1)


def _texts(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def has_numbers(cells: Sequence[str]) -> bool:
    """Say whether a cell holds a number or a date; a year may well be the name of a column."""
    return any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in cells)


def _may_be_data(record: Record, name: str) -> QuestionError:
    line, cells = record
    shown = ", ".join(repr(cell) for cell in cells if NUMBER.fullmatch(cell))
    return QuestionError(
        f"{name} seems to have no header: line {line}, the first of its table, holds {shown[:80]}.",
        remedy=f"Name the line of the header with --header-row ({line} if that is one, 0 if there is none).",
        code="header_ambiguous",
    )


def _no_header_there(told: int, name: str) -> InputError:
    return InputError(
        f"Line {told} of {name} starts no row with text within its first {SAMPLE_RECORDS} rows.",
        remedy="Give --header-row the line of the header, counted from 1.",
        code="header_row_missing",
    )
