"""What the forms of the repair pages say: how rows that are alike are mended, and what cells become."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vcci.domain.display import visible
from vcci.edge.problems import ProblemError
from vcci.intake.mapping_file import NOT_A_PURCHASE
from vcci.intake.mends import Mend, Way, column_names, mended, trimmed
from vcci.intake.raw_sink import record_of
from vcci.intake.records import cells_of
from vcci.intake.reject_groups import Group
from vcci.runtime.repair_draft import Draft, Intention

MOST_CHARACTERS: Final = 2_000
"""Of a text that is written into cells; longer ones are mended in a spreadsheet."""

MOST_TEXTS: Final = 20
"""Texts of a group that can be mended each by itself in one form."""

MOST_COLUMNS: Final = 24
"""Columns whose cells are shown and can be written; a wider file is mended in a spreadsheet."""

CELL: Final = re.compile(r"cell-([0-9]{1,6})-([0-9]{1,5})")
LEFT: Final = re.compile(r"left-([0-9]{1,6})")

Sent = Mapping[str, str]
"""The fields of a form."""

SAID: Final[Mapping[Way, str]] = {
    Way.SET: "“{first}” written",
    Way.TEXTS: "{texts} texts written anew",
    Way.REPLACE: "“{first}” replaced by “{second}”",
    Way.STRIP: "“{first}” taken away in front, “{second}” behind",
    Way.PUT: "“{first}” put in front, “{second}” behind",
    Way.DAY_FIRST: "dates read as day, month, year",
    Way.MONTH_FIRST: "dates read as month, day, year",
    Way.YEAR_FIRST: "dates read as year, month, day",
    Way.COMMA: "amounts read with a decimal comma",
    Way.POINT: "amounts read with a decimal point",
    Way.CUT: "cells beyond the header cut off, missing ones left empty",
    Way.SHIFT: "the other number of cells is due to one column",
    Way.KEEP: "other cells written",
    Way.LEAVE_OUT: "left out: {reason}",
}
"""What a step is called."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a draft's files, those that the ledger is read from first."""

    names: tuple[str, ...]
    in_use: int

    @classmethod
    def of(cls, draft: Draft) -> "Columns":
        """Return the columns of all files, each name once."""
        used, others = [], []
        for reading in draft.rejected.readings:
            names = column_names(reading.table.header)
            places = {column.index for column in reading.columns.values()}
            used += [name for place, name in enumerate(names) if place in places]
            others += [name for place, name in enumerate(names) if place not in places]
        first = tuple(dict.fromkeys(used))
        return cls(tuple(dict.fromkeys((*first, *others))), len(first))

    @property
    def shown(self) -> tuple[str, ...]:
        """Those whose cells are shown."""
        return self.names[:MOST_COLUMNS]

    def named(self, number: str) -> str:
        """Return the column that a form names by its number; raises the problem of one that is not there."""
        if not number.isascii() or not number.isdecimal() or int(number) >= len(self.names):
            raise refused("There is no such column.")
        return self.names[int(number)]


def refused(what: str) -> ProblemError:
    """Return the problem of a form that cannot be taken as it is."""
    return ProblemError("request_invalid", what)


def text_in(sent: Sent, name: str) -> str:
    """Return a text of a form, empty without it; raises for one that no cell can hold."""
    text = sent.get(name, "")
    if "\0" in text:
        raise refused("A NUL character cannot stand in a cell.")
    if len(text) > MOST_CHARACTERS:
        raise refused(f"A text may have {MOST_CHARACTERS:,} characters here.")
    return text


def mend_in(sent: Sent, group: Group, columns: Columns) -> Mend:
    """Return how a form mends a group; raises the problem of one that says nothing that can be done."""
    try:
        way = Way(sent.get("way", ""))
    except ValueError:
        raise refused("Choose what is to be done with these rows.") from None
    number = sent.get("column", "")
    first, second = (text_in(sent, f"{way}-{which}") for which in ("first", "second"))
    return Mend(
        way,
        columns.named(number) if number else "",
        first if way in (Way.REPLACE, Way.STRIP, Way.PUT) else first.strip(),
        second,
        texts=dict(_texts(sent, group)) if way is Way.TEXTS else {},
        also={} if way is Way.LEAVE_OUT else dict(_also(sent, columns)),
        reason=reason_in(sent, "reason") if way is Way.LEAVE_OUT else "",
    )


def texts_of(group: Group) -> Sequence[str]:
    """Return the texts of a group that can be mended each by itself: none where there are too many."""
    return tuple(group.texts) if 1 < len(group.texts) <= MOST_TEXTS else ()


def _texts(sent: Sent, group: Group) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(texts_of(group)):
        if written := text_in(sent, f"text-{number}").strip():
            yield text, written


def _also(sent: Sent, columns: Columns) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(columns.shown):
        if written := text_in(sent, f"also-{number}").strip():
            yield name, written


def reason_in(sent: Sent, name: str) -> str:
    """Return why a row is left out; raises for a reason that there is not."""
    reason = sent.get(name, "")
    if reason not in NOT_A_PURCHASE:
        raise refused("Say why the rows are no purchases.")
    return reason


def said_of(mend: Mend) -> str:
    """Return what a mend is called, in a few words."""
    told = {"first": mend.first, "second": mend.second, "texts": len(mend.texts), "reason": mend.reason}
    words = SAID[mend.way].format(**told)
    head = f"{mend.column}: {words}" if mend.column and mend.way is not Way.LEAVE_OUT else words
    return "; ".join((head, *(f"{name}: “{text}”" for name, text in mend.also.items())))


def meant_by(mend: Mend, group: Group, draft: Draft) -> Intention:
    """Return what the rows of a group are meant to be."""
    meant = {}
    for place in group.places:
        record = draft.record(place)
        if mend.way is not Way.LEAVE_OUT:
            reading = draft.rejected.readings[draft.rejected.rows[place].file]
            record = record_of(mended(mend, cells_of(record), reading))
        meant[place] = (record, mend.reason)
    return meant


def edited(sent: Sent, draft: Draft) -> Intention:
    """Return what the rows are meant to be whose cells a form has; a cell that is as it was shown stays."""
    written: dict[int, dict[int, str]] = {}
    for name in sent:
        if found := CELL.fullmatch(name):
            written.setdefault(int(found[1]), {})[int(found[2])] = text_in(sent, name)
    left = {int(found[1]): sent[name] for name in sent if (found := LEFT.fullmatch(name))}
    places = sorted({*written, *left})
    if places and places[-1] >= len(draft.rejected.rows):
        raise refused("There is no such row.")
    return {place: _edited(place, written.get(place, {}), sent=sent, draft=draft) for place in places}


def _edited(place: int, texts: Mapping[int, str], *, sent: Sent, draft: Draft) -> tuple[str, str]:
    record = draft.record(place)
    width = len(draft.rejected.readings[draft.rejected.rows[place].file].table.header)
    shown = cells_of(record)
    cells = shown + [""] * (width - len(shown))
    others = {at: text for at, text in texts.items() if at < len(cells) and text != visible(cells[at])}
    reason = reason_in(sent, f"left-{place}") if sent.get(f"left-{place}") else ""
    if not others:
        return record, reason
    return record_of(trimmed([others.get(at, cell) for at, cell in enumerate(cells)], width)), reason
