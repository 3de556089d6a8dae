"""Small packs, written as a user would write one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vcci.domain.factor import PackManifest
from vcci.packs.builders.build import write_pack

MakePack = Callable[..., str]

ROWS: dict[str, Any] = {
    "factors": {
        "code": ["541511"], "title": ["Custom software"],
        "with_margins": ["0.084"], "without_margins": ["0.080"], "margins": ["0.004"],
    },
    "rates": {"currency": ["USD"], "date": ["2024-03-01"], "per_euro": ["1.0813"]},
    "price_index": {"series": ["5415"], "year": [2022], "index": ["104.5"], "months": [12]},
    "titles": {"code": ["54"], "title": ["Services"], "parent": [""]},
    "physical_factors": {
        "id": ["rail"], "activity": ["ours:rail"], "title": ["Rail"], "path": ["Travel > Land"],
        "unit": ["pkm"], "published_unit": ["passenger.km"], "value_kg_co2e": ["0.03546"],
        "co2_kg": ["0.0351"], "ch4_kg_co2e": ["0.00008"], "n2o_kg_co2e": ["0.00028"],
        "biogenic_co2_kg": [None], "region": ["GB"], "year": [2025], "scope": ["Scope 3"],
    },
    "gas_factors": {
        "code": ["541511"], "title": ["Custom software"], "gas": ["Methane"], "species": ["CH4"],
        "with_margins": ["0.001"], "without_margins": ["0.001"], "margins": ["0"],
    },
    "gwp": {"species": ["CH4"], "set": ["AR6"], "value": ["27.9"]},
    "crosswalk": {"from_code": ["541511"], "to_code": ["6201"], "from_title": ["a"], "to_title": ["b"]},
    "airports": {
        "iata": ["LHR"], "country": ["GB"], "name": ["Heathrow"],
        "latitude": ["51.4706"], "longitude": ["-0.4619"],
    },
}  # fmt: skip


@pytest.fixture
def make_pack(tmp_path: Path) -> MakePack:
    """Write a pack of a kind, with columns of one's own in place of the usual ones; return its folder."""

    def make(kind: str = "factors", *, name: str = "my-pack", folder: str = "", **columns: Any) -> str:
        frame = pl.DataFrame({**ROWS[kind], **columns})
        if kind == "rates":
            frame = frame.with_columns(pl.col("date").str.to_date())
        manifest = PackManifest(
            name=name, version="1", kind=kind, title="Own factors", publisher="We", year=2024, licence="own",
            redistribution="no", attribution="We", source="our books", digest="", currency="USD",
            price_year=2022, gwp_set="AR5", region="US",
        )  # fmt: skip
        write_pack(tmp_path / (folder or name), frame, manifest)
        return str(tmp_path / (folder or name))

    return make
