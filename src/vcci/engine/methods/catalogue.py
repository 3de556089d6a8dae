"""The catalogue of calculation methods: every row of its families, found by category and method.

Source: GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013); PCAF for category 15.
"""

from itertools import chain
from typing import Final

from vcci.domain.category import STATED_APART, Category, Method
from vcci.domain.method import MethodRow
from vcci.engine.methods import assets, energy, goods, investments, products, transport, travel, waste

ROWS: Final[tuple[MethodRow, ...]] = tuple(
    chain.from_iterable(
        family.ROWS for family in (goods, energy, transport, waste, travel, assets, products, investments)
    )
)
"""Every method that the engine offers, family by family."""

METHODS: Final[dict[tuple[Category, Method], MethodRow]] = {
    (category, row.method): row for row in ROWS for category in row.categories
}
"""The same by category and method."""


APART: Final[dict[str, MethodRow]] = {row.method.value: row for row in ROWS if row.is_apart}
"""Methods whose emissions are stated beside the totals, under `STATED_APART` instead of their category."""


def row_for(category: int, method: str) -> MethodRow | None:
    """Return the catalogue's row, or None where the category has no such method."""
    if category == STATED_APART:
        return APART.get(method)
    try:
        return METHODS.get((Category(category), Method(method)))
    except ValueError:
        return None


def is_primary(category: int, method: str) -> bool:
    """Say whether a method stands on data of suppliers or other partners of the value chain."""
    row = row_for(category, method)
    return row is not None and row.is_primary


def methods_of(category: int) -> tuple[MethodRow, ...]:
    """Return the methods of a category, the best first."""
    found = (row for row in ROWS if category in row.categories)
    return tuple(sorted(found, key=lambda row: row.rank))
