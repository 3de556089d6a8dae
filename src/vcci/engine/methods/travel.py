"""Categories 6 and 7: business travel and the way to work."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

TRAVEL: Final = (Category.BUSINESS_TRAVEL,)
COMMUTING: Final = (Category.EMPLOYEE_COMMUTING,)
CARRIERS: Final = "Scope 1 and 2 of carriers; the life cycle of vehicles is optional"
FLOWN: Final = Product(("distance", "persons", "trips"))


def _commute(parts: tuple[Part, ...], method: Method, *, rank: int, source: str) -> MethodRow:
    return MethodRow(
        COMMUTING,
        method,
        rank=rank,
        parts=parts,
        boundary=CARRIERS,
        source=source,
        optional=("persons", "persons_per_vehicle"),
    )


ROWS: Final = (
    MethodRow(
        (*TRAVEL, *COMMUTING),
        Method.FUEL_BASED,
        rank=1,
        is_primary=True,
        parts=(
            Part("fuel", Product(("fuel", "allocation_share"))),
            Part("electricity", Product(("electricity", "allocation_share")), "kWh"),
            Part("refrigerant", Product(("refrigerant", "allocation_share")), "kg"),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapters 6 and 7",
        optional=("allocation_share",),
    ),
    MethodRow(
        TRAVEL,
        Method.DISTANCE_BASED,
        rank=2,
        parts=(Part("travel", FLOWN, "pkm"),),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 6, example 6.1, pp. 85-86",
        optional=("persons", "trips"),
    ),
    MethodRow(
        TRAVEL,
        Method.VEHICLE_DISTANCE,
        rank=2,
        parts=(
            Part(
                "travel",
                Product(("distance", "vehicles", "persons", "trips"), per=("persons_per_vehicle",)),
                "km",
            ),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 6, example 6.1, pp. 85-86; vehicles are not rounded up",
        optional=("vehicles", "persons", "persons_per_vehicle", "trips"),
    ),
    MethodRow(
        TRAVEL,
        Method.FLIGHT,
        rank=2,
        parts=(
            Part("flight", FLOWN, "pkm"),
            Part("radiative forcing", Product(("forcing_uplift", "distance", "persons", "trips")), "pkm"),
        ),
        boundary="Scope 1 and 2 of carriers; radiative forcing, on CO2 alone, in a line of its own",
        source="Technical Guidance, chapter 6, example 6.1, pp. 85-86; UK conversion factors for forcing",
        optional=("persons", "trips"),
    ),
    MethodRow(
        TRAVEL,
        Method.HOTEL_NIGHTS,
        rank=2,
        parts=(Part("nights", Product(("nights", "persons")), "room_night"),),
        boundary="Scope 1 and 2 of hotels (optional in the Standard)",
        source="Technical Guidance, chapter 6",
        optional=("persons",),
    ),
    MethodRow(
        (*TRAVEL, *COMMUTING),
        Method.AVERAGE_DATA,
        rank=4,
        parts=(Part("travel", Product(("quantity",))),),
        boundary=CARRIERS,
        source="Technical Guidance, chapters 6 and 7",
    ),
    MethodRow(
        TRAVEL,
        Method.SPEND_BASED,
        rank=5,
        parts=(Part("travel", Product(("spend",))),),
        boundary="Scope 1 and 2 of carriers; a spend factor is cradle-to-gate",
        source="Technical Guidance, chapter 6",
    ),
    _commute(
        (
            Part(
                "commute",
                Product(("one_way", "days_per_week", "weeks", "persons"), there_and_back=True),
                "pkm",
            ),
        ),
        Method.DISTANCE_BASED,
        rank=2,
        source="Technical Guidance, chapter 7, example 7.1, p. 90",
    ),
    _commute(
        (
            Part(
                "commute",
                Product(
                    ("one_way", "days_per_week", "weeks", "persons"),
                    per=("persons_per_vehicle",),
                    there_and_back=True,
                ),
                "km",
            ),
        ),
        Method.VEHICLE_DISTANCE,
        rank=2,
        source="Technical Guidance, chapter 7, example 7.1, p. 90",
    ),
    MethodRow(
        COMMUTING,
        Method.HYBRID,
        rank=3,
        parts=(
            Part(
                "commute",
                Product(("persons", "mode_share", "one_way", "days_per_week", "weeks"), there_and_back=True),
                "pkm",
            ),
        ),
        boundary=CARRIERS,
        source="Technical Guidance, chapter 7: staff by mode, of national averages",
    ),
    MethodRow(
        COMMUTING,
        Method.TELEWORK,
        rank=3,
        parts=(Part("telework", Product(("telework", "persons")), "fte_hour"),),
        boundary="energy of working at home (optional in the Standard)",
        source="Technical Guidance, chapter 7",
        optional=("persons",),
    ),
    MethodRow(
        COMMUTING,
        Method.SPEND_BASED,
        rank=5,
        parts=(Part("commute", Product(("spend",))),),
        boundary="cradle-to-gate of transport services",
        source="screening estimate",
        in_guidance=False,
    ),
)
