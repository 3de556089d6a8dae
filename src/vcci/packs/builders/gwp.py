"""Global warming potentials from the IPCC's reports."""

from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.packs.contents import GWP_SETS

COLUMNS: Final = {
    "AR6GWP100": "AR6",
    "AR5GWP100": "AR5",
    "AR5CCFGWP100": "AR5 with feedbacks",
    "AR4GWP100": "AR4",
    "TARGWP100": "TAR",
    "SARGWP100": "SAR",
    "TARGWP20": "TAR GWP-20",
    "AR6GWP20": "AR6 GWP-20",
    "TARGWP500": "TAR GWP-500",
    "AR6GWP500": "AR6 GWP-500",
    "AR6GTP100": "AR6 GTP-100",
}
"""The publisher's columns and our names of the sets; a set without a horizon is over 100 years."""


def ipcc(sources: Path) -> tuple[pl.DataFrame, PackManifest]:
    """Return kg CO2e per kg of each species by set, the latest report first."""
    published = pl.read_csv(
        sources / "factors/ipcc_gwp_sar_to_ar6.csv", comment_prefix="#", infer_schema=False
    ).rename({"Species": "species", **COLUMNS})
    frame = (
        published.unpivot(index="species", variable_name="set", value_name="value")
        .drop_nulls()
        .filter(pl.col("value") != "")
        .sort("species", pl.col("set").cast(pl.Enum(GWP_SETS)))
    )
    return frame, PackManifest(
        name="ipcc-gwp",
        version="0.13.2",
        kind="gwp",
        title="Global warming potentials from SAR to AR6, for 105 species",
        publisher="Intergovernmental Panel on Climate Change, collected by R. Gieseke",
        year=2021,
        licence="CC0 1.0",
        redistribution="yes",
        attribution="IPCC, by way of openclimatedata/globalwarmingpotentials",
        source="https://github.com/openclimatedata/globalwarmingpotentials",
        digest="",
        notes="Methane of AR6 is one value (27.9) that does not part fossil (29.8) from biogenic. CO2 is 1.",
    )
