"""From one inventory to the next: what made the total change, in milligrams that add up exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

EFFECTS: Final = ("volume", "mix", "price", "factor", "method", "boundary", "data")
"""What a total changes by: how much was bought, of what, at which prices, and how it is calculated."""

MEANINGS: Final = {
    "volume": "more or less was bought or done in all",
    "mix": "other things were bought or done, in other proportions",
    "price": "the same money bought more or less: price indices and exchange rates",
    "factor": "the same amount has another emission factor",
    "method": "the same thing is calculated by another method",
    "boundary": "a category is in one of the inventories only",
    "data": "more or less of the same purchases could be calculated",
}


@dataclass(frozen=True, slots=True)
class Group:
    """What a bridge compares like with like by: a category, what was bought, and in what it is counted.

    `counted_in` is the currency of the ledger, or the factor's unit for physical amounts. `partner` is the
    supplier, or empty; it tells when another method takes over, and is summed over in all else.
    """

    category: int
    activity: str
    counted_in: str
    region: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A group in one inventory: `volume` as the ledger counts it, `amount` in the factor's unit and prices.

    `bases` are the units of its factors with the year of their prices, such as `kg CO2e/USD 2022`.
    """

    volume: Fraction
    amount: Fraction
    emissions_mg_co2e: int
    methods: frozenset[str]
    bases: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Say whether there is something to divide by."""
        return bool(self.volume and self.amount)

    def plus(self, other: "State") -> "State":
        """Return the state of both together."""
        return State(
            self.volume + other.volume,
            self.amount + other.amount,
            self.emissions_mg_co2e + other.emissions_mg_co2e,
            self.methods | other.methods,
            self.bases | other.bases,
        )


NOTHING: Final = State(Fraction(0), Fraction(0), 0, frozenset())
"""The state of a group that an inventory does not have."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect on one category, in milligrams of CO2e."""

    category: int
    effect: str
    emissions_mg_co2e: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """Two totals and everything between them; that they add up holds by construction."""

    older_mg_co2e: int
    newer_mg_co2e: int
    effects: tuple[Effect, ...]

    def of(self, effect: str) -> int:
        """Return one effect over all categories."""
        return sum(e.emissions_mg_co2e for e in self.effects if e.effect == effect)
