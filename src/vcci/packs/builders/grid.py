"""Grid intensity by country or zone: Ember, Our World in Data, Electricity Maps (share-alike)."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.domain.iso3166 import ALPHA_2
from vcci.packs.builders.figures import plain
from vcci.packs.builders.physical import frame

KG_PER_G: Final = Decimal("0.001")

LATEST: Final = "One value for each country or region, of its latest year; years differ. "


def ember(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the latest year of each country; regions without ISO code go by their names."""
    published = pl.read_csv(
        sources / "factors/grid_intensity_ember_latest_year_by_country.csv", infer_schema=False
    )
    rows = (
        (row["country_code"] or row["key"], row["country_or_region"], row["year"],
         row["emissions_intensity_gco2_per_kwh"])
        for row in published.iter_rows(named=True)
    )  # fmt: skip
    return _latest(rows), _manifest(
        name="ember-grid",
        version="2022 to 2024",
        title="Average carbon intensity of electricity by country",
        publisher="Ember, by way of The Green Web Foundation",
        licence="CC BY 4.0",
        redistribution="yes, with attribution",
        attribution="Ember, CC BY 4.0",
        source="https://ember-energy.org/data/",
        notes=LATEST
        + "Life-cycle factors of the fuels: not the same as national factors of combustion alone.",
    )


def owid(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the latest year of each country as Our World in Data has it."""
    published = pl.read_csv(sources / "factors/grid_mix_owid_ember_by_country.csv", infer_schema=False)
    rows = published.select("iso3", "country", "year", "carbon_intensity_gco2e_per_kwh").iter_rows()
    return _latest(rows), _manifest(
        name="owid-grid",
        version="2022 to 2023",
        title="Carbon intensity of electricity generation by country",
        publisher="Our World in Data, from Ember and the Energy Institute",
        licence="CC BY 4.0",
        redistribution="yes, with attribution",
        attribution="Our World in Data, CC BY 4.0",
        source="https://ourworldindata.org/grapher/carbon-intensity-electricity",
        notes=LATEST + "As packaged by codecarbon. A second source to hold Ember against.",
    )


def electricity_maps(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return every year of each zone, the latest first; a zone with a year of its own is `zone:year`."""
    published = pl.read_csv(
        sources / "factors/grid_intensity_electricitymaps_2021_2025_ODbL.csv", infer_schema=False
    ).sort("zone", "year", descending=[False, True])
    rows = (
        _row(f"{zone}:{year}", zone, year, figure)
        for zone, year, figure in published.select(published.columns[:3]).iter_rows()
    )
    return frame(rows, prefix="grid"), _manifest(
        name="electricity-maps-grid",
        version="2021 to 2025",
        title="Yearly life-cycle intensity of consumed electricity by zone, flow-traced",
        publisher="Electricity Maps, by way of The Green Web Foundation",
        licence="ODbL 1.0",
        redistribution="share-alike: a database made from it must be under ODbL, too",
        attribution="Electricity Maps, ODbL",
        source="https://www.electricitymaps.com/",
        notes="Rounded to whole grams. Of consumption, so it differs from Ember, which is of generation.",
        standing="share-alike",
    )


def _latest(published: Iterable[tuple[str, str, str, str]]) -> pl.DataFrame:
    rows = sorted((ALPHA_2.get(code, code), name, year, figure) for code, name, year, figure in published)
    return frame((_row(code, name, year, figure) for code, name, year, figure in rows), prefix="grid")


def _row(*said: str) -> dict[str, Any]:
    name, place, year, grams = said
    return {
        "id": name,
        "path": "Grid electricity",
        "title": place,
        "published_unit": "kWh",
        "value_kg_co2e": plain(Decimal(grams) * KG_PER_G),
        "region": name.partition(":")[0],
        "year": int(year),
        "scope": "Scope 2",
    }


def _manifest(**said: Any) -> PackManifest:
    return PackManifest(
        **said,
        kind="physical_factors",
        year=2026,
        digest="",
        gwp_set="not stated",
        boundary="life cycle of generation; no losses of transmission and distribution",
    )
