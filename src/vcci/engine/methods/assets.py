"""Categories 8, 13 and 14: leased assets and franchises."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product
from vcci.engine.methods.goods import ELECTRICITY, FUEL, HEAT, REFRIGERANT, SCOPE_1, SCOPE_2

LEASED: Final = (Category.UPSTREAM_LEASED_ASSETS, Category.DOWNSTREAM_LEASED_ASSETS)
FRANCHISES: Final = (Category.FRANCHISES,)
INSTRUMENTS: Final = ("certificate_share", "contract_share", "supplier_rate_share")
OF_LEASE: Final = "Scope 1 and 2 of the asset in use, where it is not in the company's own Scope 1 and 2"
OF_FRANCHISES: Final = "Scope 1 and 2 of franchisees"


def _of_building(name: str, whole: str, unit: str) -> Part:
    return Part(name, Product((whole, "own_area"), per=("building_area", "occupancy")), unit, is_share=True)


def _of_group(name: str) -> Part:
    whole = name.replace(" ", "_")
    return Part(name, Product((whole, "group_size"), per=("sampled",)), "kgCO2e", reported=True)


ROWS: Final = (
    MethodRow(
        LEASED,
        Method.ASSET_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(SCOPE_1, SCOPE_2, FUEL, ELECTRICITY, HEAT, REFRIGERANT),
        boundary=OF_LEASE,
        source="Technical Guidance, chapters 8 and 13",
        optional=("allocation_share",),
    ),
    MethodRow(
        (*LEASED, *FRANCHISES),
        Method.LOCATION_BASED_ELECTRICITY,
        rank=2,
        parts=(Part("grid average", Product(("electricity", "allocation_share")), "kWh"),),
        boundary=OF_LEASE,
        source="Scope 2 Guidance (2015): the average of the grid",
        optional=("allocation_share",),
    ),
    MethodRow(
        (*LEASED, *FRANCHISES),
        Method.MARKET_BASED_ELECTRICITY,
        rank=2,
        parts=(
            Part("certificates", Product(("certificate_share", "electricity")), "kWh"),
            Part("contracts", Product(("contract_share", "electricity")), "kWh"),
            Part("supplier rate", Product(("supplier_rate_share", "electricity")), "kWh"),
            Part("residual mix", Product(("electricity",), less=INSTRUMENTS), "kWh"),
        ),
        boundary=OF_LEASE,
        source="Scope 2 Guidance (2015): instruments in their order, and the residual mix for the rest",
        optional=INSTRUMENTS,
        shares=INSTRUMENTS,
    ),
    MethodRow(
        LEASED,
        Method.BUILDING_BY_AREA,
        rank=2,
        is_primary=True,
        parts=(
            _of_building("electricity", "building_electricity", "kWh"),
            _of_building("heat", "building_heat", "kWh"),
            _of_building("refrigerant", "building_refrigerant", "kg"),
        ),
        boundary=OF_LEASE,
        source="Technical Guidance, chapter 8, example 8.1, pp. 97-98",
        optional=("occupancy",),
    ),
    MethodRow(
        (*LEASED, *FRANCHISES),
        Method.AVERAGE_BY_AREA,
        rank=3,
        parts=(Part("building", Product(("area",)), "m2"), Part("assets", Product(("assets",)), "piece")),
        boundary=OF_LEASE,
        source="Technical Guidance, chapters 8, 13 and 14",
    ),
    MethodRow(
        (*LEASED, *FRANCHISES),
        Method.AVERAGE_DATA,
        rank=3,
        parts=(Part("use", Product(("quantity",))),),
        boundary=OF_LEASE,
        source="Technical Guidance, chapters 8, 13 and 14",
    ),
    MethodRow(
        (Category.UPSTREAM_LEASED_ASSETS,),
        Method.SPEND_BASED,
        rank=4,
        parts=(Part("lease", Product(("spend",))),),
        boundary="cradle-to-gate of the lease's service",
        source="screening estimate",
        in_guidance=False,
    ),
    MethodRow(
        FRANCHISES,
        Method.FRANCHISE_SPECIFIC,
        rank=1,
        is_primary=True,
        parts=(SCOPE_1, SCOPE_2, FUEL, ELECTRICITY, HEAT, REFRIGERANT),
        boundary=OF_FRANCHISES,
        source="Technical Guidance, chapter 14, example 14.1, p. 133",
        optional=("allocation_share",),
    ),
    MethodRow(
        FRANCHISES,
        Method.FRANCHISE_SAMPLE,
        rank=2,
        parts=(_of_group("scope 1"), _of_group("scope 2")),
        boundary=OF_FRANCHISES,
        source="Technical Guidance, chapter 14, and appendix A",
    ),
)
