"""The line: amount x multiplier, in integers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vcci.domain.quality import NOT_ASSESSED, DataQuality

MAX_LINE_MG_CO2E = 10**18
"""Largest line, in mg CO2e: 1 Gt, which is no row of a ledger but a code taken for an amount.

Above 2^53 mg (9 Mt) a float64 no longer counts single milligrams: such a line is exact to 16 digits.
"""


@dataclass(frozen=True, slots=True)
class EmissionLine:
    """One line of the ledger: `amount` x multiplier, CO2e in whole milligrams (1e-6 kg).

    `part` names the part of a method with several. A line that `is_apart` is stated beside the totals.
    """

    amount: float
    mg_co2e_per_unit: float
    emissions_mg_co2e: int
    factor_id: str
    factor_unit: str
    pack: str
    method: str
    notices: tuple[str, ...]
    steps: tuple[str, ...]
    category: int = 0
    part: str = ""
    gases_mg_co2e: Mapping[str, int] = field(default_factory=dict)
    biogenic_mg_co2: int | None = None
    is_apart: bool = False
    quality: DataQuality = NOT_ASSESSED
    ln_sigma: float | None = None

    @property
    def interval_mg_co2e(self) -> tuple[int, int] | None:
        """The 95 % interval of the line, None where its factor was not assessed."""
        if self.ln_sigma is None:
            return None
        reach = math.exp(2 * self.ln_sigma)
        return round(self.emissions_mg_co2e / reach), round(self.emissions_mg_co2e * reach)

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
