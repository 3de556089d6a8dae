"""ADEME: foods of Agribalyse, and the everyday equivalents of Impact CO2 (doubtful: without units)."""

from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.packs.builders.figures import plain
from vcci.packs.builders.physical import frame

LICENCE: Final = "Licence Ouverte 2.0"
NO_UNIT: Final = "not stated"
"""The unit of a factor whose publisher gives none: no activity has it, so nothing is calculated with it."""


def agribalyse(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the climate impact of 2,517 foods as eaten in France, per kg."""
    published = pl.read_csv(sources / "factors/fr_ademe_agribalyse_3.1_food_climate.csv", infer_schema=False)
    rows = (
        {
            "id": row["code_agb"],
            "path": f"{row['food_group_fr']} > {row['food_subgroup_fr']}",
            "title": f"{row['lci_name_en']} ({row['product_fr']})",
            "published_unit": "kg",
            "value_kg_co2e": plain(row["climate_change_kgco2e_per_kg"]),
            "region": "FR",
            "year": 2022,
        }
        for row in published.iter_rows(named=True)
    )
    return frame(rows, prefix="agribalyse"), PackManifest(
        name="agribalyse-3.1",
        version="3.1",
        kind="physical_factors",
        title="Agribalyse: climate impact of foods",
        publisher="ADEME and INRAE",
        year=2022,
        licence=LICENCE,
        redistribution="yes, with attribution",
        attribution="ADEME, Licence Ouverte 2.0",
        source="https://agribalyse.ademe.fr/",
        digest="",
        gwp_set="not stated",
        boundary="farm to plate",
        region="FR",
        notes="Products as eaten in France, with its electricity. Not by gas. Headings are French.",
    )


def impact_co2(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return 425 everyday objects and trips; their units are not in the file."""
    published = pl.read_csv(sources / "factors/fr_ademe_impactco2_equivalents.csv", infer_schema=False)
    rows = (
        {
            "id": row["ID"],
            "path": row["Thématique"],
            "title": row["Nom de l'objet ou du geste"],
            "published_unit": NO_UNIT,
            "value_kg_co2e": plain(row["kg CO2e"]),
            "region": "FR",
            "year": 2026,
        }
        for row in published.iter_rows(named=True)
    )
    return frame(rows, prefix="impactco2"), PackManifest(
        name="impact-co2",
        version="mid 2026",
        kind="physical_factors",
        title="Impact CO2: equivalents of everyday objects and trips",
        publisher="ADEME",
        year=2026,
        licence=LICENCE,
        redistribution="yes, with attribution",
        attribution="ADEME, Licence Ouverte 2.0",
        source="https://impactco2.fr/",
        digest="",
        gwp_set="not stated",
        region="FR",
        notes="Per item, per km or per year: the file does not say which. Nothing is calculated with it.",
        standing="doubtful",
    )
