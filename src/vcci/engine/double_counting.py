"""Emissions that may stand in an inventory twice: checks that flag and never change a total.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 5, for what belongs where.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vcci.domain.category import Category, Method

REPORTED_METHODS: Final = frozenset(
    {Method.SUPPLIER_SPECIFIC, Method.HYBRID, Method.HYBRID_WITH_GAPS, Method.ALLOCATED}
)


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines that agree in all of these."""

    category: int
    method: str
    supplier: str
    unit: str
    lines: int
    emissions_mg_co2e: int


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
    "supplier_figure_and_spend": (
        "A supplier's own figure and spend with the same supplier are in one category.",
        "Exclude the spend that the figure covers.",
    ),
}
"""What a check looks for, and what to do about it, by code."""


def suspicions(groups: Iterable[LineGroup]) -> list[Suspicion]:
    """Return what may be counted twice, the largest first."""
    lines = list(groups)
    found = [
        *_pairs("freight_paid_and_unpaid", lines, by=lambda g: g.supplier, sides=(_of(4), _of(9))),
        *_pairs("lease_on_both_sides", lines, by=lambda g: g.supplier, sides=(_of(8), _of(13))),
        *_pairs(
            "energy_by_money_and_meter", lines, by=lambda g: g.supplier, sides=(_metered, _energy_bought)
        ),
        *_pairs(
            "supplier_figure_and_spend",
            lines,
            by=lambda g: f"{g.supplier}, category {g.category}" if g.supplier else "",
            sides=(lambda g: g.method in REPORTED_METHODS, lambda g: g.method == Method.SPEND_BASED),
        ),
    ]
    return sorted(found, key=lambda s: (-s.at_most_mg_co2e, s.code, s.about))


Side = Callable[[LineGroup], bool]


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
    code: str, groups: Sequence[LineGroup], *, by: Callable[[LineGroup], str], sides: tuple[Side, Side]
) -> list[Suspicion]:
    """Return every name that has lines on both sides; lines without a name are compared with nothing."""
    named: dict[str, tuple[list[LineGroup], list[LineGroup]]] = defaultdict(lambda: ([], []))
    for group in groups:
        for place, is_here in enumerate(sides):
            if by(group) and is_here(group):
                named[by(group)][place].append(group)
    return [
        Suspicion(code, name, tuple(one), tuple(other))
        for name, (one, other) in named.items()
        if one and other
    ]
