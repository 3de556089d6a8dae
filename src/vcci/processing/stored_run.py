"""A folder of results, opened again: what its inventory says of the run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.inventory import PackInUse
from vcci.domain.review import Decision, decisions_told
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
        return str(self.told("run_digest"))

    def told(self, name: str) -> Any:
        """Return what the inventory says under a name; `InputError` where it does not."""
        try:
            return self.document[name]
        except (KeyError, TypeError) as error:
            raise _missing(self.folder) from error

    def table(self, name: str) -> pl.DataFrame:
        """Return one of the run's tables, such as `multipliers`; `InputError` where it is not there."""
        try:
            return pl.read_parquet(self.folder / f"{name}.parquet")
        except OSError as error:
            raise _missing(self.folder, f"{name}.parquet") from error

    @property
    def total(self) -> str:
        """The total, as a text."""
        return f"{self.told('total_mg_co2e')} mg CO2e"

    @property
    def parameters(self) -> dict[str, str]:
        """What the run held to, as texts."""
        return dict(self.told("parameters"))

    @property
    def packs(self) -> tuple[PackInUse, ...]:
        """The packs that the run used, with their digests."""
        return tuple(PackInUse(**pack) for pack in self.told("packs"))

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions of people that texts of the run were placed by; none where it tells none."""
        return decisions_told(self.document.get("decisions", ()))


def open_run(folder: Path) -> StoredRun:
    """Return the run in a folder of results; `InputError` where it holds none."""
    try:
        document = json.loads((folder / INVENTORY).read_bytes())
    except (OSError, ValueError) as error:
        raise _missing(folder) from error
    return StoredRun(folder, document)


def _missing(folder: Path, name: str = INVENTORY) -> InputError:
    return InputError(
        f"{folder} holds no results of a run: {name} cannot be read.",
        remedy="Name the folder that `vcci run --out` wrote.",
        code="run_missing",
    )
