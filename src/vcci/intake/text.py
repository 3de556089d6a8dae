"""Delimited text -> raw table: any encoding, line end, delimiter and preamble; nothing is coerced."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import dropwhile
from typing import Final

from vcci.errors import FileRefusedError
from vcci.intake.job import Answer, Job
from vcci.intake.kinds import empty
from vcci.intake.layout import (
    DELIMITERS,
    BrokenRecordError,
    delimiter_of,
    header_at,
    header_line,
    numbered,
    sample_records,
    told_delimiter,
)
from vcci.intake.limits import over
from vcci.intake.raw_sink import RawSink, Record, header_cells
from vcci.intake.record_count import RecordCount
from vcci.intake.sniff import encoding_of, not_in_encoding
from vcci.intake.table_rows import TableRows

SAMPLE_CHARACTERS: Final = 1 << 18
PIECE: Final = 1 << 20
"""Characters decoded at a time by the count."""
SEPARATOR_LINE: Final = re.compile(r"sep=(.)[\r\n]", re.IGNORECASE)
"""Excel's first line that names the delimiter."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What must be known of a text file to read it; `header_row` is the line of the header, from 1, or 0.

    `above` are the records before it, and the rows of the table start below line `start`.
    """

    encoding: str
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    above: tuple[Record, ...]
    start: int


def read_text(job: Job) -> Answer:
    """Read a text file; refused if a second count of its records differs from what the parser found."""
    csv.field_size_limit(job.limits.cell_bytes)
    encoding = encoding_of(job.source, job.name, job.conventions.encoding)
    try:
        return _read(job, _dialect_of(job, encoding))
    except UnicodeDecodeError as error:
        raise not_in_encoding(job.name, encoding, error) from None
    except BrokenRecordError as error:
        raise _refused_record(error, job) from None


def _read(job: Job, dialect: Dialect) -> Answer:
    header = header_cells(dialect.header, lambda: _below(_records(job, dialect), dialect))
    tally = _Tally(_records(job, dialect))
    rows = TableRows(header, job.name, told=job.conventions.header_row)
    with RawSink(job, header) as sink:
        sink.write_records(rows.of(_below(tally, dialect), above=dialect.above, line=dialect.header_row))
    count = RecordCount.of(_pieces(job, dialect.encoding), dialect.delimiter)
    if count.records != tally.records:
        raise _counts_differ(job.name, tally.records, count.records)
    found = {
        "encoding": dialect.encoding,
        "delimiter": dialect.delimiter,
        "line_end": count.line_end,
        "header_row": str(dialect.header_row),
        **rows.found(),
    }
    return Answer(header, sink.rows, DELIMITERS.get(dialect.delimiter, "csv"), found)


def _dialect_of(job: Job, encoding: str) -> Dialect:
    with open_text(job, encoding) as stream:
        sample = whole_lines(stream.read(SAMPLE_CHARACTERS))
    _refuse_nul(sample, job.name)
    stated = SEPARATOR_LINE.match(sample)
    told = job.conventions.delimiter or (stated[1] if stated else None)
    delimiter = told_delimiter(told) if told else delimiter_of(sample, job.name)
    records = sample_records(sample, delimiter)[1 if stated else 0 :]
    line = header_line(records, job.conventions.header_row, job.name)
    if line is None:
        raise empty(job.name)
    above = tuple(record for record in records if record[0] < line)
    header = tuple(header_at(records, line))
    return Dialect(encoding, delimiter, line, header, above, start=max(line, 1 if stated else 0))


def whole_lines(sample: str) -> str:
    """Cut a full sample after its last line end, so that its last record is not a torn one."""
    end = max(sample.rfind("\n"), sample.rfind("\r")) + 1
    return sample[:end] if end and len(sample) == SAMPLE_CHARACTERS else sample


def open_text(job: Job, encoding: str, *, errors: str = "strict") -> io.TextIOWrapper:
    """Open the file as strict text with its own line ends, behind its byte order mark if it has one."""
    stream = job.source.open(encoding=encoding, newline="", errors=errors)
    if stream.read(1) != "\ufeff":
        stream.seek(0)
    return stream


def _records(job: Job, dialect: Dialect) -> Iterator[Record]:
    with open_text(job, dialect.encoding) as stream:
        yield from numbered(csv.reader(stream, delimiter=dialect.delimiter, strict=True))


def _below(records: Iterable[Record], dialect: Dialect) -> Iterator[Record]:
    return dropwhile(lambda record: record[0] <= dialect.start, records)


class _Tally:
    """Counts the records that pass, blank ones among them."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._inner = records
        self.records = 0

    def __iter__(self) -> Iterator[Record]:
        for self.records, record in enumerate(self._inner, start=1):  # noqa: B020
            yield record


def _pieces(job: Job, encoding: str) -> Iterator[str]:
    with open_text(job, encoding) as stream:
        while piece := stream.read(PIECE):
            _refuse_nul(piece, job.name)
            yield piece


def _refused_record(error: BrokenRecordError, job: Job) -> FileRefusedError:
    where, why = f"the row at line {error.line} of {job.name}", str(error)
    if "field limit" in why:
        what = f"A cell in {where} is very long (is a quote not closed?)"
        return over(what, job.limits.cell_bytes, code="file_cell_too_long")
    if "unexpected end" in why:
        return FileRefusedError(
            f"A quote is opened in {where} and never closed.",
            remedy='Close it, or double it ("") if it is part of the text.',
            code="file_quote_unclosed",
        )
    return FileRefusedError(
        f"A quoted cell in {where} goes on after its closing quote ({why}).",
        remedy='Double a quote ("") that is part of the text, or name the delimiter with --delimiter.',
        code="file_quotes_broken",
    )


def _refuse_nul(text: str, name: str) -> None:
    at = text.find("\0")
    if at >= 0:
        raise FileRefusedError(
            f"{name} has a NUL character, after {text[max(0, at - 20) : at]!r}.",
            remedy="Remove it, or export the file again.",
            code="file_has_nul",
        )


def _counts_differ(name: str, parsed: int, counted: int) -> FileRefusedError:
    return FileRefusedError(
        f"{name} has {parsed:,} records for one way of counting and {counted:,} for another.",
        remedy="Look for quotes out of place, or name the delimiter with --delimiter.",
        code="row_counts_differ",
    )
