"""Down from a total: which lines are meant, by category, supplier and month, and what they come to."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from vcci.domain.category import STATED_APART, Category
from vcci.domain.display import exact_kilograms

UNDATED: Final = "none"
"""Stands for the month of lines without a date."""

IN_TOTALS: Final = tuple(int(category) for category in Category)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Some lines of runs; None leaves a dimension open.

    `suppliers` are one supplier and all that were merged into it, empty for lines that name none. Without a
    category it is all but what is stated apart. `month` is YYYY-MM, or UNDATED; `year` a calendar year of
    the lines' dates.
    """

    runs: Sequence[UUID]
    category: int | None = None
    suppliers: Sequence[UUID] | None = None
    month: str | None = None
    year: int | None = None

    @property
    def categories(self) -> tuple[int, ...]:
        """The categories whose lines are meant."""
        return IN_TOTALS if self.category is None else (self.category,)

    @property
    def first_day(self) -> date | None:
        """The first day of the month, None where no month of a year is meant."""
        return date.fromisoformat(f"{self.month}-01") if self.month not in (None, UNDATED) else None

    def line_filters(self) -> dict[str, Any]:
        """Return the filters of the lines, as `database.emissions_read` names them."""
        by: dict[str, Any] = {"in_totals": True} if self.category is None else {"category": self.category}
        if self.suppliers is not None:
            by |= {"suppliers": list(self.suppliers)} if self.suppliers else {"without_supplier": True}
        spans = [] if self.year is None else [days_of_year(self.year)]
        if (first := self.first_day) is not None:
            spans.append((first, first.replace(day=monthrange(first.year, first.month)[1])))
        if spans:
            by |= {"from_date": max(one for one, _ in spans), "to_date": min(one for _, one in spans)}
        return by | ({"undated": True} if self.month == UNDATED else {})


def days_of_year(year: int) -> tuple[date, date]:
    """Return the first and the last day of a calendar year."""
    return date(year, 1, 1), date(year, 12, 31)


@dataclass(frozen=True, slots=True)
class Sum:
    """What some lines come to; `of` is what they have in common: a category, a month, a factor."""

    lines: int = 0
    mg_co2e: int = 0
    of: Any = None

    def less(self, parts: Iterable["Sum"]) -> "Sum":
        """Return what is left of it without its parts."""
        every = list(parts)
        return Sum(self.lines - sum(p.lines for p in every), self.mg_co2e - sum(p.mg_co2e for p in every))

    def as_json(self) -> dict[str, Any]:
        """Return the figures in plain values."""
        return {
            "lines": self.lines,
            "emissions_kg_co2e": exact_kilograms(self.mg_co2e),
            "emissions_mg_co2e": self.mg_co2e,
        }


@dataclass(frozen=True, slots=True)
class FactorUsed:
    """A factor as runs have used it; its value is the published text, in kg CO2e per unit."""

    id: str
    name: str
    value: str
    unit: str
    pack: str
    method: str


def sum_of(parts: Iterable[Sum]) -> Sum:
    """Return what the parts come to together."""
    every = list(parts)
    return Sum(sum(part.lines for part in every), sum(part.mg_co2e for part in every))


def category_title(category: int) -> str:
    """Return the name of a category, or what 0 stands for."""
    return "Stated apart, in no total" if category == STATED_APART else Category(category).title
