"""Inventories of several runs, put together: what adds up is added, what does not is left out.

Intervals and quality scores of single runs do not add up, so a report of several has none.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from vcci.domain.category import Category
from vcci.domain.inventory import CategoryStatus, CountedTwice, Inventory, RowCounts
from vcci.domain.review import Decision
from vcci.services.reported import Reported, RunInReport

BY_SIZE: Final = ("emissions_mg_co2e", "emissions_mg", "spend_hundredths", "lines")
"""What rows are ordered by: the first of these that they have."""

SUMMED: Final = frozenset({*BY_SIZE, "rows", "biogenic_mg_co2", "turnover_hundredths"})
"""Fields of rows that add up over runs; rows that are equal in all others are one row."""

IN_ORDER: Final = ("categories", "years", "packs", "methods", "by_source")
"""Tables of an inventory whose rows stand by what they are of."""

LARGEST_FIRST: Final = ("suppliers", "factors", "spend", "uncovered", "notices", "regions", "gases", "apart")
"""Its other tables."""

TEXTS: Final = ("reading", "parameters")
DIFFERS: Final = "differs between the runs"

Rows = dict[tuple[Any, ...], Any]
"""Rows of a table by all their fields that do not add up."""


def _tables() -> dict[str, Rows]:
    return {name: {} for name in (*IN_ORDER, *LARGEST_FIRST)}


def _texts() -> dict[str, dict[str, str]]:
    return {name: {} for name in TEXTS}


@dataclass(slots=True)
class Combining:
    """Inventories on their way into one: they are added one by one, so that few are in memory at a time."""

    _runs: list[RunInReport] = field(default_factory=list)
    _only: Inventory | None = None
    _tables: dict[str, Rows] = field(default_factory=_tables)
    _texts: dict[str, dict[str, str]] = field(default_factory=_texts)
    _boundary: dict[int, list[CategoryStatus]] = field(default_factory=dict)
    _twice: list[CountedTwice] = field(default_factory=list)
    _decisions: dict[Decision, None] = field(default_factory=dict)
    _sources: dict[str, None] = field(default_factory=dict)
    _counts: list[RowCounts] = field(default_factory=list)

    def add(self, inventory: Inventory, run: RunInReport) -> None:
        """Add the inventory of a run."""
        self._runs.append(run)
        if len(self._runs) == 1:  # most reports are of one run, and stop here
            self._only = inventory
            return
        for one in (self._only, inventory):
            if one is not None:
                self._merge(one)
        self._only = None

    def _merge(self, inventory: Inventory) -> None:
        for name, rows in self._tables.items():
            for row in getattr(inventory, name):
                _add_row(rows, row)
        for name, texts in self._texts.items():
            for key, value in getattr(inventory, name).items():
                texts[key] = value if texts.get(key, value) == value else DIFFERS
        for status in inventory.boundary:
            self._boundary.setdefault(status.category, []).append(status)
        self._twice += inventory.counted_twice
        self._decisions |= dict.fromkeys(inventory.decisions)
        self._sources |= dict.fromkeys(inventory.sources)
        self._counts.append(inventory.counts)

    def whole(self) -> Reported:
        """Return all of them as one; a single one is as it was, with its intervals and scores."""
        return Reported(self._only or self._together(), tuple(self._runs))

    def _together(self) -> Inventory:
        years = {run.year for run in self._runs}
        named = " ".join(sorted(run.digest for run in self._runs))
        found: dict[str, Any] = {
            name: _sorted(rows, by_size=name in LARGEST_FIRST) for name, rows in self._tables.items()
        }
        found |= self._texts
        counted = (sum(getattr(counts, one.name) for counts in self._counts) for one in fields(RowCounts))
        return Inventory(
            run_digest=hashlib.sha256(named.encode()).hexdigest(),
            title=f"{len(self._runs)} runs",
            year=years.pop() if len(years) == 1 else None,
            sources=tuple(self._sources),
            counts=RowCounts(*counted),
            total_mg_co2e=sum(run.total_mg_co2e for run in self._runs),
            boundary=tuple(_status(category, self._boundary.get(category, [])) for category in Category),
            counted_twice=tuple(self._twice),
            decisions=tuple(self._decisions),
            **found,
        )


def _add_row(rows: Rows, row: Any) -> None:
    """Add a row to the one that is of the same; its interval is lost, since intervals do not add up."""
    names = [one.name for one in fields(row)]
    key = tuple(getattr(row, name) for name in names if name not in SUMMED and name != "interval")
    before = rows.get(key)
    changed = {
        name: _sum(getattr(before, name, None), getattr(row, name)) for name in names if name in SUMMED
    }
    if "interval" in names:
        changed["interval"] = None
    rows[key] = replace(row, **changed)


def _sum(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other


def _sorted(rows: Mapping[tuple[Any, ...], Any], *, by_size: bool) -> tuple[Any, ...]:
    found = [rows[key] for key in sorted(rows)]
    return tuple(sorted(found, key=_size) if by_size else found)


def _size(row: Any) -> int:
    """Return what sorts the largest first."""
    sizes = (-int(getattr(row, name)) for name in BY_SIZE if hasattr(row, name))
    return next(sizes)


def _status(category: Category, told: list[CategoryStatus]) -> CategoryStatus:
    """Return what runs together say of a category: calculated if any has it, else left out if any says so."""
    found = {status.status for status in told}
    status = next((one for one in ("calculated", "left out") if one in found), "no data")
    reasons = "; ".join(dict.fromkeys(one.reason for one in told if one.reason))
    return CategoryStatus(category, category.title, status, reasons)
