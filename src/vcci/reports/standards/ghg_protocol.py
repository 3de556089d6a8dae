"""GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 11: what a report has to have."""

from typing import Final

from vcci.reports.standards import parts
from vcci.reports.standards.view import StandardReport, requirements
from vcci.services.reported import Reported

SLUG: Final = "ghg-protocol"


def report(reported: Reported) -> StandardReport:
    """Return an inventory by chapter 11 of the standard."""
    asked = requirements(SLUG)
    total = reported.inventory.total_mg_co2e
    return asked.report(
        reported,
        asked.section("categories", "Emissions by category", rows=parts.categories(reported), total_mg=total),
        asked.section("included", "Categories in and out", rows=parts.included(reported)),
        asked.section("rows", "What became of the rows", rows=parts.outcomes(reported)),
        asked.section("biogenic", "Biogenic CO2", rows=parts.biogenic(reported), unit="t CO2"),
        asked.section("methods", "Methods, data sources and GWP values", rows=parts.methods(reported)),
        asked.section(
            "quality", "Data quality", rows=[*parts.quality(reported), *parts.quality_by_category(reported)]
        ),
        asked.section("primary", "Data of suppliers and partners", rows=parts.primary(reported)),
        asked.section("base_year", "Base year", rows=parts.base_year()),
        asked.section("own_scopes", "Scope 1 and Scope 2", rows=parts.own_scopes()),
        asked.section("optional", "What may be told beside it", rows=parts.beside(reported)),
    )
