"""Category 11: the use of sold products."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import Default, MethodRow, Part, Product

USE: Final = (Category.USE_OF_SOLD_PRODUCTS,)
DIRECT: Final = "direct use over the expected life of everything sold in the year"
OF_LIFE: Final = ("units_sold", "lifetime_uses")

ROWS: Final = (
    MethodRow(
        USE,
        Method.DIRECT_USE,
        rank=1,
        parts=(
            Part("electricity", Product(("electricity_per_use", *OF_LIFE)), "kWh"),
            Part("fuel", Product(("fuel_per_use", *OF_LIFE))),
            Part("refrigerant", Product(("leak_per_use", *OF_LIFE)), "kg"),
        ),
        boundary=DIRECT,
        source="Technical Guidance, chapter 11, example 11.1, pp. 117-118",
    ),
    MethodRow(
        USE,
        Method.USE_BY_SCHEDULE,
        rank=1,
        parts=(
            Part(
                "electricity",
                Product(("power", "units_sold", "hours_per_day", "days_per_year", "years")),
                "kWh",
            ),
        ),
        boundary=DIRECT,
        source="Technical Guidance, appendix B, example B.1, pp. 158-159",
    ),
    MethodRow(
        USE,
        Method.FUELS_SOLD,
        rank=1,
        parts=(Part("combustion", Product(("quantity",))),),
        boundary="combustion of fuels and feedstocks sold",
        source="Technical Guidance, chapter 11",
    ),
    MethodRow(
        USE,
        Method.GASES_IN_PRODUCTS,
        rank=1,
        parts=(Part("gas", Product(("gas_per_unit", "units_sold", "release_share")), "kg"),),
        boundary="gases that sold products hold and release",
        source="Technical Guidance, chapter 11: all is released where the share is unknown",
        defaults={"release_share": Default("1", "release_unknown")},
    ),
    MethodRow(
        USE,
        Method.INTERMEDIATE_USE,
        rank=2,
        parts=(
            Part(
                "use of the finished product",
                Product(("lifetime_distance", "units_sold", "part_mass"), per=("product_mass",)),
                "km",
            ),
        ),
        boundary="direct use of the finished product, by the part's share of its mass",
        source="Technical Guidance, chapter 11, example 11.3, p. 124",
    ),
    MethodRow(
        USE,
        Method.INDIRECT_USE,
        rank=3,
        parts=(
            Part(
                "electricity",
                Product(("electricity_per_use", *OF_LIFE, "mode_share")),
                "kWh",
            ),
        ),
        boundary="indirect use (optional in the Standard), by scenario and its share",
        source="Technical Guidance, chapter 11",
        optional=("mode_share",),
    ),
    MethodRow(
        USE,
        Method.AVERAGE_DATA,
        rank=3,
        parts=(Part("use", Product(("quantity",))),),
        boundary=DIRECT,
        source="Technical Guidance, chapter 11: energy of the use phase as measured",
    ),
)
