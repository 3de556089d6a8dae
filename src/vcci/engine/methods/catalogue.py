"""The catalogue of calculation methods, on one screen.

Source: GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013), chapters 1 to 9.
Here every amount is the plain product of domain/line.py: quantity x rate, the rate being 1 without money.
"""

from dataclasses import dataclass
from typing import Final

from vcci.domain.category import Category, Method


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method of one category; `in_guidance` is False where we offer it as a screening estimate."""

    inputs: str
    boundary: str
    source: str
    in_guidance: bool = True


_SPEND = "amount in a currency, date"
_QUANTITY = "quantity in a physical unit"
_CRADLE = "all upstream, cradle-to-gate"
_CARRIER = "Scope 1 and 2 of carriers; a spend factor is cradle-to-gate"


def _spend(boundary: str, source: str, *, in_guidance: bool = True) -> MethodRow:
    return MethodRow(_SPEND, boundary, source, in_guidance)


def _average(boundary: str, source: str) -> MethodRow:
    return MethodRow(_QUANTITY, boundary, source)


METHODS: Final[dict[tuple[Category, Method], MethodRow]] = {
    (Category.PURCHASED_GOODS_AND_SERVICES, Method.AVERAGE_DATA): _average(_CRADLE, "TG chapter 1"),
    (Category.PURCHASED_GOODS_AND_SERVICES, Method.SPEND_BASED): _spend(_CRADLE, "TG chapter 1"),
    (Category.CAPITAL_GOODS, Method.AVERAGE_DATA): _average(_CRADLE, "TG chapter 2"),
    (Category.CAPITAL_GOODS, Method.SPEND_BASED): _spend(_CRADLE, "TG chapter 2"),
    (Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES, Method.AVERAGE_DATA): _average(
        "upstream of purchased fuels and energy, without combustion", "TG chapter 3"
    ),
    (Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES, Method.SPEND_BASED): _spend(
        "upstream of purchased fuels, without combustion", "screening estimate", in_guidance=False
    ),
    (Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION, Method.AVERAGE_DATA): _average(
        _CARRIER, "TG chapter 4"
    ),
    (Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION, Method.SPEND_BASED): _spend(_CARRIER, "TG chapter 4"),
    (Category.WASTE_GENERATED_IN_OPERATIONS, Method.AVERAGE_DATA): _average(
        "Scope 1 and 2 of waste treatment", "TG chapter 5"
    ),
    (Category.WASTE_GENERATED_IN_OPERATIONS, Method.SPEND_BASED): _spend(
        "cradle-to-gate of waste services", "screening estimate", in_guidance=False
    ),
    (Category.BUSINESS_TRAVEL, Method.AVERAGE_DATA): _average(_CARRIER, "TG chapter 6"),
    (Category.BUSINESS_TRAVEL, Method.SPEND_BASED): _spend(_CARRIER, "TG chapter 6"),
    (Category.EMPLOYEE_COMMUTING, Method.AVERAGE_DATA): _average(_CARRIER, "TG chapter 7"),
    (Category.EMPLOYEE_COMMUTING, Method.SPEND_BASED): _spend(
        "cradle-to-gate of transport services", "screening estimate", in_guidance=False
    ),
    (Category.UPSTREAM_LEASED_ASSETS, Method.AVERAGE_DATA): _average(
        "Scope 1 and 2 of the lessor during use", "TG chapter 8"
    ),
    (Category.UPSTREAM_LEASED_ASSETS, Method.SPEND_BASED): _spend(
        "cradle-to-gate of the lease's service", "screening estimate", in_guidance=False
    ),
    (Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION, Method.AVERAGE_DATA): _average(
        _CARRIER, "TG chapter 9"
    ),
    (Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION, Method.SPEND_BASED): _spend(
        _CARRIER, "TG chapter 9"
    ),
}
"""Every method that the engine offers, by category."""


def row_for(category: int, method: Method) -> MethodRow | None:
    """Return the catalogue's row, or None where the category has no such method."""
    try:
        return METHODS.get((Category(category), method))
    except ValueError:
        return None
