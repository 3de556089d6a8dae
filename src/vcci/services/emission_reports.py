"""Reports of the inventory: sums by the dimensions that a caller asks for, exact in milligrams."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from vcci.domain.display import exact_kilograms, exact_tonnes
from vcci.engine.uncertainty import Share, Spread, spread


class Dimension(StrEnum):
    """What sums can be grouped by."""

    CATEGORY = "category"
    SUPPLIER = "supplier"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    REGION = "region"


FIGURES: Final = (
    "lines",
    "emissions_mg_co2e",
    "emissions_tco2e",
    "apart_lines",
    "apart_mg_co2e",
    "low_tco2e",
    "high_tco2e",
)
"""The columns of a table after its dimensions; the bounds of the 95 % interval are empty unless asked."""

WHOLE: Final[tuple[Any, ...]] = ()
UNDATED: Final = ("undated", "has", "no", "interval")
"""Longer than the key of any group."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report, the last included; None is open. Lines without a date are in no period."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        """Say whether there is any bound."""
        return (self.first, self.last) != (None, None)

    def whole_months(self) -> tuple[date | None, date | None] | None:
        """Return the first months of those that lie in it whole, and of those after; None without any."""
        first, last = self.first, self.last
        start = first and (first if first.day == 1 else _next_month(first))
        end = last and _first_of_month(last + timedelta(days=1)) if last != date.max else None
        return None if start and end and start >= end else (start, end)

    def cut_months(self) -> list["Period"]:
        """Return the days of it that lie in months of which others do not."""
        whole = self.whole_months()
        if whole is None:
            return [self]
        start, end = whole
        cut = []
        if self.first and start and self.first < start:
            cut.append(Period(self.first, start - timedelta(days=1)))
        if self.last and end and end <= self.last:
            cut.append(Period(end, self.last))
        return cut


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """What a report is of; no categories are all of them."""

    runs: Sequence[UUID]
    period: Period
    categories: Sequence[int]
    group_by: Sequence[Dimension]


@dataclass(frozen=True, slots=True)
class Group:
    """A sum: `of` has the value of each dimension; what is apart is in no total."""

    of: Mapping[Dimension, Any]
    lines: int
    mg_co2e: int
    apart_lines: int
    apart_mg_co2e: int
    supplier: str | None = None


@dataclass(frozen=True, slots=True)
class FactorShare:
    """What a factor adds to a group."""

    of: Mapping[Dimension, Any]
    share: Share


@dataclass(frozen=True, slots=True)
class EmissionReport:
    """A report; `undated` is what a period leaves out for having no date. Shares give the intervals."""

    asked: ReportAsked
    groups: Sequence[Group]
    undated: Group | None = None
    shares: Sequence[FactorShare] = ()
    _spreads: dict[tuple[Any, ...], Spread] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Work out the intervals of the groups and, under no key, of the whole."""
        by_group: defaultdict[tuple[Any, ...], list[Share]] = defaultdict(list)
        for one in self.shares:
            by_group[self._key(one.of)].append(one.share)
        self._spreads.update({key: spread(shares) for key, shares in by_group.items()})
        if self.shares and self.asked.group_by:
            self._spreads[WHOLE] = spread(one.share for one in self.shares)

    def as_json(self) -> dict[str, Any]:
        """Return the report in plain values: kilograms as exact decimal texts, milligrams as integers."""
        period = self.asked.period
        return {
            "start_date": period.first,
            "end_date": period.last,
            "runs": [str(run) for run in self.asked.runs],
            "group_by": list(self.asked.group_by),
            "total": self._figures(_sum(self.groups), key=WHOLE),
            "undated_left_out": self.undated and self._figures(self.undated, key=UNDATED),
            "groups": [self._group(group) for group in self._sorted() if self.asked.group_by],
        }

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Return the columns and rows of the report as a table, of the groups alone."""
        dimensions = [self._columns(one) for one in self.asked.group_by]
        rows = [self._cells(group) for group in self._sorted()]
        return (*(name for names in dimensions for name in names), *FIGURES), rows

    def _sorted(self) -> list[Group]:
        """Return the groups by category and time, the largest first among those that share these."""
        plain = [one for one in self.asked.group_by if one is not Dimension.SUPPLIER]

        def place(group: Group) -> tuple[Any, ...]:
            values = [group.of[one] for one in plain]
            of_plain = [(value is None, "" if value is None else value) for value in values]
            return (*of_plain, -group.mg_co2e, str(group.of.get(Dimension.SUPPLIER)))

        return sorted(self.groups, key=place)

    def _group(self, group: Group) -> dict[str, Any]:
        told = {one.value: group.of[one] for one in self.asked.group_by}
        if Dimension.SUPPLIER in told:
            supplier_id = group.of[Dimension.SUPPLIER]
            told["supplier"] = supplier_id and {"id": str(supplier_id), "name": group.supplier}
        return told | self._figures(group, key=self._key(group.of))

    def _figures(self, group: Group, *, key: tuple[Any, ...]) -> dict[str, Any]:
        known = self._spreads.get(key)
        bounds = known and [exact_kilograms(mg) for mg in (known.low_mg_co2e, known.high_mg_co2e)]
        return {
            "lines": group.lines,
            "emissions_kg_co2e": exact_kilograms(group.mg_co2e),
            "emissions_mg_co2e": group.mg_co2e,
            "apart_lines": group.apart_lines,
            "apart_kg_co2e": exact_kilograms(group.apart_mg_co2e),
            "interval_95_kg_co2e": bounds,
        }

    def _cells(self, group: Group) -> tuple[Any, ...]:
        known = self._spreads.get(self._key(group.of))
        bounds = (known.low_mg_co2e, known.high_mg_co2e) if known else (None, None)
        dimensions: list[Any] = []
        for one in self.asked.group_by:
            is_supplier = one is Dimension.SUPPLIER
            value = group.of[one]
            dimensions += [value and str(value), group.supplier] if is_supplier else [value]
        return (
            *dimensions,
            group.lines,
            group.mg_co2e,
            exact_tonnes(group.mg_co2e),
            group.apart_lines,
            group.apart_mg_co2e,
            *(None if mg is None else exact_tonnes(mg) for mg in bounds),
        )

    def _columns(self, dimension: Dimension) -> tuple[str, ...]:
        return ("supplier_id", "supplier") if dimension is Dimension.SUPPLIER else (dimension.value,)

    def _key(self, of: Mapping[Dimension, Any]) -> tuple[Any, ...]:
        return tuple(of[one] for one in self.asked.group_by)


def _sum(groups: Iterable[Group]) -> Group:
    names = ("lines", "mg_co2e", "apart_lines", "apart_mg_co2e")
    every = list(groups)
    return Group({}, *(sum(getattr(group, name) for group in every) for name in names))


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
