"""A folder of results, opened again: what its inventory says of the run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.inventory import PackInUse
from vcci.errors import InputError

INVENTORY = "inventory.json"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The parts of inventory.json that a reader of results needs."""

    folder: Path
    document: dict[str, Any]

    @property
    def digest(self) -> str:
        """The digest that names the run."""
        return str(self.document["run_digest"])

    def table(self, name: str) -> pl.DataFrame:
        """Return one of the run's tables, such as `multipliers`."""
        return pl.read_parquet(self.folder / f"{name}.parquet")

    @property
    def total(self) -> str:
        """The total, as a text."""
        return f"{self.document['total_mg_co2e']} mg CO2e"

    @property
    def parameters(self) -> dict[str, str]:
        """What the run held to, as texts."""
        return dict(self.document["parameters"])

    @property
    def packs(self) -> tuple[PackInUse, ...]:
        """The packs that the run used, with their digests."""
        return tuple(PackInUse(**pack) for pack in self.document["packs"])


def open_run(folder: Path) -> StoredRun:
    """Return the run in a folder of results; `InputError` where it holds none."""
    try:
        document = json.loads((folder / INVENTORY).read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} holds no results of a run: {INVENTORY} cannot be read.",
            remedy="Name the folder that `vcci run --out` wrote.",
            code="run_missing",
        ) from error
    return StoredRun(folder, document)
