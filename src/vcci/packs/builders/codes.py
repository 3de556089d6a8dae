"""Code lists and crosswalks: merchants, procurement, industries and commodities, and airports."""

from pathlib import Path
from typing import Any, Final

import polars as pl
from python_calamine import CalamineWorkbook

from vcci.domain.factor import PackManifest

SECTORS: Final = {
    **dict.fromkeys(("31", "32", "33"), "31-33"),
    **dict.fromkeys(("44", "45"), "44-45"),
    **dict.fromkeys(("48", "49"), "48-49"),
}
"""Sectors of NAICS that span several codes."""

CENSUS: Final = "https://www.census.gov/naics/"
USEEIOR: Final = "https://github.com/USEPA/useeior"


def naics_2022(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the NAICS codes of 2022 with two to six digits."""
    path = sources / "crosswalks/naics_2022_titles_2-6digit_census_original.xlsx"
    _, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    codes = {_code(row[1]): str(row[2]).strip() for row in rows if row[1]}
    frame = pl.DataFrame(
        [(code, title, _parent(code)) for code, title in sorted(codes.items())],
        {"code": pl.String, "title": pl.String, "parent": pl.String},
        orient="row",
    )
    return frame, _manifest(
        name="naics-2022-titles",
        version="2022",
        title="North American Industry Classification System 2022, titles",
        publisher="US Census Bureau",
        licence="public domain",
        attribution="US Census Bureau, NAICS 2022",
        source=CENSUS,
        year=2022,
    )


def _code(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) else str(cell).strip()


def _parent(code: str) -> str:
    return (
        SECTORS.get(code[:2], code[:2])
        if len(code) == 3
        else code[:-1]
        if len(code) > 3 and code.isdigit()
        else ""
    )


def cpv_2008(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the codes of the EU's procurement vocabulary, with check digits."""
    published = pl.read_csv(sources / "crosswalks/eu_cpv_2008_codes_en.csv", infer_schema=False)
    frame = published.select("code", title="name", parent=pl.col("parent").fill_null("")).sort("code")
    return frame, _manifest(
        name="cpv-2008-titles",
        version="2008",
        title="EU Common Procurement Vocabulary 2008, English titles",
        publisher="European Union",
        licence="EU reuse (Regulation 213/2008); packaged under MIT",
        attribution="European Union, CPV 2008, by way of xterr/cpv-codes",
        source="https://github.com/xterr/cpv-codes",
        year=2008,
    )


def merchant_categories(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the four-digit categories of merchants on card statements."""
    published = pl.read_csv(sources / "crosswalks/merchant_category_codes.csv", infer_schema=False)
    frame = published.select(code="mcc", title="edited_description", parent=pl.lit("")).sort("code")
    return frame, _manifest(
        name="mcc-titles",
        version="2020",
        title="Merchant category codes",
        publisher="greggles, from lists of USDA and IRS",
        licence="Unlicense (public domain)",
        attribution="greggles/mcc-codes",
        source="https://github.com/greggles/mcc-codes",
        year=2020,
    )


def useeio_commodities(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the commodities of USEEIO with their long descriptions."""
    published = pl.read_csv(sources / "crosswalks/useeio_commodity_metadata.csv", infer_schema=False)
    frame = published.select(
        code="Code",
        title=pl.col("Name").fill_null(""),
        parent=pl.lit(""),
        category=pl.col("Category").fill_null(""),
        description=pl.col("Description").fill_null(""),
    ).sort("code")
    return frame, _manifest(
        name="useeio-commodities",
        version="2025-07",
        title="Names and descriptions of the commodities of USEEIO",
        publisher="US EPA, useeior",
        licence="MIT",
        attribution="US EPA, useeior (MIT)",
        source=USEEIOR,
        year=2025,
    )


def naics_to_isic(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return which ISIC classes a NAICS industry falls into; a star marks a part of one."""
    published = pl.read_csv(sources / "crosswalks/naics2017_to_isic4_census.csv", infer_schema=False)
    frame = published.select(
        from_code="naics_2017_code",
        to_code="isic4_code",
        from_title="naics_2017_title",
        to_title="isic4_title",
        part_of_from=pl.col("part_of_naics").fill_null(""),
        part_of_to=pl.col("part_of_isic").fill_null(""),
    )
    return _crosswalk(frame), _manifest(
        kind="crosswalk",
        name="naics-2017-to-isic-4",
        version="2017",
        title="NAICS 2017 to ISIC revision 4",
        publisher="US Census Bureau and UN Statistics Division",
        licence="public domain",
        attribution="US Census Bureau, NAICS 2017 to ISIC 4",
        source=CENSUS,
        year=2017,
        notes="Many to many; a star in part_of_from or part_of_to: only a part of the code. NAICS 0 stands "
        "for several industries.",
    )


def naics_to_bea(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return which BEA detail industries, and through them USEEIO commodities, a NAICS industry is of."""
    published = pl.read_csv(
        sources / "crosswalks/naics2017_bea_useeio_crosswalk.csv", infer_schema=False
    ).fill_null("")
    frame = published.select(
        from_code="NAICS_2017_Code",
        to_code="BEA_2017_Detail_Code",
        from_title="NAICS_2017_Name",
        to_title="USEEIO_Name",
        useeio_code="USEEIO_Code",
        summary_code="BEA_2017_Summary_Code",
        sector_code="BEA_2017_Sector_Code",
    )
    return _crosswalk(frame), _manifest(
        kind="crosswalk",
        name="naics-2017-to-bea",
        version="2025-07",
        title="NAICS 2017 to BEA industries and USEEIO commodities",
        publisher="US EPA, useeior",
        licence="MIT",
        attribution="US EPA, useeior (MIT)",
        source=USEEIOR,
        year=2025,
        notes="Some NAICS codes, mostly of construction and government, have several BEA codes. Titles of "
        "the BEA side are USEEIO's.",
    )


def nace_to_exiobase(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return which EXIOBASE products a NACE class makes; NACE codes lost their leading zeros."""
    published = pl.read_csv(
        sources / "crosswalks/nace2_to_exiobase200_products_CC-BY-SA.csv", infer_schema=False
    )
    frame = published.select(
        from_code="NACE2", to_code="EXIOBASE code", from_title=pl.lit(""), to_title="EXIOBASE name"
    )
    return _crosswalk(frame), _manifest(
        kind="crosswalk",
        name="nace-2-to-exiobase",
        version="200 products",
        title="NACE revision 2 to the 200 products of EXIOBASE",
        publisher="EXIOBASE consortium, by way of a third party's bundle",
        licence="CC BY-SA 4.0, as the carrier declares",
        redistribution="share-alike: what is made from it must be under CC BY-SA, too",
        attribution="EXIOBASE 3, CC BY-SA 4.0",
        source="https://github.com/FutureFluent/skills-copilot-codespaces-vscode",
        year=2024,
        notes="Doubtful origin, not compared with EXIOBASE. NACE codes without leading zeros: 1.11 is 01.11.",
        standing="share-alike, doubtful",
    )


def airports(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return the airports that have an IATA code, with coordinates in decimal degrees."""
    published = pl.read_csv(sources / "crosswalks/airports_iata_coordinates.csv", infer_schema=False)
    frame = published.select(
        "iata",
        latitude="lat",
        longitude="lon",
        country="country",
        name="name",
        city=pl.col("city").fill_null(""),
    ).sort("iata")
    return frame, _manifest(
        kind="airports",
        name="airports",
        version="2026-09",
        title="Airports with IATA codes and coordinates",
        publisher="M. Borsetti, airportsdata",
        licence="MIT",
        attribution="airportsdata, Copyright M. Borsetti (MIT)",
        source="https://github.com/mborsetti/airportsdata",
        year=2026,
    )


def _crosswalk(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unique(maintain_order=True).sort("from_code", "to_code", maintain_order=True)


def _manifest(*, kind: str = "titles", redistribution: str = "yes", **said: Any) -> PackManifest:
    return PackManifest(**said, kind=kind, redistribution=redistribution, digest="")
