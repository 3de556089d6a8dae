"""JSON and JSON lines -> raw table: each object is a row, each key a column, in order of appearance."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from vcci.errors import FileRefusedError, InputError, QuestionError
from vcci.intake.job import Answer, Job
from vcci.intake.json_values import Numeral, flat, tables_of, value_of
from vcci.intake.kinds import JSON_LINES, empty
from vcci.intake.limits import damaged, refuse_over
from vcci.intake.raw_sink import RawSink, Record
from vcci.intake.sniff import encoding_of, not_in_encoding
from vcci.intake.text import open_text

SHOWN_TABLES: Final = 20
"""Arrays that an error lists."""
WRITTEN_NUMBER: Final = re.compile(r"[^\w]*\d[\d.,' ]*[.,]\d+[^\w]*")
"""A text that may be a number with a mark of some country: not every amount of the file is a JSON number."""

Rows = Callable[[], Iterable[tuple[int, Any]]]
"""Gives the objects of a table, each with its line or its place from 1, as often as asked."""


def read_json(job: Job) -> Answer:
    """Read a document with one array of objects, or one object a line; which array may be a question."""
    encoding = encoding_of(job.source, job.name, job.conventions.encoding)
    try:
        if _is_lines(job, encoding):
            return _read(job, lambda: _lines(job, encoding), kind="jsonl", found={"encoding": encoding})
        with open_text(job, encoding) as stream:
            tables = tables_of(value_of(stream.read(), job.name))
        name = _chosen(tables, job)
        found = {"encoding": encoding, **({"table": name} if name else {})}
        return _read(job, lambda: enumerate(tables[name], start=1), kind="json", found=found)
    except UnicodeDecodeError as error:
        raise not_in_encoding(job.name, encoding, error) from None
    except UnicodeEncodeError:
        raise damaged(job.name, "a text has half of a character (a lone surrogate)") from None


def _is_lines(job: Job, encoding: str) -> bool:
    """Say whether every line is an object: by the name, or as a first whole object is not all there is."""
    if job.name.lower().endswith(JSON_LINES):
        return True
    with open_text(job, encoding) as stream:
        lines = (line for line in stream if line.strip())
        first = next(lines, "").strip()
        return first.startswith("{") and first.endswith("}") and next(lines, None) is not None


def _lines(job: Job, encoding: str) -> Iterator[tuple[int, Any]]:
    with open_text(job, encoding) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, value_of(line, job.name, line=number)


def _chosen(tables: dict[str, list[Any]], job: Job) -> str:
    told = job.conventions.sheet
    if told in tables:
        return told
    if not tables:
        raise _without_table(job.name)
    shown = [name or "(the document itself)" for name in tables][:SHOWN_TABLES]
    if told is not None and "" not in tables:
        raise InputError(
            f"{job.name} has no array of objects {told!r}.",
            tried=shown,
            remedy="Name one of these with --sheet.",
            code="sheet_unknown",
        )
    if len(tables) > 1:
        raise QuestionError(
            f"{job.name} has {len(tables)} arrays of objects: {', '.join(shown)}.",
            remedy="Name the one to read with --sheet.",
            code="sheet_ambiguous",
        )
    return next(iter(tables))


def _read(job: Job, rows: Rows, *, kind: str, found: dict[str, str]) -> Answer:
    keys: dict[str, None] = {}
    all_numbers = True
    for row, record in rows():
        cells = flat(record, job.name, row)
        keys.update(dict.fromkeys(cells))
        too_many = f"{job.name}: too many columns"
        refuse_over(len(keys), job.limits.columns, code="file_too_many_columns", what=too_many)
        all_numbers = all_numbers and not any(map(_is_written_number, cells.values()))
    if not keys:
        raise empty(job.name)

    def records() -> Iterator[Record]:
        for row, record in rows():
            cells = flat(record, job.name, row)
            yield row, [cells.get(key, "") for key in keys]

    header = tuple(key.strip() for key in keys)
    with RawSink(job, header) as sink:
        sink.write_records(records())
    return Answer(header, sink.rows, kind, found | ({"decimal": "point"} if all_numbers else {}))


def _is_written_number(text: str) -> bool:
    return not isinstance(text, Numeral) and WRITTEN_NUMBER.fullmatch(text) is not None


def _without_table(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name} is JSON, but has no array of objects, which would be a table.",
        remedy="Export the rows as an array of objects, as JSON lines, or as CSV.",
        code="json_without_table",
    )
