"""A dry run over the first rows of a ledger: what would become of them, with nothing kept."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.finding import REASONS, Outcome
from vcci.domain.inventory import Inventory
from vcci.domain.review import Decision
from vcci.runtime.ledgers import LocalRooms, parameter_digests, run_through
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve
from vcci.services.runs import RunRequest

MOST_ROWS: Final = 5_000
"""Rows that are tried: a second's work, and more than anybody reads."""

SHOWN: Final = 20

OF_ROW: Final = ("row", "source", "line", "supplier", "account", "description", "date", "quantity", "unit")


@dataclass(frozen=True, slots=True)
class PreviewRooms:
    """The rooms of a dry run: the ledger frame is there already, of which the first rows are taken."""

    inner: LocalRooms
    ledger: Path
    is_read: LedgerRead

    def read(self, ledger: Path) -> LedgerRead:
        """Take the first rows."""
        pl.scan_parquet(self.ledger).head(MOST_ROWS).sink_parquet(ledger, maintain_order=True)
        return self.is_read

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Classify as a run does."""
        return self.inner.classify(ledger, activities, decide=decide, year=year)

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Calculate as a run does."""
        return self.inner.calculate(activities, folder, resolve=resolve)

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Publish nothing."""

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Store nothing."""


def preview(
    rooms: LocalRooms, ledger: Path, read: LedgerRead, *, decisions: Sequence[Decision]
) -> dict[str, Any]:
    """Return in plain values what becomes of the first rows of a ledger frame: counts, total, samples."""
    request = RunRequest("", dry_run=True, parameter_digests=parameter_digests(), stored=False)
    with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
        folder = Path(scratch)
        through = PreviewRooms(rooms, ledger, read)
        inventory = run_through(through, rooms, request, folder=folder, decisions=lambda: decisions)
        counts = inventory.counts
        return {
            "ledger_rows": pl.scan_parquet(ledger).select(pl.len()).collect().item(),
            "counts": {
                "rows": counts.rows,
                "lines": counts.lines,
                "excluded": counts.excluded,
                "not_covered": counts.not_covered,
                "rejected": counts.rejected,
            },
            "total_mg_co2e": inventory.total_mg_co2e,
            "categories": [
                {"category": c.category, "title": c.title, "lines": c.lines, "mg_co2e": c.emissions_mg_co2e}
                for c in inventory.categories
            ],
            "lines": _lines(folder),
            "unlined": _unlined(folder),
            "rejects": _rejects(folder),
        }


def _lines(folder: Path) -> list[dict[str, Any]]:
    lines = pl.scan_parquet(folder / "lines" / "*.parquet").select("row", "key", "category", "co2e_mg")
    rows = pl.scan_parquet(folder / "activities.parquet").select(OF_ROW)
    keys = pl.scan_parquet(folder / "multipliers.parquet").select("key", "factor_name", "factor_id")
    first = lines.sort("row").head(SHOWN).join(rows, on="row", how="left").join(keys, on="key", how="left")
    return first.sort("row").collect().to_dicts()


def _unlined(folder: Path) -> list[dict[str, Any]]:
    """Return how many rows have no line for each reason, the most frequent first."""
    reasons = pl.scan_parquet(folder / "unlined" / "*.parquet").group_by("reason").len("rows")
    told = reasons.sort(["rows", "reason"], descending=[True, False]).collect().to_dicts()
    return [one | {"outcome": REASONS[one["reason"]].outcome.value} for one in told]


def _rejects(folder: Path) -> list[dict[str, Any]]:
    rejecting = [code for code, reason in REASONS.items() if reason.outcome is Outcome.REJECTED]
    unlined = pl.scan_parquet(folder / "unlined" / "*.parquet").filter(pl.col("reason").is_in(rejecting))
    fields = ("row", "source", "line", "account", "reason", "problem_column", "problem_value")
    return unlined.sort("row").head(SHOWN).select(fields).collect().to_dicts()
