"""The fifteen Scope 3 categories and the calculation methods of the GHG Protocol.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), table 5.4; Technical Guidance (2013).
"""

from enum import IntEnum, StrEnum


class Category(IntEnum):
    """A Scope 3 category, numbered as the standard does (the draft of 2026 adds a sixteenth)."""

    PURCHASED_GOODS_AND_SERVICES = 1
    CAPITAL_GOODS = 2
    FUEL_AND_ENERGY_RELATED_ACTIVITIES = 3
    UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION = 4
    WASTE_GENERATED_IN_OPERATIONS = 5
    BUSINESS_TRAVEL = 6
    EMPLOYEE_COMMUTING = 7
    UPSTREAM_LEASED_ASSETS = 8
    DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION = 9
    PROCESSING_OF_SOLD_PRODUCTS = 10
    USE_OF_SOLD_PRODUCTS = 11
    END_OF_LIFE_TREATMENT_OF_SOLD_PRODUCTS = 12
    DOWNSTREAM_LEASED_ASSETS = 13
    FRANCHISES = 14
    INVESTMENTS = 15

    @property
    def title(self) -> str:
        """The name as printed in a report: `Fuel- and energy-related activities`."""
        words = self.name.replace("_", " ").capitalize()
        return words.replace("Fuel and energy related", "Fuel- and energy-related").replace(
            "End of life", "End-of-life"
        )


class Method(StrEnum):
    """A calculation method of the Technical Guidance."""

    SPEND_BASED = "spend-based"
    AVERAGE_DATA = "average-data"
    SUPPLIER_SPECIFIC = "supplier-specific"
