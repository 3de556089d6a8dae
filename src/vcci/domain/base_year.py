"""The base year: what the company recalculates it for, and from which size on.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 9. What is significant is the
company's own, published threshold; none is assumed here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class BaseYear:
    """The inventory that later ones are compared with; `significance_percent` is the company's threshold."""

    year: int
    total_mg_co2e: int
    significance_percent: Fraction
    policy: str


@dataclass(frozen=True, slots=True)
class ChangeSince:
    """One change since the base year, and its effect on the base year's total.

    `may_recalculate` is False for growth and decline, and for what was in the inventory already.
    """

    what: str
    effect_mg_co2e: int
    may_recalculate: bool


@dataclass(frozen=True, slots=True)
class CumulativeEffect:
    """What changes come to together, as a share of the base year, and whether it is recalculated."""

    effect_mg_co2e: int
    percent: Fraction
    has_to_be_recalculated: bool
    why: tuple[str, ...]


def cumulative_effect(base: BaseYear, changes: Iterable[ChangeSince]) -> CumulativeEffect:
    """Return whether changes reach the threshold together; many small ones can, effects count without sign.

    Raises `ValueError` for a base year without emissions, which nothing can be a share of.
    """
    if base.total_mg_co2e <= 0:
        raise ValueError(f"the base year {base.year} has no emissions")
    counted = [change for change in changes if change.may_recalculate]
    effect = sum(abs(change.effect_mg_co2e) for change in counted)
    percent = Fraction(100 * effect, base.total_mg_co2e)
    is_reached = percent >= base.significance_percent and bool(counted)
    return CumulativeEffect(effect, percent, is_reached, tuple(change.what for change in counted))
