"""ESRS E1-6: gross Scope 3 emissions by category; what else E1-6 asks for is named as missing."""

from typing import Final

from vcci.reports.standards import parts
from vcci.reports.standards.view import StandardReport, missing, requirements
from vcci.services.reported import Reported

SLUG: Final = "esrs-e1-6"

SIGNIFICANT: Final = missing(
    "Which categories are significant",
    "That is for the undertaking to judge; all fifteen are shown, and none is taken for significant.",
    "Judge each category by its size and by the criteria of the standard, and say so in the statement.",
)
TOTAL: Final = missing(
    "Total emissions of Scopes 1, 2 and 3, by location and by market",
    "Scope 1 and Scope 2 are not calculated here, so there is no sum with them.",
    "Add the total of Scope 3 above to the gross Scope 1 and Scope 2 emissions of another system.",
)
INTENSITY: Final = missing(
    "Emissions per net revenue",
    "The net revenue is not known here, and Scope 1 and Scope 2 are not calculated.",
    "Divide total emissions by the net revenue of the financial statements, and reconcile it with them.",
)


def report(reported: Reported) -> StandardReport:
    """Return an inventory by E1-6."""
    asked = requirements(SLUG)
    total = reported.inventory.total_mg_co2e
    categories = parts.categories(reported)
    return asked.report(
        reported,
        asked.section("categories", "Gross Scope 3 by category", rows=categories, total_mg=total),
        asked.section(
            "included", "Categories included and left out", rows=[SIGNIFICANT, *parts.included(reported)]
        ),
        asked.section("primary", "Share of primary data", rows=parts.primary(reported)),
        asked.section("methods", "Boundaries and methods", rows=parts.methods(reported)),
        asked.section("gwp", "GWP values", rows=parts.gwp(reported)),
        asked.section("biogenic", "Biogenic CO2", rows=parts.biogenic(reported), unit="t CO2"),
        asked.section("quality", "Data quality", rows=parts.quality_by_category(reported)),
        asked.section("own_scopes", "Scope 1 and Scope 2", rows=parts.own_scopes()),
        asked.section("total", "Total emissions", rows=[TOTAL]),
        asked.section("intensity", "Intensity", rows=[INTENSITY]),
    )
