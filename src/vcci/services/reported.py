"""What a report is of: the inventory of a run, or of several runs together, and which runs these are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from vcci.domain.category import STATED_APART, Category
from vcci.domain.inventory import (
    CategoryStatus,
    CategoryTotal,
    Inventory,
    RowCounts,
    SupplierTotal,
    YearTotal,
)


@dataclass(frozen=True, slots=True)
class RunInReport:
    """A run of a report; `made_at` is None where it is not known."""

    digest: str
    title: str
    year: int | None
    lines: int
    total_mg_co2e: int
    made_at: datetime | None = None
    run_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the run in plain values."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return told | {"made_at": self.made_at and self.made_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Reported:
    """An inventory, and the runs that it is of; `quality` as services/quality_by_category.py tells it.

    Without it, which runs in folders are, the sums by factor that it takes are not at hand.
    """

    inventory: Inventory
    runs: tuple[RunInReport, ...]
    quality: Mapping[int, Sequence[Mapping[str, object]] | None] | None = None

    @property
    def has_sources(self) -> bool:
        """Say whether every line is told by its method and pack; runs of older versions lack that."""
        counted = [row for row in self.inventory.by_source if row.category != STATED_APART]
        return (
            sum(row.lines for row in counted) == self.inventory.lines_in_totals
            and sum(row.emissions_mg_co2e for row in counted) == self.inventory.total_mg_co2e
        )

    @property
    def made_at(self) -> datetime | None:
        """The moment of the newest run, None where none is known: the time stamp of files."""
        return max((run.made_at for run in self.runs if run.made_at), default=None)


def reported_run(inventory: Inventory, *, made_at: datetime | None = None, run_id: str = "") -> RunInReport:
    """Return what a report says of the run of an inventory."""
    return RunInReport(
        inventory.run_digest,
        inventory.title,
        inventory.year,
        inventory.counts.lines,
        inventory.total_mg_co2e,
        made_at,
        run_id,
    )


def inventory_from(document: Mapping[str, Any]) -> Inventory | None:
    """Return the inventory that was stored as a document; None for a run that keeps none, the open one."""
    return _adapter().validate_python(document) if "categories" in document else None


@cache
def _adapter() -> TypeAdapter[Inventory]:
    return TypeAdapter(Inventory)


def inventory_of_sums(
    digest: str,
    title: str,
    *,
    counts: RowCounts,
    categories: Iterable[tuple[int, int, int]],
    suppliers: Iterable[tuple[str, int, int]],
    years: Iterable[tuple[int, int, int]],
) -> Inventory:
    """Return the inventory of a run that keeps sums alone: what a sum is of, lines, mg CO2e."""
    of_category = [row for row in sorted(categories) if row[0] != STATED_APART]
    statuses = {row[0] for row in of_category}
    return Inventory(
        run_digest=digest,
        title=title,
        year=None,
        sources=(),
        reading={},
        parameters={},
        counts=counts,
        total_mg_co2e=sum(row[2] for row in of_category),
        categories=tuple(CategoryTotal(c, Category(c).title, n, mg) for c, n, mg in of_category),
        suppliers=tuple(SupplierTotal(*row) for row in sorted(suppliers, key=lambda row: (-row[2], row[0]))),
        factors=(),
        years=tuple(YearTotal(*row) for row in sorted(years)),
        spend=(),
        uncovered=(),
        notices=(),
        packs=(),
        boundary=tuple(
            CategoryStatus(one, one.title, "calculated" if one in statuses else "no data") for one in Category
        ),
    )
