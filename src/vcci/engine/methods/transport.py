"""Categories 4 and 9: freight and storage, paid for by the company (4) or by others (9).

Chains follow ISO 14083: one activity for each leg and hub, mass x distance x factor. A factor per tonne-km
holds the load of the vehicle already, so nothing is divided by a load factor.
"""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

FREIGHT: Final = (
    Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
    Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
)
CARRIERS: Final = "Scope 1 and 2 of carriers, distributors and retailers; making vehicles is optional"
REFRIGERANT: Final = Part("refrigerant", Product(("refrigerant", "allocation_share")), "kg")


def _by(method: Method, carried: str, *, unit: str, rank: int) -> MethodRow:
    return MethodRow(
        FREIGHT,
        method,
        rank=rank,
        parts=(
            Part("transport", Product((carried, "distance")), unit),
            Part("empty running", Product(("empty_share", carried, "distance")), unit),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 4; ISO 14083:2023 for chains",
    )


ROWS: Final = (
    MethodRow(
        FREIGHT,
        Method.FUEL_BASED,
        rank=1,
        is_primary=True,
        parts=(
            Part("fuel", Product(("fuel", "allocation_share"))),
            Part("electricity", Product(("electricity", "allocation_share")), "kWh"),
            REFRIGERANT,
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 4, example 4.1, p. 56",
        optional=("allocation_share",),
    ),
    MethodRow(
        FREIGHT,
        Method.FUEL_BY_DISTANCE,
        rank=2,
        parts=(
            Part("fuel", Product(("distance", "fuel_per_km", "vehicles", "allocation_share")), "L"),
            Part(
                "empty running",
                Product(("empty_share", "distance", "fuel_per_km", "vehicles", "allocation_share")),
                "L",
            ),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 4",
        optional=("vehicles", "allocation_share"),
    ),
    MethodRow(
        FREIGHT,
        Method.ALLOCATED,
        rank=2,
        is_primary=True,
        parts=(
            Part(
                "allocated",
                Product(("reported", "own_activity"), per=("total_activity",)),
                "kgCO2e",
                reported=True,
                is_share=True,
            ),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 4, example 4.3, pp. 63-64",
    ),
    _by(Method.DISTANCE_BASED, "mass", unit="tkm", rank=3),
    _by(Method.VOLUME_DISTANCE, "volume", unit="m3_km", rank=3),
    _by(Method.CONTAINER_DISTANCE, "containers", unit="teu_km", rank=3),
    _by(Method.VEHICLE_DISTANCE, "vehicles", unit="km", rank=3),
    MethodRow(
        FREIGHT,
        Method.SITE_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(
            Part("electricity", Product(("electricity", "allocation_share")), "kWh"),
            Part("fuel", Product(("fuel", "allocation_share"))),
            REFRIGERANT,
        ),
        boundary="Scope 1 and 2 of warehouses, distribution centres and shops, by the share of the volume",
        source="Technical Guidance, chapter 4",
    ),
    MethodRow(
        FREIGHT,
        Method.STORAGE,
        rank=4,
        parts=(Part("storage", Product(("volume", "days")), "m3_day"),),
        boundary="Scope 1 and 2 of warehouses, distribution centres and shops",
        source="Technical Guidance, chapter 4, example 4.6, p. 71",
    ),
    MethodRow(
        FREIGHT,
        Method.HUB_THROUGHPUT,
        rank=4,
        parts=(Part("hub", Product(("mass",)), "t"),),
        boundary="Scope 1 and 2 of hubs: what is handled between two legs of a chain",
        source="ISO 14083:2023, hub operations",
    ),
    MethodRow(
        FREIGHT,
        Method.AVERAGE_DATA,
        rank=4,
        parts=(Part("transport", Product(("quantity",))),),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 4",
    ),
    MethodRow(
        FREIGHT,
        Method.SPEND_BASED,
        rank=5,
        parts=(Part("transport", Product(("spend",))),),
        boundary="Scope 1 and 2 of carriers; a spend factor is cradle-to-gate",
        source="Technical Guidance, chapter 4, example 4.4, p. 66",
    ),
)
