"""Category 3: upstream of fuels (A) and energy (B), losses (C), energy that is sold on (D)."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

OF_ENERGY: Final = (Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,)
UPSTREAM: Final = "upstream of purchased fuels and energy, without combustion; losses by who uses the energy"

BOUGHT: Final = Part("upstream", Product(("energy",)), "kWh")
LOST: Final = Product(("energy", "loss_rate"))

ROWS: Final = (
    MethodRow(
        OF_ENERGY,
        Method.SUPPLIER_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(Part("upstream", Product(("quantity",))),),
        boundary=UPSTREAM,
        source="Technical Guidance, chapter 3",
    ),
    MethodRow(
        OF_ENERGY,
        Method.ENERGY_WITH_LOSSES,
        rank=2,
        parts=(BOUGHT, Part("losses", LOST, "kWh"), Part("upstream of losses", LOST, "kWh")),
        boundary="B and C: upstream of the energy used, and the life cycle of what is lost on the way",
        source="Technical Guidance, chapter 3",
    ),
    MethodRow(
        OF_ENERGY,
        Method.ENERGY_WITH_COMBUSTION_LOSSES,
        rank=3,
        parts=(BOUGHT, Part("losses", LOST, "kWh")),
        boundary="B and C: upstream of the energy used, and the combustion of what is lost on the way",
        source="Technical Guidance, chapter 3, example 3.1, pp. 46-47",
    ),
    MethodRow(
        OF_ENERGY,
        Method.LIFE_CYCLE_LESS_COMBUSTION,
        rank=2,
        parts=(Part("life cycle", Product(("fuel",)), less="combustion"),),
        boundary="A: upstream of purchased fuels, without their combustion",
        source="Technical Guidance, chapter 3",
    ),
    MethodRow(
        OF_ENERGY,
        Method.RESOLD_ENERGY,
        rank=2,
        parts=(Part("energy sold on", Product(("quantity",))),),
        boundary="D: the life cycle of energy that is bought and sold to end users",
        source="Technical Guidance, chapter 3",
    ),
    MethodRow(
        OF_ENERGY,
        Method.AVERAGE_DATA,
        rank=4,
        parts=(Part("upstream", Product(("quantity",))),),
        boundary=UPSTREAM,
        source="Technical Guidance, chapter 3",
    ),
    MethodRow(
        OF_ENERGY,
        Method.SPEND_BASED,
        rank=5,
        parts=(Part("upstream", Product(("spend",))),),
        boundary="upstream of purchased fuels, without combustion",
        source="screening estimate",
        in_guidance=False,
    ),
)
