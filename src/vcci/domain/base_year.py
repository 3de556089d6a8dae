"""The base year: what the company recalculates it for, and from which size on.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 9. What is significant is the
company's own, published threshold; none is assumed here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final


class ChangeKind(StrEnum):
    """What kind of change happened since the base year."""

    MERGER = "merger"
    ACQUISITION = "acquisition"
    DIVESTMENT = "divestment"
    OUTSOURCING = "outsourcing"
    INSOURCING = "insourcing"
    METHOD = "change of method"
    FACTOR = "change of factor for better accuracy"
    ERROR = "error found"
    CATEGORY_ADDED = "category added"
    ORGANIC_GROWTH = "organic growth or decline"
    SITE = "site opened or closed"


NEVER: Final = frozenset({ChangeKind.ORGANIC_GROWTH, ChangeKind.SITE})
"""Kinds that recalculate no base year, whatever their size."""

MOVED: Final = frozenset({ChangeKind.OUTSOURCING, ChangeKind.INSOURCING})
"""Kinds that only move emissions between scopes, where they were reported already under one base year."""


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


def change_since(
    kind: ChangeKind, effect_mg_co2e: int, *, what: str = "", was_in_all_scopes: bool = False
) -> ChangeSince:
    """Return a change of a kind, which tells whether it may recalculate the base year.

    `was_in_all_scopes`: the company reports all scopes under one base year, and the activity was in it. What
    is then outsourced or insourced recalculates nothing; unless that is stated, it does if significant.
    """
    is_only_moved = kind in MOVED and was_in_all_scopes
    may_recalculate = kind not in NEVER and not is_only_moved
    return ChangeSince(what or kind.value, effect_mg_co2e, may_recalculate)


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
