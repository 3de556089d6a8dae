"""The fifteen Scope 3 categories and the calculation methods of the GHG Protocol.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), table 5.4; Technical Guidance (2013).
"""

from enum import IntEnum, StrEnum
from typing import Final

STATED_APART: Final = 0
"""Stands for a category where emissions are stated beside the totals, such as lifetime projections."""


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
    """A calculation method; which category offers which is in engine/methods/.

    Names are those of the Technical Guidance; where it has several ways under one name, ours tell them apart.
    """

    SPEND_BASED = "spend-based"
    AVERAGE_DATA = "average-data"
    SUPPLIER_SPECIFIC = "supplier-specific"
    HYBRID = "hybrid"
    HYBRID_WITH_GAPS = "hybrid-with-gaps"
    ENERGY_WITH_LOSSES = "energy-with-losses"
    ENERGY_WITH_COMBUSTION_LOSSES = "energy-with-combustion-losses"
    LIFE_CYCLE_LESS_COMBUSTION = "life-cycle-less-combustion"
    RESOLD_ENERGY = "resold-energy"
    FUEL_BASED = "fuel-based"
    FUEL_BY_DISTANCE = "fuel-by-distance"
    ALLOCATED = "allocated"
    DISTANCE_BASED = "distance-based"
    VOLUME_DISTANCE = "volume-distance"
    CONTAINER_DISTANCE = "container-distance"
    VEHICLE_DISTANCE = "vehicle-distance"
    SITE_SPECIFIC = "site-specific"
    STORAGE = "storage"
    HUB_THROUGHPUT = "hub-throughput"
    WASTE_TYPE_SPECIFIC = "waste-type-specific"
    FLIGHT = "flight"
    HOTEL_NIGHTS = "hotel-nights"
    TELEWORK = "telework"
    ASSET_SPECIFIC = "asset-specific"
    BUILDING_BY_AREA = "building-by-area"
    AVERAGE_BY_AREA = "average-by-area"
    LOCATION_BASED_ELECTRICITY = "location-based-electricity"
    MARKET_BASED_ELECTRICITY = "market-based-electricity"
    DIRECT_USE = "direct-use"
    USE_BY_SCHEDULE = "use-by-schedule"
    INTERMEDIATE_USE = "intermediate-use"
    FUELS_SOLD = "fuels-sold"
    GASES_IN_PRODUCTS = "gases-in-products"
    INDIRECT_USE = "indirect-use"
    FRANCHISE_SPECIFIC = "franchise-specific"
    FRANCHISE_SAMPLE = "franchise-sample"
    EQUITY_INVESTMENT = "equity-investment"
    EQUITY_BY_REVENUE = "equity-by-revenue"
    PROJECT_FINANCE = "project-finance"
    PROJECT_DEBT = "project-debt"
    PROJECT_BY_COST = "project-by-cost"
    LIFETIME_PROJECTION = "lifetime-projection"
    FINANCED_EMISSIONS = "financed-emissions"
    FINANCED_BY_ATTRIBUTION = "financed-by-attribution"
    FINANCED_APART = "financed-apart"
