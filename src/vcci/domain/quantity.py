"""Units and their dimensions, in exact decimals."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

MONEY = "money"
"""The dimension of currencies; they are converted by a dated rate, never by a fixed ratio."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `per_base` base units of its dimension, exactly (1 for money)."""

    symbol: str
    dimension: str
    per_base: Decimal


@dataclass(frozen=True, slots=True)
class UnitTable:
    """All known units by symbol and alias."""

    units: Mapping[str, Unit]

    def find(self, text: str) -> Unit | None:
        """Return the unit written as `text`: exact spelling first, then without regard to case."""
        return self.units.get(text) or self.units.get(text.casefold())

    def is_money(self, text: str) -> bool:
        """Say whether `text` is a currency."""
        unit = self.find(text)
        return unit is not None and unit.dimension == MONEY
