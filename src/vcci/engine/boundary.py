"""Where an emission belongs, by the rules of boundary_rules.py; and what recalculates a base year.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011).
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from itertools import product
from typing import Any, Final

from vcci.domain.boundary import (
    BiogenicCo2,
    Change,
    Consequence,
    Franchise,
    Freight,
    Holding,
    Lease,
    Placement,
    Purchase,
    Recalculation,
    Rule,
    Significance,
    Situation,
    Stage,
    Travel,
    Unplaced,
)
from vcci.engine import boundary_rules as rules

RULES: Final[dict[type, tuple[Rule, ...]]] = {
    Lease: rules.LEASES,
    Freight: rules.FREIGHT,
    Purchase: rules.PURCHASES,
    Stage: rules.STAGES,
    Travel: rules.TRAVEL,
    Holding: rules.HOLDINGS,
    Franchise: rules.FRANCHISES,
    BiogenicCo2: rules.BIOGENIC,
}
"""The rules of each kind of situation."""


def place(situation: Situation) -> Placement:
    """Return where the emissions of a situation belong and why, or `Unplaced` with a question."""
    (rule,) = (rule for rule in RULES[type(situation)] if rule.fits(situation))
    return rule.answer(situation)


def place_told(kind: type, told: Mapping[str, object]) -> Placement:
    """Return the place that the facts told so far settle, or `Unplaced` with the next question that matters.

    Facts are fields of the kind, each with its value; those that would not change the place are never asked.
    """
    open_facts = [fact for fact in fields(kind) if fact.name not in told]
    placed = {
        chosen: place(kind(**told, **dict(zip((fact.name for fact in open_facts), chosen, strict=True))))
        for chosen in product(*(values_of(fact) for fact in open_facts))
    }
    if len(set(map(_outcome, placed.values()))) == 1:
        return _with_every_reason(list(placed.values()))
    asked = next(fact for number, fact in enumerate(open_facts) if _matters(number, placed))
    labels = dict.fromkeys(placement.label for placement in placed.values())
    why = f"What is told leaves open: {', '.join(labels)}."
    return Unplaced(why, "Scope 3 Standard", question=asked.metadata["question"])


def values_of(fact: Field[Any]) -> tuple[Any, ...]:
    """Return the values that a fact of a situation can have."""
    known: Any = fact.type
    return (True, False) if known is bool else tuple(known)


def _outcome(placement: Placement) -> tuple[str, bool]:
    return placement.label, placement.is_optional


def _with_every_reason(placed: list[Placement]) -> Placement:
    whys, sources = (dict.fromkeys(told) for told in zip(*((p.why, p.source) for p in placed), strict=True))
    return replace(placed[0], why=" ".join(whys), source="; ".join(sources))


def _matters(number: int, placed: Mapping[tuple[object, ...], Placement]) -> bool:
    """Whether another value of one fact, all others being equal, gives another place."""
    outcomes: dict[tuple[object, ...], set[tuple[str, bool]]] = {}
    for chosen, placement in placed.items():
        others = chosen[:number] + chosen[number + 1 :]
        outcomes.setdefault(others, set()).add(_outcome(placement))
    return any(len(found) > 1 for found in outcomes.values())


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """What a kind of change does to the base year once it is significant, why, and by which page."""

    may_recalculate: bool
    why: str
    source: str


CHANGES: Final[Mapping[Change, ChangeRule]] = {
    Change.OUTSOURCED_WITHIN_INVENTORY: ChangeRule(
        False,
        "The emissions were reported already and only move between the scopes of one base year.",
        "Scope 3 Standard, table 9.4, p. 105",
    ),
    Change.OUTSOURCED_SEPARATE_YEARS: ChangeRule(
        True,
        "The emissions leave one base year and enter another.",
        "Scope 3 Standard, table 9.4, p. 105",
    ),
    Change.OUTSOURCED_NEW_TO_INVENTORY: ChangeRule(
        True, "The emissions were not in the base year.", "Scope 3 Standard, table 9.4, p. 105"
    ),
    Change.STRUCTURE: ChangeRule(
        True,
        "Emissions pass from one company to another without any change in the air.",
        "Scope 3 Standard, section 9.3, p. 104",
    ),
    Change.METHOD_OR_FACTOR: ChangeRule(
        True,
        "Like is compared with like only if both years are calculated alike.",
        "Scope 3 Standard, section 9.3, p. 105",
    ),
    Change.REAL_CHANGE: ChangeRule(
        False,
        "The figure differs since the emissions do, not since they are calculated otherwise.",
        "Scope 3 Standard, section 9.3, p. 106",
    ),
    Change.ERROR: ChangeRule(
        True, "The base year has the error too.", "Scope 3 Standard, section 9.3, p. 104"
    ),
    Change.CATEGORIES: ChangeRule(
        True, "The base year lacks what is included now.", "Scope 3 Standard, table 9.5, p. 106"
    ),
    Change.CATEGORY_OWN_YEAR: ChangeRule(
        False,
        "The new category starts a base year of its own and leaves the others as they are.",
        "Scope 3 Standard, table 9.5, p. 106",
    ),
    Change.USE_ASSUMPTIONS: ChangeRule(
        True,
        "Category 11 of the base year was estimated with assumptions that no longer hold.",
        "Scope 3 Standard, box 9.2, p. 106",
    ),
    Change.ORGANIC: ChangeRule(
        False,
        "Growth and decline change what is emitted, which is what the comparison is to show.",
        "Scope 3 Standard, section 9.3, p. 106",
    ),
}
"""What recalculates a base year."""


def recalculation(change: Change, significance: Significance | None = None) -> Consequence:
    """Return what a change does to the base year; without its significance, whether that would decide.

    The threshold is the company's own: the standard gives 10 % as an example and sets none.
    """
    rule = CHANGES[change]
    if not rule.may_recalculate:
        return Consequence(Recalculation.NO_RECALCULATION, rule.why, rule.source)
    if significance is None:
        return Consequence(Recalculation.RECALCULATE_IF_SIGNIFICANT, rule.why, rule.source)
    if significance.is_reached:
        why = f"{rule.why} All changes together reach the company's threshold."
        return Consequence(Recalculation.RECALCULATE, why, rule.source)
    why = f"{rule.why} All changes together stay below the company's threshold."
    return Consequence(Recalculation.NO_RECALCULATION, why, rule.source)
