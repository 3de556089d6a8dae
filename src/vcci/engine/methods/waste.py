"""Categories 5 and 12: waste of the company's operations, and its products at the end of their life.

Recycling is cut off where the material becomes an input to others; energy recovery counts preparation and
transport only. All future emissions of a landfill fall in the year of disposal.
"""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

WASTE: Final = (Category.WASTE_GENERATED_IN_OPERATIONS,)
END_OF_LIFE: Final = (Category.END_OF_LIFE_TREATMENT_OF_SOLD_PRODUCTS,)
TREATERS: Final = "Scope 1 and 2 of waste treatment; transport is optional"
SHARES: Final = ("landfill_share", "incineration_share", "recycling_share", "composting_share")


def _treated(whole: str, unit: str) -> tuple[Part, ...]:
    """Return a part for each treatment, by its share of the whole."""
    return tuple(Part(share.removesuffix("_share"), Product((share, whole)), unit) for share in SHARES)


ROWS: Final = (
    MethodRow(
        WASTE,
        Method.SUPPLIER_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(
            Part("scope 1", Product(("scope_1", "allocation_share")), "kgCO2e", reported=True),
            Part("scope 2", Product(("scope_2", "allocation_share")), "kgCO2e", reported=True),
        ),
        boundary=TREATERS,
        source="Technical Guidance, chapter 5",
        optional=("allocation_share",),
    ),
    MethodRow(
        (*WASTE, *END_OF_LIFE),
        Method.WASTE_TYPE_SPECIFIC,
        rank=2,
        parts=(Part("treatment", Product(("quantity",))), *_treated("sold", "t")),
        boundary=TREATERS,
        source="Technical Guidance, chapter 5, example 5.1, p. 75, and chapter 12, example 12.1, p. 127",
        shares=SHARES,
    ),
    MethodRow(
        WASTE,
        Method.AVERAGE_DATA,
        rank=3,
        parts=(Part("treatment", Product(("quantity",))), *_treated("waste", "kg")),
        boundary=TREATERS,
        source="Technical Guidance, chapter 5",
        shares=SHARES,
    ),
    MethodRow(
        END_OF_LIFE,
        Method.AVERAGE_DATA,
        rank=3,
        parts=(Part("treatment", Product(("quantity",))),),
        boundary=TREATERS,
        source="Technical Guidance, chapter 12",
    ),
    MethodRow(
        WASTE,
        Method.SPEND_BASED,
        rank=4,
        parts=(Part("treatment", Product(("spend",))),),
        boundary="cradle-to-gate of waste services",
        source="screening estimate",
        in_guidance=False,
    ),
)
