"""US EPA supply-chain factors: kg CO2e per US dollar by NAICS 2017 commodity."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.packs.builders.figures import plain

_CROSSWALK = "crosswalks/naics2017_bea_useeio_crosswalk.csv"
_VALUES = ("without_margins", "margins", "with_margins")

SPECIES = {
    "Carbon dioxide": "CO2",
    "Carbon tetrafluoride": "CF4",
    "HFC-125": "HFC125",
    "HFC-134a": "HFC134a",
    "HFC-143a": "HFC143a",
    "HFC-23": "HFC23",
    "HFC-236fa": "HFC236fa",
    "HFC-32": "HFC32",
    "HFCs and PFCs, unspecified": "CO2e",
    "Hexafluoroethane": "C2F6",
    "Methane": "CH4",
    "Nitrogen trifluoride": "NF3",
    "Nitrous oxide": "N2O",
    "Perfluorocyclobutane": "cC4F8",
    "Perfluoropropane": "C3F8",
    "Sulfur hexafluoride": "SF6",
}
"""The gases by EPA's names, as the pack of GWPs calls them; what is not specified is in kg CO2e already."""


def version_1_3_0(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return v1.3.0 (July 2024): emissions of 2022, prices of 2022, AR5."""
    frame = _frame(sources, "factors/us_epa_supply_chain_v1.3.0_naics6_co2e_usd2022.csv")
    return frame, _manifest(version="1.3.0", year=2024, price_year=2022, gwp_set="AR5")


def version_1_2_0(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return v1.2 (April 2023): emissions of 2019, prices of 2021, AR4."""
    frame = _frame(sources, "factors/us_epa_supply_chain_v1.2_naics6_co2e_usd2021.csv")
    return frame, _manifest(version="1.2.0", year=2023, price_year=2021, gwp_set="AR4")


def version_1_2_0_by_gas(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return v1.2 by gas: kg of each of 16 gases per dollar."""
    published = pl.read_parquet(sources / "factors/us_epa_supply_chain_v1.2_naics6_bygas_usd2021.parquet")
    columns = dict(
        zip(published.columns, ("code", "title", "gas", "unit", *_VALUES, "useeio_code"), strict=True)
    )
    frame = (
        published.rename(columns)
        .with_columns(
            *(pl.col(name).map_elements(plain, return_dtype=pl.String) for name in _VALUES),
            species=pl.col("gas").replace_strict(SPECIES),
        )
        .select("code", "title", "gas", "species", *_VALUES)
        .sort("code", "gas")
    )
    described = _manifest(version="1.2.0", year=2023, price_year=2021, gwp_set="")
    return frame, replace(
        described,
        name="epa-supply-chain-1.2.0-by-gas",
        kind="gas_factors",
        gases="kg of each gas; 'HFCs and PFCs, unspecified' is kg CO2e",
        notes=f"{described.notes} Figures have three significant digits.",
    )


def _frame(sources: Path, name: str) -> pl.DataFrame:
    published = pl.read_csv(sources / name, infer_schema=False)
    columns = dict(
        zip(published.columns, ("code", "title", "ghg", "unit", *_VALUES, "useeio_code"), strict=True)
    )
    crosswalk = (
        pl.read_csv(sources / _CROSSWALK, infer_schema=False)
        .select(code="NAICS_2017_Code", bea_code="BEA_2017_Detail_Code")
        .drop_nulls()
        .unique()
        .group_by("code")
        .agg(pl.col("bea_code").min(), bea_codes=pl.col("bea_code").n_unique().cast(pl.Int16))
    )
    return (
        published.rename(columns)
        .drop("ghg", "unit")
        .join(crosswalk, on="code", how="left")
        .with_columns(pl.col("bea_code").fill_null(""), pl.col("bea_codes").fill_null(0))
        .sort("code")
    )


def _manifest(*, version: str, year: int, price_year: int, gwp_set: str) -> PackManifest:
    return PackManifest(
        name=f"epa-supply-chain-{version}",
        version=version,
        kind="factors",
        title="Supply Chain Greenhouse Gas Emission Factors for US Commodities and Industries",
        publisher="US EPA, Office of Research and Development",
        year=year,
        licence="public domain (17 USC 105)",
        redistribution="yes",
        attribution=f"US EPA, Supply Chain GHG Emission Factors v{version}",
        source="https://doi.org/10.23719/1531143"
        if version == "1.3.0"
        else "https://doi.org/10.23719/1528686",
        digest="",
        currency="USD",
        price_year=price_year,
        price_basis="purchaser (with margins) and basic (without margins)",
        gwp_set=gwp_set,
        boundary="cradle-to-gate, with margins: to the point of sale",
        region="US",
        notes="No electricity, government or household sectors. Imports by domestic technology. "
        "BEA detail codes for deflation are from the EPA's useeior crosswalk (MIT).",
    )
