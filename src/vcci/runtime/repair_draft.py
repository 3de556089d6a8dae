"""Drafts of repairs: what is mended of the rejected rows of a run, before anything is done with it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vcci.domain.display import inert
from vcci.intake.reject_groups import Fault, Group, grouped
from vcci.intake.rejected import Rejected, RejectedRow
from vcci.intake.repairs import FIELDS, LEFT_OUT


@dataclass(frozen=True, slots=True)
class Change:
    """What is mended of a row: its record now, why it is left out (or nothing), and by which step.

    `fault` is what is wrong with it now, None if it would be accepted.
    """

    record: str
    left_out: str
    fault: Fault | None
    step: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one form did: to how many rows, and how many of these would be accepted or are left out."""

    number: int
    told: str
    rows: int
    settled: int


@dataclass(frozen=True, slots=True)
class Mended:
    """What is mended: changes by the place of the row, and the steps; `version` counts what was written."""

    version: int = 0
    changes: Mapping[int, Change] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The rejected rows of a run, `total` of them in all, and what is mended of them."""

    rejected: Rejected
    mended: Mended
    total: int

    def record(self, place: int) -> str:
        """Return the record of a row as it is meant to be."""
        change = self.mended.changes.get(place)
        return change.record if change else self.rejected.rows[place].record

    def fault(self, place: int) -> Fault | None:
        """Return what is wrong with a row now; None if it would be accepted, or is left out."""
        change, row = self.mended.changes.get(place), self.rejected.rows[place]
        return change.fault if change else Fault(row.code, row.column, row.value)

    def groups(self) -> list[Group]:
        """Return the rows that something is wrong with, those that are alike together."""
        faults = ((place, self.fault(place)) for place in range(len(self.rejected.rows)))
        return grouped((place, fault) for place, fault in faults if fault)

    def settled(self) -> list[int]:
        """Return the places of the rows that would be accepted now, or are left out."""
        return [place for place, change in sorted(self.mended.changes.items()) if change.fault is None]

    def left_out(self) -> int:
        """Return how many rows are left out."""
        return sum(1 for change in self.mended.changes.values() if change.left_out)


Intention = Mapping[int, tuple[str, str]]
"""By the place of a row: its record as it is meant to be, and why it is left out (or nothing)."""


def changed(draft: Draft, meant: Intention) -> Intention:
    """Return those of the rows that are meant to become other ones."""
    changes = draft.mended.changes
    now = {p: (draft.record(p), changes[p].left_out if p in changes else "") for p in meant}
    return {place: what for place, what in meant.items() if what != now[place]}


def mended_list(draft: Draft, *, run: str) -> bytes:
    """Return the rows that would be accepted, or are left out, as a run takes them for mended (CSV).

    Rows with which something is wrong still are not in it: they stay rejected as they are in the file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*FIELDS, LEFT_OUT))
    for place in draft.settled():
        row, change = draft.rejected.rows[place], draft.mended.changes[place]
        writer.writerow((*map(inert, _listed(row, change, draft)), run, _sha256(row, draft), change.left_out))
    return text.getvalue().encode()


def _listed(row: RejectedRow, change: Change, draft: Draft) -> Sequence[str]:
    source = draft.rejected.readings[row.file].table.name
    return source, str(row.line), row.column, row.code, row.value, change.record


def _sha256(row: RejectedRow, draft: Draft) -> str:
    return draft.rejected.readings[row.file].table.sha256
