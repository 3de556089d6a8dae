"""IFRS S2, paragraph 29(a) and appendix B: Scope 3 emissions, and the framework of their measurement."""

from typing import Final

from vcci.reports.standards import parts
from vcci.reports.standards.view import StandardReport, missing, requirements
from vcci.services.reported import Reported

SLUG: Final = "ifrs-s2"

VERIFIED: Final = missing(
    "Share of verified inputs",
    "Whether an input was verified is not recorded with a row.",
    "State it from the assurance of suppliers' figures and of activity data.",
)
IMPRACTICABLE: Final = missing(
    "Whether Scope 3 was impracticable to estimate",
    "That is for the entity to judge; it is not calculated.",
    "Where a category above has no data, say how it is managed, or that estimating it was impracticable.",
)
FINANCED: Final = missing(
    "Financed emissions by Scope, industry and asset class",
    "They are not calculated: category 15 above is all that the inventory has of investments.",
    "For asset management, commercial banking or insurance, add gross exposure, undrawn commitments and"
    " the share that is covered, from a portfolio system.",
)


def report(reported: Reported) -> StandardReport:
    """Return an inventory by IFRS S2."""
    asked = requirements(SLUG)
    total = reported.inventory.total_mg_co2e
    return asked.report(
        reported,
        asked.section(
            "categories", "Gross Scope 3 by category", rows=parts.categories(reported), total_mg=total
        ),
        asked.section(
            "approach", "Measurement approach, inputs and assumptions", rows=parts.methods(reported)
        ),
        asked.section("gwp", "GWP values", rows=parts.gwp(reported)),
        asked.section("primary", "Inputs from the value chain", rows=parts.primary(reported)),
        asked.section("quality", "Data quality", rows=parts.quality_by_category(reported)),
        asked.section("verified", "Verified inputs", rows=[VERIFIED]),
        asked.section("impracticable", "What could not be estimated", rows=[IMPRACTICABLE]),
        asked.section("financed", "Financed emissions", rows=[FINANCED]),
        asked.section("own_scopes", "Scope 1 and Scope 2", rows=parts.own_scopes()),
    )
