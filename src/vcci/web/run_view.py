"""A run as its page shows it: what went in, what came out, what can be fetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vcci.database.job_store import Job
from vcci.domain.category import STATED_APART, Category

OPEN: Final = "open"
NOT_KEPT: Final = "not recorded"

WHAT: Final[Mapping[str, str]] = {
    "inventory.html": "the inventory as a page that loads nothing",
    "inventory.json": "everything in the inventory, for programs",
    "categories.csv": "sums by category",
    "suppliers.csv": "sums by supplier",
    "lines.csv": "every line with its factor",
    "rejects.csv": "rows that were rejected, to be mended",
    "repairs.csv": "rows that were mended",
    "mapping.yaml": "how the files were read: the mapping in force",
    "activities.parquet": "every row as it was classified",
    "multipliers.parquet": "the multipliers that lines point to",
    "rates.parquet": "exchange rates in use",
    "bridge.json": "what leads here from the run before",
}
"""Files among the results, and what they are."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file of a run's results, which can be fetched."""

    name: str
    size_bytes: int

    @property
    def what(self) -> str:
        """What it is; empty for one that has no word here."""
        return WHAT.get(self.name, "")


def result_files(folder: Path | None) -> Sequence[ResultFile]:
    """Return the files of a folder of results by name; none where the folder is gone. It reads the disk."""
    if folder is None or not folder.is_dir():
        return ()
    plain = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    return sorted(
        (ResultFile(path.name, path.stat().st_size) for path in plain if not path.name.startswith(".")),
        key=lambda one: one.name,
    )


def result_file(folder: Path | None, name: str) -> Path | None:
    """Return the path of a file among the results; None for any other name. It reads the disk."""
    known = {one.name for one in result_files(folder)}
    return folder / name if folder is not None and name in known else None


def category_title(number: int) -> str:
    """Return what a category is called; 0 stands apart."""
    return "Stated apart, in no total" if number == STATED_APART else Category(number).title


@dataclass(frozen=True, slots=True)
class Made:
    """What a run was made of, from its documents; what is not there is told as not recorded."""

    parameters: Mapping[str, Any]
    packs: Sequence[Mapping[str, Any]]
    inventory: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]

    @property
    def engine(self) -> str:
        """The version of VCCI that made it."""
        return str(self.inventory.get("engine") or NOT_KEPT)

    @property
    def without_mg(self) -> int:
        """How much of the total has no known uncertainty."""
        return int((self.inventory.get("interval") or {}).get("without_mg_co2e", 0))

    @property
    def reading(self) -> Mapping[str, Any]:
        """How the files were read, by what was settled."""
        found: Mapping[str, Any] = self.inventory.get("reading") or {}
        return found


def verdict(verification: Job | None) -> str:
    """Return what the last verification says, in a sentence."""
    if verification is None:
        return "It was not verified here yet."
    if not verification.is_over:
        return "It is being verified."
    told = verification.outcome
    if "parts" not in told:
        return "The last verification did not come to its end."
    if told["same"] == told["parts"]:
        return f"All {told['parts']} parts are what the run makes."
    return f"{told['parts'] - told['same']} of {told['parts']} parts differ from what the run makes."
