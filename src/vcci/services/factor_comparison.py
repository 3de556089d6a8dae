"""The same activity in several packs or versions: values side by side, and each as a ratio to the first."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from vcci.domain.factor import EmissionFactor

DIGITS: Final = Context(prec=6)
"""A ratio is shown with six significant digits; the values beside it are exact."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A factor beside others of its unit and price basis; `ratio` to the first, None where that is nothing.

    Prices of another year are left as they are.
    """

    factor: EmissionFactor
    ratio: Decimal | None


def compared(factors: Iterable[EmissionFactor]) -> list[Compared]:
    """Return factors with their ratios, those of one unit and price basis after one another."""
    groups: dict[tuple[str, str], list[EmissionFactor]] = {}
    for one in factors:
        groups.setdefault((one.unit, str(one.price_basis or "")), []).append(one)
    return [Compared(one, _ratio(one, group[0])) for group in groups.values() for one in group]


def _ratio(factor: EmissionFactor, first: EmissionFactor) -> Decimal | None:
    if not first.value_kg_co2e:
        return None
    return DIGITS.divide(factor.value_kg_co2e, first.value_kg_co2e)
