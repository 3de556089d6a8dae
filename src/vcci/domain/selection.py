"""Factor selection: the distinct question that a factor answers, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vcci.domain.factor import PriceBasis
from vcci.domain.quality import NOT_ASSESSED, DataQuality


@dataclass(frozen=True, slots=True)
class FactorKey:
    """One distinct question for the resolver. Rows that share it share one multiplier.

    `year` is the year of the prices for money, else of the activity; None where unknown. `method` is empty
    where the unit tells it.
    """

    category: int
    activity: str
    region: str
    unit: str
    year: int | None = None
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp_set: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Multiplier:
    """The answer: milligrams of CO2e per unit of the amount, rounded once to the nearest float64.

    For money the amount is in `factor_currency`, to which each row is brought by the rate of its date.
    Gases are counted as CO2e, where they are published; biogenic CO2 is apart. `ln_sigma` is the standard
    deviation of the factor's logarithm, None where it was not assessed.
    """

    mg_co2e_per_unit: float
    factor_currency: str
    factor_id: str
    factor_name: str
    factor_value: str
    factor_unit: str
    pack: str
    method: str
    notices: tuple[str, ...]
    steps: tuple[str, ...]
    gases_mg_co2e: Mapping[str, float] = field(default_factory=dict)
    biogenic_mg_co2: float | None = None
    factor_year: int | None = None
    factor_region: str = ""
    gwp_set: str = ""
    quality: DataQuality = NOT_ASSESSED
    ln_sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No factor: the reason's code, and what was tried."""

    reason: str
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `to_currency` per unit of `currency` on a date, rounded once to the nearest float64."""

    value: float
    published: str
    notices: tuple[str, ...] = ()


PARITY = Rate(1.0, "")
"""The rate where nothing is converted: the same currency, or no money at all."""
