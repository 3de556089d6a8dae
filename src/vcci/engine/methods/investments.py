"""Category 15: investments, by the Technical Guidance and by PCAF."""

from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.method import MethodRow, Part, Product

INVESTED: Final = (Category.INVESTMENTS,)
OF_INVESTEE: Final = "Scope 1 and 2 of the investee; Scope 3 where significant"
PCAF: Final = "PCAF, Global GHG Accounting and Reporting Standard, part A, 2nd ed. (2022), chapter 5"
OF_PROJECT: Final = "Scope 1 and 2 of the project in the reporting year"


def _reported(*of: str, per: tuple[str, ...] = (), per_sum: tuple[str, ...] = ()) -> tuple[Part, ...]:
    """Return a part for each way in which emissions may be reported, each by the same share."""
    named = {"scope_1": "scope 1", "scope_2": "scope 2", "scope_3": "scope 3", "reported": "reported"}
    return tuple(
        Part(
            name,
            Product((given, *of), per=per, per_sum=per_sum),
            "kgCO2e",
            reported=True,
            is_share=bool(per or per_sum),
        )
        for given, name in named.items()
    )


ROWS: Final = (
    MethodRow(
        INVESTED,
        Method.EQUITY_INVESTMENT,
        rank=1,
        is_primary=True,
        parts=_reported("equity_share"),
        boundary=OF_INVESTEE,
        source="Technical Guidance, chapter 15, example 15.1, pp. 142-143",
    ),
    MethodRow(
        INVESTED,
        Method.EQUITY_BY_REVENUE,
        rank=2,
        parts=(Part("sector", Product(("revenue", "equity_share"))),),
        boundary=OF_INVESTEE,
        source="Technical Guidance, chapter 15",
    ),
    MethodRow(
        INVESTED,
        Method.PROJECT_FINANCE,
        rank=1,
        is_primary=True,
        parts=_reported("invested", per_sum=("total_equity", "total_debt")),
        boundary=OF_PROJECT,
        source="Technical Guidance, chapter 15",
    ),
    MethodRow(
        INVESTED,
        Method.PROJECT_DEBT,
        rank=1,
        is_primary=True,
        parts=_reported("invested", per=("project_cost",)),
        boundary=OF_PROJECT,
        source="Technical Guidance, chapter 15, example 15.3, p. 148",
    ),
    MethodRow(
        INVESTED,
        Method.PROJECT_BY_COST,
        rank=2,
        parts=(Part("sector", Product(("cost", "project_share"))),),
        boundary=OF_PROJECT,
        source="Technical Guidance, chapter 15, example 15.4, pp. 150-151",
    ),
    MethodRow(
        INVESTED,
        Method.LIFETIME_PROJECTION,
        rank=1,
        parts=_reported("years", "project_share"),
        boundary="lifetime of a project financed for the first time in the year",
        source="Technical Guidance, chapter 15, example 15.5, p. 152",
        is_apart=True,
    ),
    MethodRow(
        INVESTED,
        Method.FINANCED_EMISSIONS,
        rank=1,
        is_primary=True,
        parts=_reported("outstanding", per=("value",)),
        boundary="PCAF: absolute emissions of the investee by what is outstanding over its value",
        source=PCAF,
    ),
    MethodRow(
        INVESTED,
        Method.FINANCED_BY_ATTRIBUTION,
        rank=1,
        is_primary=True,
        parts=_reported("attribution"),
        boundary="PCAF: absolute emissions of the investee by an attribution factor worked out before",
        source=PCAF,
    ),
    MethodRow(
        INVESTED,
        Method.FINANCED_APART,
        rank=1,
        parts=tuple(
            Part(name.replace("_", " "), Product((name, "attribution")), "kgCO2e", reported=True)
            for name in ("removals", "credits_retired", "credits_generated")
        ),
        boundary="PCAF: removals and credits of the investee, beside its emissions and never netted",
        source=PCAF,
        is_apart=True,
    ),
    MethodRow(
        INVESTED,
        Method.AVERAGE_DATA,
        rank=3,
        parts=(Part("emissions", Product(("quantity",))),),
        boundary=OF_INVESTEE,
        source="Technical Guidance, chapter 15",
    ),
)
