"""The line: amount x multiplier, in integers."""

import math
from dataclasses import dataclass
from typing import Any

MAX_LINE_MG_CO2E = 2**53
"""Largest line, in mg CO2e (9 Mt): above it a float64 no longer counts single milligrams."""


@dataclass(frozen=True, slots=True)
class EmissionLine:
    """One line of the ledger: `amount` in the factor's unit, CO2e in whole milligrams (1e-6 kg)."""

    amount: float
    mg_co2e_per_unit: float
    emissions_mg_co2e: int
    factor_id: str
    factor_unit: str
    pack: str
    method: str
    notices: tuple[str, ...]
    steps: tuple[str, ...]

    @property
    def emissions_kg_co2e(self) -> float:
        """Kilograms of CO2e, for display."""
        return self.emissions_mg_co2e / 1_000_000


def amount_in_factor_unit(*, quantity: Any, rate: Any) -> Any:
    """Money in the factor's currency at the rate of its date; a physical quantity has the rate 1.

    Source: Technical Guidance, spend-based and average-data methods. Works on one number or a column.
    """
    return quantity * rate


def quantised_mg(amount: float, mg_co2e_per_unit: float) -> int:
    """Return the whole milligrams of a line: the same three float64 operations on every engine."""
    return math.floor(amount * mg_co2e_per_unit + 0.5)
