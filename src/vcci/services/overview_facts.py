"""What an overview is made of: sums as they are kept, of what it shows and of what it looks back to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vcci.domain.inventory import SpendShare, UncoveredAccount
from vcci.engine.uncertainty import Share


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run; `interval` and `categories` as its inventory has them, None and empty where it has none."""

    id: UUID
    title: str
    year: int | None
    rows: int
    lines: int
    excluded: int
    not_covered: int
    rejected: int
    total_mg_co2e: int
    interval: Mapping[str, int] | None
    categories: Sequence[Mapping[str, Any]]
    spend: Sequence[SpendShare]
    boundary: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class YearSum:
    """Lines and mg CO2e of one category of a run, and of one calendar year, None for lines without a date."""

    run_id: UUID
    category: int
    year: int | None
    lines: int
    mg_co2e: int


@dataclass(frozen=True, slots=True)
class FactorShare:
    """What a factor adds to a category by a method.

    `scores` are those of the five data quality indicators, None where one is not assessed; `weight_mg` is
    emissions without their sign.
    """

    category: int
    method: str
    scores: tuple[int | None, ...]
    lines: int
    weight_mg: int
    share: Share


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A supplier of a category, without id the lines that name none; `suppliers` the category has in all."""

    category: int
    supplier_id: UUID | None
    supplier: str | None
    lines: int
    mg_co2e: int
    suppliers: int


@dataclass(frozen=True, slots=True)
class Uncovered:
    """The accounts to map next, the most spend first; of how many rows and accounts in all."""

    accounts: Sequence[UncoveredAccount] = ()
    accounts_in_all: int = 0
    rows_in_all: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a bridge: runs, of them the lines of one calendar year, or all with None.

    Its label is empty where it is known by the title of its run.
    """

    runs: tuple[UUID, ...]
    year: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an overview is of: `shown` runs, of them one year if asked, and what its bridge may lead from."""

    shown: tuple[UUID, ...]
    current: tuple[UUID, ...]
    year: int | None = None
    against: UUID | None = None

    @property
    def looked_at(self) -> tuple[UUID, ...]:
        """All runs that the overview may speak of."""
        asked = () if self.against is None else (self.against,)
        return tuple(sorted({*self.shown, *self.current, *asked}))


@dataclass(frozen=True, slots=True)
class OverviewFacts:
    """Everything that is read for an overview, without its bridge."""

    selection: Selection
    sums: Sequence[YearSum]
    runs: Sequence[RunFacts] = ()
    shares: Sequence[FactorShare] = ()
    hotspots: Sequence[Hotspot] = ()
    uncovered: Uncovered = field(default_factory=Uncovered)

    @property
    def shown_runs(self) -> list[RunFacts]:
        """The runs that are shown."""
        return [run for run in self.runs if run.id in self.selection.shown]

    def of_side(self, side: Side) -> list[YearSum]:
        """Return the sums of a side of a bridge, without what is stated apart."""
        years = {one.year for one in self.sums} if side.year is None else {side.year}
        return [one for one in self.sums if one.run_id in side.runs and one.category and one.year in years]
