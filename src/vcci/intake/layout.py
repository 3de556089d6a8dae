"""The layout of a table, told from its first records: the delimiter and the row of the header. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
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

    The widest width (cells up to the last with text) that two records share is that of the table; the header
    is the first record at least so wide with half of its cells filled. Where no width of two or more repeats,
    it is the first of the widest records. If the record so found has numbers and the one just above has none,
    that one is the header, of a table whose last columns have no name. `told` is the user's word and must be
    a record's line.
    """
    texts = [(line, cells, last_text(cells)) for line, cells in records]
    filled = [width for _line, _cells, width in texts if width]
    if told is not None:
        if told not in [line for line, _cells, width in texts if width]:
            raise _no_header_there(told, name)
        return told
    if not filled:
        return None
    table = max((width for width, times in Counter(filled).items() if times > 1 < width), default=max(filled))
    wide = [at for at, (_line, cells, width) in enumerate(texts) if width >= table and _half(cells, table)]
    at = wide[0] if wide else next(at for at, (*_, width) in enumerate(texts) if width)
    above = texts[at - 1][1] if at else ()
    nameless = _has_numbers(texts[at][1]) and _half(above, table) and not _has_numbers(above)
    return texts[at - 1 if nameless else at][0]


def _agreement(sample: str, delimiter: str) -> tuple[bool, float]:
    widths = [len(cells) for _line, cells in sample_records(sample, delimiter) if last_text(cells)]
    wide = Counter(width for width in widths if width > 1).most_common(1)
    if not wide:
        return False, 0.0
    (width, times), share = wide[0], wide[0][1] / len(widths)
    return times == len(widths), share * (width - 1)


def _half(cells: Sequence[str], width: int) -> bool:
    return 2 * sum(1 for cell in cells if cell.strip()) >= width


def _has_numbers(cells: Sequence[str]) -> bool:
    return any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in cells)


def _no_header_there(told: int, name: str) -> InputError:
    return InputError(
        f"Line {told} of {name} starts no row with text within its first {SAMPLE_RECORDS} rows.",
        remedy="Give --header-row the line of the header, counted from 1.",
        code="header_row_missing",
    )
