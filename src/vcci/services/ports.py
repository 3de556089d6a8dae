"""What the services need from the rooms around them, as types."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.inventory import Inventory, RowCounts
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.review import Decision
from vcci.engine.tables import ResolvedTables


class FactorPacks(Protocol):
    """A library of factor packs; each load checks the pack's digest."""

    def manifest(self, name: str) -> PackManifest:
        """Return what a pack says of itself."""

    def factors(self, name: str) -> Sequence[EmissionFactor]:
        """Return the factors of a pack of kind `factors`."""

    def rates(self, name: str) -> Mapping[str, Mapping[str, Decimal]]:
        """Return units per euro by currency and ISO date, of a pack of kind `rates`."""

    def price_indices(self, name: str) -> Mapping[str, Mapping[int, Decimal]]:
        """Return index values by series and year, of a pack of kind `price_index`."""

    def partial_years(self, name: str) -> frozenset[int]:
        """Return the years whose index is not yet complete."""

    def titles(self, name: str) -> Mapping[str, str]:
        """Return titles by code, of a pack of kind `titles`."""


@dataclass(frozen=True, slots=True)
class RepairedRow:
    """A row mended after it had been rejected as `code`: its whole record before and after, as CSV.

    `left_out` is the reason why it is no purchase, empty where it is one.
    """

    source: str
    sha256: str
    line: int
    code: str
    before: str
    after: str
    left_out: str = ""


Records = Callable[[pl.DataFrame], pl.DataFrame]
"""Rejected rows (`row`, `target` of the cell at fault or empty) -> the same with sha256 of their file, column
and value of that cell, and the whole record as CSV."""


@dataclass(frozen=True, slots=True)
class LedgerRead:
    """A ledger frame in a file: its rows, the digest of what was read, and the mapping in force.

    `records` looks rejected rows up in what was read; `repairs` are in the digest, and mend `successor_of`.
    `is_classified` where the rows name their activities themselves. `decisions` are those that a text of it
    was placed by, in order.
    """

    rows: int
    digest: str
    files: tuple[Mapping[str, Any], ...]
    mapping: LedgerMapping
    records: Records = field(default=lambda rows: rows, compare=False)
    repairs: tuple[RepairedRow, ...] = ()
    successor_of: str = ""
    is_classified: bool = False
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class CalculatedRun:
    """What calculation left: counts, the exact total, resolved tables and aggregates.

    Aggregates are read from the run's files as far as is asked for.
    """

    counts: RowCounts
    total_mg_co2e: int
    tables: ResolvedTables
    aggregates: Mapping[str, pl.LazyFrame]


Classify = Callable[[pl.DataFrame], pl.DataFrame]
"""Distinct texts of a ledger -> the same with what `Classification` has, notices as `class_notices`."""

Resolve = Callable[[pl.DataFrame, pl.DataFrame], ResolvedTables]
"""Distinct keys and dates -> multipliers and rates."""


class RunRooms(Protocol):
    """The rooms that a run goes through, in order."""

    def read(self, ledger: Path) -> LedgerRead:
        """Read the user's files into a ledger frame."""

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Add activity, category and exclusion to every row; without `decide` they are there already.

        Returns the numbers of the decisions that texts were placed by.
        """

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Multiply and sum into `folder`."""

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Write the rows, the tables and the report into `folder`."""

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Load the run into the database."""
