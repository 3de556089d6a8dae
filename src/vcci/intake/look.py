"""A look at the files of a ledger without running them: what would be asked, and what is known by itself.

Whatever the texts prove goes before what a mapping says of them: a mapping that is used again, for the next
file of the same source, answers what is ambiguous there, and overrules nothing.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping as Document
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.mapping import TARGETS, Conventions, Mapping
from vcci.errors import FileRefusedError, InputError
from vcci.intake import parser_process
from vcci.intake.columns import column_key, scored_columns
from vcci.intake.folder import folder_files
from vcci.intake.front import RawTable
from vcci.intake.limits import IntakeLimits
from vcci.intake.questions import Question
from vcci.intake.survey import Survey, looked_over

MOST_PEEKED: Final = 20
"""Files of a folder or archive whose first rows are shown."""

SAMPLE_CELLS: Final = 3
SAMPLED_ROWS: Final = 5_000
SHOWN_CHARACTERS: Final = 80
"""Of a column so many different texts are shown, from its first rows, cut at so many characters."""

DECIMAL: Final = "decimal_ambiguous"
DATE_ORDER: Final = "date_order_ambiguous"
CURRENCY: Final = "currency_missing"

LAYOUT_QUESTIONS: Final = frozenset(
    (
        *("sheet_ambiguous", "header_ambiguous", "tables_ambiguous", "delimiter_ambiguous"),
        *(
            "sheet_unknown",
            "header_row_missing",
            "delimiter_invalid",
            "encoding_unknown",
            *("encoding_ambiguous", "file_not_in_encoding", "file_utf8_broken"),
        ),
    )
)
"""Codes of what is answered by saying where the table lies, and how its text is written."""


@dataclass(frozen=True, slots=True)
class FilePeek:
    """The first rows of a file: its sheets with data, as peek.py has them."""

    name: str
    kind: str
    sheets: Sequence[Document[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey under a mapping, and what would be asked without its answers."""

    survey: Survey
    questions: tuple[Question, ...]


def peek(path: Path, *, conventions: Conventions, limits: IntakeLimits, folder: Path) -> list[FilePeek]:
    """Return the first rows of a file, or of the files of a folder or archive; none of those that refuse.

    A file that cannot be read says so when it is read.
    """
    files = {path.name: path}
    try:
        if path.is_dir():
            files = dict(folder_files(path, limits).files)
        found = []
        for name, file in files.items():
            found += _peeks(file, name, Peeking(conventions, limits, folder))
            if len(found) >= MOST_PEEKED:
                break
    except InputError:
        return []
    return found[:MOST_PEEKED]


@dataclass(frozen=True, slots=True)
class Peeking:
    """How a look is taken; `folder` is for what an archive holds."""

    conventions: Conventions
    limits: IntakeLimits
    folder: Path


def _peeks(file: Path, name: str, how: Peeking, *, is_member: bool = False) -> list[FilePeek]:
    with tempfile.TemporaryDirectory(dir=how.folder, prefix=".peek-") as private:
        try:
            answer = parser_process.parse(
                file,
                name=name,
                conventions=how.conventions,
                limits=how.limits,
                folder=Path(private),
                progress=lambda _: None,
                is_member=is_member,
                is_peek=True,
            )
        except FileRefusedError:
            return []
        if "members" not in answer:
            return [FilePeek(name, answer["kind"], answer["sheets"])]
        members = list(answer["members"].items())[:MOST_PEEKED]
        return [
            one for inner, at in members for one in _peeks(Path(private) / at, inner, how, is_member=True)
        ]


def has_choice(peeks: Sequence[FilePeek]) -> bool:
    """Say whether there are several sheets with data, or a header that cannot be told."""
    return any(len(p.sheets) > 1 or any(s["header_row"] is None for s in p.sheets) for p in peeks)


def is_proven(peeks: Sequence[Document[str, Any]]) -> bool:
    """Say of peeks in plain values whether a text among them proves its encoding by its bytes."""
    return any(sheet.get("is_proven") for one in peeks for sheet in one["sheets"])


def source_of(peeks: Sequence[FilePeek], tables: Sequence[RawTable]) -> str:
    """Return the digest of what files of one source have in common: kinds, names of sheets and columns.

    Empty where there is nothing to know them by. What a person has said of the file plays no part, so the
    next file has the same one before anything is said.
    """
    known = {(p.kind, _sheets_words(p.sheets)) for p in peeks if p.sheets}
    seen = {peek.name for peek in peeks if peek.sheets}
    named = {(table.kind, ("", *_words(table.header))) for table in tables if table.name not in seen}
    if any(not words for _, sheets in known for _, words in sheets) or not (known or named):
        return ""
    told = json.dumps([sorted(known), sorted(named)], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _sheets_words(sheets: Sequence[Document[str, Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the sheets' headers, and their names where there are several: one alone may be a month's."""
    return tuple((sheet["name"] if len(sheets) > 1 else "", _header_words(sheet)) for sheet in sheets)


def _header_words(sheet: Document[str, Any]) -> tuple[str, ...]:
    """Return the cells of a sheet's header; its first row stands in for one that is not told."""
    rows = dict(sheet["records"])
    return _words(rows.get(sheet["header_row"]) or next(iter(rows.values()), ()))


def _words(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.casefold().split()) for cell in cells)


def asked(tables: Sequence[RawTable], mapping: Mapping) -> Asked:
    """Return what is found under a mapping, and what is ambiguous without it; raises `MappingError`."""
    free = replace(mapping.conventions, decimal=None, date_order=None)
    open_ = looked_over(tables, replace(mapping, conventions=free, currency=""))
    codes = {question.code for question in open_.questions}
    answers = replace(
        free,
        decimal=mapping.conventions.decimal if DECIMAL in codes else None,
        date_order=mapping.conventions.date_order if DATE_ORDER in codes else None,
    )
    return Asked(looked_over(tables, replace(mapping, conventions=answers)), open_.questions)


def column_choices(tables: Sequence[RawTable], survey: Survey | None) -> dict[str, Any]:
    """Return in plain values which columns there are, with some of their texts, and what fills each target.

    `columns`: names as a mapping has them, with samples. `targets`: by target the names in force (without a
    survey: none), the points of the guess (0: not guessed), and by name the points of all that fit.
    """
    samples: dict[str, list[str]] = {}
    scores: dict[str, dict[str, int]] = {target: {} for target in TARGETS}
    for table in tables:
        samples = _samples(table) | samples
        for target in TARGETS:
            found = {column.name: column.points for column in scored_columns(table.header, target)}
            scores[target] = found | scores[target]
    in_force = survey.mapping.columns if survey else {}
    guessed = [reading.columns for reading in survey.readings] if survey else []
    return {
        "columns": [{"name": name, "samples": texts} for name, texts in samples.items()],
        "targets": {
            target: {
                "names": list(in_force.get(target, ())),
                "points": max((c[target].points for c in guessed if target in c), default=0),
                "scores": scores[target],
            }
            for target in TARGETS
        },
    }


def _samples(table: RawTable) -> dict[str, list[str]]:
    """Return by name of column some different texts of its first rows."""
    rows = pl.read_parquet(table.path, n_rows=SAMPLED_ROWS)
    return {
        column_key(table.header, index): [
            text[:SHOWN_CHARACTERS]
            for text in rows[f"c{index}"]
            .filter(rows[f"c{index}"] != "")
            .unique(maintain_order=True)[:SAMPLE_CELLS]
        ]
        for index in range(len(table.header))
    }
