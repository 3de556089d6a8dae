"""From one inventory to the next: what made the total change, in milligrams that add up exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

EFFECTS: Final = ("volume", "mix", "price", "factor", "method", "boundary")
"""What a total changes by: how much was bought, of what, at which prices, and how it is calculated."""

MEANINGS: Final = {
    "volume": "more or less was bought or done in all",
    "mix": "other things were bought or done, in other proportions",
    "price": "the same money bought more or less: price indices and exchange rates",
    "factor": "the same amount has another emission factor",
    "method": "the same thing is calculated by another method",
    "boundary": "a category is in one of the inventories only",
}


@dataclass(frozen=True, slots=True)
class Group:
    """What a bridge compares like with like by: a category, what was bought, and in what it is counted.

    `counted_in` is the currency of the ledger, or the factor's unit for physical amounts.
    """

    category: int
    activity: str
    counted_in: str


@dataclass(frozen=True, slots=True)
class State:
    """A group in one inventory: `volume` as the ledger counts it, `amount` in the factor's unit."""

    volume: Fraction
    amount: Fraction
    emissions_mg_co2e: int
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect on one category, in milligrams of CO2e."""

    category: int
    effect: str
    emissions_mg_co2e: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """Two totals and everything between them; `check` holds by construction."""

    older_mg_co2e: int
    newer_mg_co2e: int
    effects: tuple[Effect, ...]

    def of(self, effect: str) -> int:
        """Return one effect over all categories."""
        return sum(e.emissions_mg_co2e for e in self.effects if e.effect == effect)
