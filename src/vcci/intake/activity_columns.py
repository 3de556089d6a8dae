"""What the columns of an activity table are: told by their names alone, and never guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import polars as pl

from vcci.engine.methods import ROWS
from vcci.engine.methods.inputs import INPUTS
from vcci.errors import MappingError
from vcci.intake.front import RawTable

PLAIN: Final = (
    "id", "category", "method", "activity", "quantity", "unit", "date", "region", "supplier", "description",
)  # fmt: skip
"""Columns beside the inputs and the factors of parts."""

FACTOR_OF: Final = "factor "
"""`factor losses` holds the factor of the part called losses."""

PARTS: Final = frozenset(
    name.casefold() for row in ROWS for part in row.parts for name in (part.name, part.less) if name
)
"""The names that a factor of a part may be given for, over all methods."""

_BRACKET: Final = re.compile(r"(?P<name>[^\[]*)\[(?P<unit>[^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its `name`: one of PLAIN, an input, or `factor PART`; `unit` if its header says one."""

    name: str
    place: int
    header: str
    unit: str = ""

    @property
    def part(self) -> str:
        """The part whose factor it holds, empty if it is another column."""
        return self.name.removeprefix(FACTOR_OF) if self.name.startswith(FACTOR_OF) else ""


def is_activity_table(table: RawTable) -> bool:
    """Say whether a table names its activities: a category, and a factor's activity or a method."""
    names = {_folded(text) for text in table.header}
    return "category" in names and bool(names & {"activity", "method"})


def columns_of(table: RawTable) -> Mapping[str, Column]:
    """Return the columns by name; raise `MappingError` for one that no method knows, or that is there twice.

    A column without a name must be empty: nothing that somebody filled in is left out silently.
    """
    found: dict[str, Column] = {}
    for place, header in enumerate(table.header):
        column = _column(header, place)
        if column is None:
            _refuse_text(table, place)
        elif column.name in found:
            raise _refused(table, f'says "{column.name}" in two columns', "Keep one of them.")
        else:
            found[column.name] = column
    return found


def _column(header: str, place: int) -> Column | None:
    bracket = _BRACKET.fullmatch(header.strip())
    name, unit = (bracket["name"], bracket["unit"].strip()) if bracket else (header, "")
    words = " ".join(name.casefold().replace("_", " ").split())
    if words.startswith(FACTOR_OF) and words.removeprefix(FACTOR_OF) in PARTS:
        return Column(words, place, header)
    name = words.replace(" ", "_")
    return Column(name, place, header, unit) if name in INPUTS or (name in PLAIN and not unit) else None


def _refuse_text(table: RawTable, place: int) -> None:
    header = table.header[place].strip()
    if header:
        known = (*PLAIN, *INPUTS, *(f"{FACTOR_OF}{part}" for part in sorted(PARTS)))
        near = get_close_matches(header.casefold(), known, n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise _refused(table, f'has a column "{header}" that no method knows', hint.strip())
    has_text = pl.col(f"c{place}").str.strip_chars() != ""
    if pl.scan_parquet(table.path).select(has_text.any()).collect().item():
        raise _refused(table, f"has texts in its column {place + 1}, which has no name", "Name it.")


def _refused(table: RawTable, what: str, hint: str) -> MappingError:
    return MappingError(
        f"{table.name} {what}.",
        remedy=f"{hint} docs/methods/inputs.md lists the inputs; leave other columns out. A ledger whose "
        "header has such names is read as one with a mapping that names its columns (--map).".strip(),
        code="column_unknown",
    )


def _folded(text: str) -> str:
    return "_".join(text.casefold().replace("_", " ").split())
