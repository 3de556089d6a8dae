"""Makes a run again from its rows, and compares two folders of results byte for byte.

A run is what it says it is if it can be made again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from vcci.processing import export, local
from vcci.processing.aggregates import AGGREGATE_FILES
from vcci.processing.find_line import BROKEN, damaged
from vcci.services.ports import CalculatedRun, Resolve

BLOCK = 1 << 20

FROM_ROWS: Final = (
    "activities.parquet",
    "lines.csv",
    "lines",
    "unlined",
    "multipliers.parquet",
    "rates.parquet",
    *AGGREGATE_FILES,
)
"""What follows from the classified rows alone, by name or folder; outcomes and reasons of rows do, too."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A file of a run, and SHA-256 of it as stored and as made again; empty where it is missing."""

    name: str
    stored: str
    again: str

    @property
    def is_same(self) -> bool:
        """Say whether both are there and the same."""
        return bool(self.stored) and self.stored == self.again


def recalculated(rows: Path, *, resolve: Resolve, out: Path) -> CalculatedRun:
    """Make everything of FROM_ROWS again in the folder `out`, from the activities.parquet of a run.

    Raises `InputError` where that cannot be read.
    """
    out.mkdir()
    activities, ledger = out / "activities.parquet", out / "ledger.parquet"
    try:
        pl.scan_parquet(rows).drop("reason", "outcome").sink_parquet(activities, maintain_order=True)
    except BROKEN as error:
        raise damaged(rows.parent) from error
    run = local.run(activities, resolve=resolve, out=out)
    ledger.touch()  # the export takes it away when all is told
    export.rows(out, run="", records=_untold)
    return run


def _untold(rows: pl.DataFrame) -> pl.DataFrame:
    """Stand in for the user's files, which are not at hand: rejects.csv is not made again."""
    return rows.with_columns(pl.lit("").alias(name) for name in ("column", "value", "record", "sha256"))


def compared(stored: Path, again: Path, *, among: Iterable[str] | None = None) -> list[Compared]:
    """Compare the files of two folders, or those whose first folder or name is in `among`, by name."""
    wanted = None if among is None else set(among)
    names = {path.relative_to(root).as_posix() for root in (stored, again) for path in _files(root)}
    chosen = sorted(name for name in names if wanted is None or name.split("/")[0] in wanted)
    return [Compared(name, _digest(stored / name), _digest(again / name)) for name in chosen]


def _files(root: Path) -> Iterable[Path]:
    return (path for path in root.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    if not path.exists():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
