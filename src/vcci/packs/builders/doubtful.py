"""Sets of doubtful origin, kept apart and marked: Indian community factors, EXIOBASE by consumption."""

import re
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.packs.builders.figures import plain
from vcci.packs.builders.physical import frame, levels, slug

NORWAY: Final = {"False": "NO"}
"""The carrier's file has the YAML reading of Norway's code."""

CO2_PER: Final = re.compile(r"^kgCO2e?/(.+)$")


def india(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the community's factors for India; percentages and rows per head of CH4 are left out."""
    published = pl.read_csv(
        sources / "factors/india_open_emission_factors_v1.2_community.csv", infer_schema=False
    )
    rows = (
        {
            "id": row["id"],
            "path": f"{row['sector']} > {row['geography']}",
            "title": row["factor_name"],
            "published_unit": per.group(1),
            "value_kg_co2e": plain(row["value"]),
            "region": "" if row["geography"] == "Global" else "IN",
            "year": int(row["publication_year"]),
            "scope": row["scope"],
        }
        for row in published.iter_rows(named=True)
        if (per := CO2_PER.match(row["unit"]))
    )
    return frame(rows, prefix="india"), PackManifest(
        name="india-community-1.2",
        version="1.2",
        kind="physical_factors",
        title="Open emission factors for India, a community's compilation",
        publisher="Gokul Krishna T. B., from CEA, PFC, PPAC and IPCC",
        year=2026,
        licence="CC0 1.0",
        redistribution="yes",
        attribution="Open India Emission Factors v1.2",
        source="https://github.com/Creator619-Python/open-india-emission-factors",
        digest="",
        gwp_set="not stated",
        region="IN",
        notes="Indicative: state and regional grid values are not published by CEA, several factors are IPCC "
        "defaults. Electricity and some processes are CO2 alone. 32 loss percentages and 3 rows of CH4 are "
        "left out.",
        standing="doubtful",
    )


def exiobase(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return kg CO2e per euro of 2011 by consumption category and country."""
    published = pl.read_csv(
        sources / "factors/exiobase34_coicop_spend_factors_eur2011_CC-BY-SA.csv", infer_schema=False
    )
    return frame(map(_of_consumption, published.rows()), prefix="exiobase34"), PackManifest(
        name="exiobase-3.4-consumption",
        version="3.4, base year 2011",
        kind="physical_factors",
        title="EXIOBASE spend factors by consumption category (COICOP) and country",
        publisher="EXIOBASE consortium, derived by Electricity Maps (bloom)",
        year=2021,
        licence="CC BY-SA 4.0",
        redistribution="share-alike: what is made from it must be under CC BY-SA, too",
        attribution="EXIOBASE 3, CC BY-SA 4.0",
        source="https://github.com/electricitymaps/bloom-contrib",
        digest="",
        currency="EUR",
        price_year=2011,
        price_basis="basic",
        gwp_set="not stated",
        boundary="cradle-to-gate",
        notes="Doubtful for reporting: prices and technology of 2011, households' classes, a third party's "
        "derivation. A last resort outside the USA, for euros of 2011. Norway's code, lost by the carrier, "
        "is put right.",
        standing="share-alike, doubtful",
    )


def _of_consumption(row: tuple[str, str, str, str]) -> dict[str, object]:
    consumed, _, place, figure = row
    region = NORWAY.get(place, place)
    path, title = levels(region, *consumed.split(" > "))
    return {
        "id": f"{region}:{slug(*consumed.split(' > '))}",
        "path": path,
        "title": title,
        "published_unit": "EUR",
        "value_kg_co2e": plain(figure),
        "region": region,
        "year": 2011,
    }
