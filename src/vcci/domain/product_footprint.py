"""A product carbon footprint as suppliers exchange it: its components and the two sums that are published.

Source: PACT, Technical Specifications for PCF data exchange, version 3.0. All figures are kg CO2e per
declared unit. The schema's comment counts biogenic gases other than CO2 in the sum; its own examples leave
them out, and so do these sums, which state them apart.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

CO2_PER_CARBON: Final = Fraction(44, 12)
"""kg CO2 per kg of carbon, by molar mass."""

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class ProductFootprint:
    """Components of a footprint in kg CO2e per declared unit; uptake and removals are zero or negative."""

    fossil: Decimal
    land_use_change: Decimal = ZERO
    land_management_fossil: Decimal = ZERO
    land_management_biogenic: Decimal = ZERO
    land_management_removals: Decimal = ZERO
    biogenic_uptake: Decimal = ZERO
    biogenic_non_co2: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse an uptake or a removal above zero: its sign is the commonest fault of exchanged data."""
        for name in ("biogenic_uptake", "land_management_removals"):
            if getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)} kg CO2e, but must be zero or negative")

    @property
    def excluding_uptake(self) -> Decimal:
        """What a purchaser counts: all emissions without biogenic uptake and removals."""
        land = self.land_use_change + self.land_management_fossil + self.land_management_biogenic
        return self.fossil + land

    @property
    def including_uptake(self) -> Decimal:
        """The same with uptake and removals, which may make it negative."""
        return self.excluding_uptake + self.biogenic_uptake + self.land_management_removals


def co2_of_carbon(carbon_kg: Decimal) -> Fraction:
    """Return the kg of CO2 that a plant took up for `carbon_kg` of biogenic carbon, exactly."""
    return Fraction(carbon_kg) * CO2_PER_CARBON
