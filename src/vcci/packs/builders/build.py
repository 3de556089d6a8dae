"""Write packs: a deterministic Parquet file and the manifest that vouches for it."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import polars as pl
import yaml

from vcci.domain.factor import PackManifest
from vcci.packs.builders import ademe, codes, desnz, doubtful, epa, grid, gwp, hub, prices, rates, titles
from vcci.packs.library import DATA, MANIFEST

BUILDERS = {
    "epa-supply-chain-1.3.0": epa.version_1_3_0,
    "epa-supply-chain-1.2.0": epa.version_1_2_0,
    "ecb-rates": rates.ecb,
    "bea-price-index": prices.bea,
    "us-cpi": prices.cpi,
    "naics-2017-titles": titles.naics_2017,
    "epa-supply-chain-1.2.0-by-gas": epa.version_1_2_0_by_gas,
    "ipcc-gwp": gwp.ipcc,
    "desnz-2025": desnz.flat_2025,
    "desnz-2024": desnz.flat_2024,
    "desnz-2023": desnz.condensed_2023,
    "epa-hub-2025": hub.edition_2025,
    "epa-hub-2024": hub.edition_2024,
    "epa-hub-2023": hub.edition_2023,
    "ember-grid": grid.ember,
    "owid-grid": grid.owid,
    "electricity-maps-grid": grid.electricity_maps,
    "agribalyse-3.1": ademe.agribalyse,
    "impact-co2": ademe.impact_co2,
    "india-community-1.2": doubtful.india,
    "exiobase-3.4-consumption": doubtful.exiobase,
    "naics-2022-titles": codes.naics_2022,
    "cpv-2008-titles": codes.cpv_2008,
    "mcc-titles": codes.merchant_categories,
    "useeio-commodities": codes.useeio_commodities,
    "naics-2017-to-isic-4": codes.naics_to_isic,
    "naics-2017-to-bea": codes.naics_to_bea,
    "nace-2-to-exiobase": codes.nace_to_exiobase,
    "airports": codes.airports,
}
"""Every pack that ships, with the function that makes its frame and manifest from the sources' folder."""


def build_all(sources: Path, out: Path) -> list[str]:
    """Build every pack from `sources` into `out`; return their names."""
    for name, builder in BUILDERS.items():
        frame, manifest = builder(sources)
        write_pack(out / name, frame, manifest)
    return list(BUILDERS)


def write_pack(folder: Path, frame: pl.DataFrame, manifest: PackManifest) -> None:
    """Write one pack; the same frame gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / DATA, compression="zstd", compression_level=19, statistics=False)
    digest = hashlib.sha256((folder / DATA).read_bytes()).hexdigest()
    described = asdict(manifest) | {"digest": digest, "rows": frame.height}
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
