"""Categories 1 and 2: what is bought, and 10: what becomes of an intermediate product at others' sites."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

BOUGHT: Final = (Category.PURCHASED_GOODS_AND_SERVICES, Category.CAPITAL_GOODS)
CRADLE: Final = "all upstream, cradle-to-gate; capital goods whole in the year of purchase"
PROCESSORS: Final = "Scope 1 and 2 of downstream processors"

WASTE: Final = Part("waste", Product(("waste", "allocation_share")), "kg")
FUEL: Final = Part("fuel", Product(("fuel", "allocation_share")))
ELECTRICITY: Final = Part("electricity", Product(("electricity", "allocation_share")), "kWh")
HEAT: Final = Part("heat", Product(("heat", "allocation_share")), "kWh")
REFRIGERANT: Final = Part("refrigerant", Product(("refrigerant", "allocation_share")), "kg")
SCOPE_1: Final = Part("scope 1", Product(("scope_1", "allocation_share")), "kgCO2e", reported=True)
SCOPE_2: Final = Part("scope 2", Product(("scope_2", "allocation_share")), "kgCO2e", reported=True)

ROWS: Final = (
    MethodRow(
        BOUGHT,
        Method.SUPPLIER_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(Part("product", Product(("quantity",))),),
        boundary=CRADLE,
        source="Technical Guidance, chapter 1, example 1.1, p. 25",
    ),
    MethodRow(
        BOUGHT,
        Method.HYBRID,
        rank=2,
        is_primary=True,
        parts=(
            SCOPE_1,
            SCOPE_2,
            ELECTRICITY,
            FUEL,
            Part("material", Product(("material",))),
            Part("inbound transport", Product(("mass", "distance")), "tkm"),
            WASTE,
        ),
        boundary=CRADLE,
        source="Technical Guidance, chapter 1, example 1.2, pp. 27-29",
        optional=("allocation_share",),
    ),
    MethodRow(
        BOUGHT,
        Method.HYBRID_WITH_GAPS,
        rank=3,
        is_primary=True,
        parts=(
            SCOPE_1,
            SCOPE_2,
            WASTE,
            Part("rest of the product", Product(("quantity",), less=("supplier_share",))),
        ),
        boundary=CRADLE,
        source="Technical Guidance, chapter 1",
        optional=("allocation_share",),
    ),
    MethodRow(
        BOUGHT,
        Method.AVERAGE_DATA,
        rank=4,
        parts=(Part("product", Product(("quantity",))),),
        boundary=CRADLE,
        source="Technical Guidance, chapter 1",
    ),
    MethodRow(
        BOUGHT,
        Method.SPEND_BASED,
        rank=5,
        parts=(Part("product", Product(("spend",))),),
        boundary=CRADLE,
        source="Technical Guidance, chapter 1",
    ),
    MethodRow(
        (Category.PROCESSING_OF_SOLD_PRODUCTS,),
        Method.SITE_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(FUEL, ELECTRICITY, HEAT, REFRIGERANT, WASTE),
        boundary=PROCESSORS,
        source="Technical Guidance, chapter 10, example 10.1, p. 110",
        optional=("allocation_share",),
    ),
    MethodRow(
        (Category.PROCESSING_OF_SOLD_PRODUCTS,),
        Method.AVERAGE_DATA,
        rank=2,
        parts=(Part("processing", Product(("quantity",))),),
        boundary=PROCESSORS,
        source="Technical Guidance, chapter 10",
    ),
)
