"""Emissions that may stand in an inventory twice: checks that flag and never change a total.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 5, for what belongs where.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from vcci.domain.category import Category, Method

REPORTED_METHODS: Final = frozenset(
    {Method.SUPPLIER_SPECIFIC, Method.HYBRID, Method.HYBRID_WITH_GAPS, Method.ALLOCATED}
)


MONTH: Final = len("2024-03")
YEAR: Final = len("2024")
"""How much of a month has to agree for two lines to be of the same time."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines that agree in all of these; `months` are theirs, such as `2024-03`, or none where unknown.

    What is of unknown months may be of any.
    """

    category: int
    method: str
    supplier: str
    unit: str
    lines: int
    emissions_mg_co2e: int
    account: str = ""
    months: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two sides that may be the same emissions; `code` is one of DOUBLE_COUNTING."""

    code: str
    about: str
    one: tuple[LineGroup, ...]
    other: tuple[LineGroup, ...]

    @property
    def at_most_mg_co2e(self) -> int:
        """The smaller side: more than that cannot be counted twice."""
        return min(sum(g.emissions_mg_co2e for g in side) for side in (self.one, self.other))


DOUBLE_COUNTING: Final[dict[str, tuple[str, str]]] = {
    "freight_paid_and_unpaid": (
        "The same carrier is in categories 4 and 9.",
        "Freight that the company pays for is category 4 in both directions; only what others pay for is 9.",
    ),
    "lease_on_both_sides": (
        "Leases with the same partner are in categories 8 and 13.",
        "It is 8 where the company is the lessee, 13 where it is the lessor; keep one.",
    ),
    "energy_by_money_and_meter": (
        "The same supplier's energy is counted in category 3 by kWh and elsewhere by money.",
        "Exclude the payments (own_energy); the meter is better.",
    ),
    "account_by_money_and_meter": (
        "The same account has energy in category 3 by kWh and elsewhere by money, in the same months.",
        "Exclude the payments (own_energy); the meter is better.",
    ),
    "supplier_figure_and_spend": (
        "A supplier's own figure and spend with the same supplier are in one category.",
        "Exclude the spend that the figure covers.",
    ),
}
"""What a check looks for, and what to do about it, by code."""


def line_groups(lines: pl.DataFrame) -> list[LineGroup]:
    """Return the groups of a frame of lines: category, method, supplier, unit, account, month, rows, co2e_mg.

    `month` is a date or null; `rows` is how many lines a row of the frame stands for.
    """
    by = ["category", "method", "supplier", "unit", "account"]
    month = pl.col("month").dt.strftime("%Y-%m").drop_nulls().unique()
    # A line without a month may be of any, and so may its group.
    months = pl.when(pl.col("month").null_count() == 0).then(month.implode())
    summed = lines.group_by(by).agg(pl.col("rows", "co2e_mg").sum(), months.alias("months"))
    return [
        LineGroup(category, method, supplier, unit, rows, mg_co2e, account, frozenset(known or ()))
        for category, method, supplier, unit, account, rows, mg_co2e, known in summed.sort(by).iter_rows()
    ]


def suspicions(groups: Iterable[LineGroup]) -> list[Suspicion]:
    """Return what may be counted twice, the largest first."""
    lines = list(groups)
    meters = _metered, _energy_bought
    found = [
        *_pairs("freight_paid_and_unpaid", lines, by=_supplier, sides=(_of(4), _of(9))),
        *_pairs("lease_on_both_sides", lines, by=_supplier, sides=(_of(8), _of(13))),
        *_pairs("energy_by_money_and_meter", lines, by=_supplier, sides=meters, same=MONTH),
        *_pairs("account_by_money_and_meter", lines, by=lambda g: g.account, sides=meters, same=MONTH),
        *_pairs(
            "supplier_figure_and_spend",
            lines,
            by=lambda g: f"{g.supplier}, category {g.category}" if g.supplier else "",
            sides=(lambda g: g.method in REPORTED_METHODS, lambda g: g.method == Method.SPEND_BASED),
            same=YEAR,
        ),
    ]
    return sorted(found, key=lambda s: (-s.at_most_mg_co2e, s.code, s.about))


Side = Callable[[LineGroup], bool]


def _supplier(group: LineGroup) -> str:
    return group.supplier


def _of(category: int) -> Side:
    return lambda group: group.category == category


def _metered(group: LineGroup) -> bool:
    is_energy = group.category == Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES
    return is_energy and group.method != Method.SPEND_BASED


def _energy_bought(group: LineGroup) -> bool:
    return group.method == Method.SPEND_BASED and group.category in (
        Category.PURCHASED_GOODS_AND_SERVICES,
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
    )


def _pairs(
    code: str,
    groups: Sequence[LineGroup],
    *,
    by: Callable[[LineGroup], str],
    sides: tuple[Side, Side],
    same: int = 0,
) -> list[Suspicion]:
    """Return every name that has emissions on both sides, `same` (MONTH or YEAR) telling of what time.

    Lines without a name are compared with nothing. Names that differ in capitals or blanks only are one; a
    side that comes to no more than its credits has nothing to be counted twice.
    """
    named: dict[str, tuple[list[LineGroup], list[LineGroup]]] = defaultdict(lambda: ([], []))
    shown: dict[str, str] = {}
    for group in groups:
        name = " ".join(by(group).casefold().split())
        for place, is_here in enumerate(sides):
            if name and is_here(group):
                named[name][place].append(group)
                shown[name] = min(by(group), shown.get(name, by(group)))
    found = []
    for name, (one, other) in named.items():
        of_one, of_other = _of_the_time_of(other, one, same), _of_the_time_of(one, other, same)
        found.append(Suspicion(code, shown[name], of_one, of_other))
    return [suspicion for suspicion in found if suspicion.at_most_mg_co2e > 0]


def _of_the_time_of(others: list[LineGroup], side: list[LineGroup], same: int) -> tuple[LineGroup, ...]:
    """Return the groups of a side that may be of the same time as one of the others."""
    times = [{month[:same] for month in other.months} for other in others]

    def is_of_the_time(group: LineGroup) -> bool:
        own = {month[:same] for month in group.months}
        return any(not own or not time or own & time for time in times)

    return tuple(filter(is_of_the_time, side))
