"""A trial of mended rows: they alone go through all that a run does, to see which of them it would accept."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.finding import REASONS, Outcome
from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.quantity import UnitTable
from vcci.domain.review import Decision
from vcci.events import ignore
from vcci.intake.frame import ledger_frame
from vcci.intake.numbers import decide_mark
from vcci.intake.records import rejected_records
from vcci.intake.reject_groups import Fault
from vcci.intake.rejected import with_records
from vcci.intake.repairs import restored
from vcci.intake.survey import FileReading
from vcci.parameters import load
from vcci.processing import classify, export, local
from vcci.runtime.factors import broker_over
from vcci.runtime.ledgers import LocalRooms, run_through
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve
from vcci.services.runs import RunRequest
from vcci.settings import Settings

Records = Mapping[tuple[int, int], str]
"""Rows as records of CSV, by their file's place and line."""

Faults = Mapping[tuple[int, int], Fault]
"""What is wrong with rows, by their file's place and line; rows that are accepted are not in it."""

NOT_A_NUMBER: Final = "quantity_not_a_number"
REJECTED: Final = [code for code, reason in REASONS.items() if reason.outcome is Outcome.REJECTED]


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries rows as a run of these parameters, this mapping and these decisions would read them."""

    settings: Settings
    parameters: Parameters
    mapping: LedgerMapping
    decisions: Sequence[Decision] = ()

    def faults(self, readings: Sequence[FileReading], records: Records) -> Faults:
        """Return what is wrong with rows, read like the others of their files."""
        if not records:
            return {}
        with tempfile.TemporaryDirectory(prefix="vcci-trial-") as folder:
            tried = _tables(readings, records, Path(folder))
            rooms = TrialRooms(tuple(tried.values()), self.mapping, self.parameters.year)
            request = RunRequest("", dry_run=True, parameter_digests={}, stored=False)
            local, decided = self._local(), lambda: self.decisions
            run_through(rooms, local, request, folder=Path(folder), decisions=decided)
            unlined = pl.read_parquet(Path(folder) / "unlined" / "*.parquet").sort("row")
            found = _found(unlined, rooms)
        faults = {(list(tried)[place], line): fault for place, line, fault in found}
        return faults | {key: fault for key, fault in _open(tried).items() if key not in faults}

    def _local(self) -> LocalRooms:
        broker, units = _brokers(self.parameters)
        return LocalRooms(self.settings, (), self.mapping, broker, units=units)


@lru_cache(maxsize=4)
def _brokers(parameters: Parameters) -> tuple[FactorBroker, UnitTable]:
    """Return the broker over packs, kept for the next trial, and the units with its currencies."""
    broker = broker_over(parameters)
    return broker, load.units(broker.currencies())


def _tables(readings: Sequence[FileReading], records: Records, folder: Path) -> dict[int, FileReading]:
    """Return, by the place of their file, readings of these rows alone."""
    found: dict[int, FileReading] = {}
    for place, reading in enumerate(readings):
        rows = sorted((line, record) for (file, line), record in records.items() if file == place)
        if rows:
            found[place] = with_records(reading, rows, folder / f"tried-{place:04}.parquet")
    return found


@dataclass(frozen=True, slots=True)
class TrialRooms:
    """The rooms of a run whose rows are there already, and that leaves nothing but its findings."""

    readings: Sequence[FileReading]
    mapping: LedgerMapping
    year: int | None

    def read(self, ledger: Path) -> LedgerRead:
        """Write the ledger frame."""
        frames, rows = [], 0
        for reading in self.readings:
            frame = ledger_frame(reading, mapping=self.mapping, year=self.year, first_row=rows + 1)
            frames.append(frame)
            rows += reading.rows
        pl.concat(frames).sink_parquet(ledger, maintain_order=True)
        return LedgerRead(rows, "", (), self.mapping)

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Add activity, category and exclusion to every row."""
        classify.classify(ledger, activities, decide=decide, year=year)
        return frozenset()

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Multiply and sum."""
        return local.run(activities, resolve=resolve, out=folder, hook=ignore)

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Publish nothing."""

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Store nothing."""


def _found(unlined: pl.DataFrame, rooms: TrialRooms) -> list[tuple[int, int, Fault]]:
    """Return place of the reading, line and fault of the rejected rows, told as in rejects.csv."""
    rejected = unlined.filter(pl.col("reason").is_in(REJECTED))
    told = export.rejects(rejected, run="", records=partial(rejected_records, rooms.readings))
    texts = told.select(restored(pl.col("column")), restored(pl.col("value")), "line", "code")
    firsts = [0]
    for reading in rooms.readings:
        firsts.append(firsts[-1] + reading.rows)
    found = []
    for row, (column, value, line, code) in zip(rejected["row"], texts.iter_rows(), strict=True):
        place = next(at for at, first in enumerate(firsts[1:]) if row <= first)
        found.append((place, line, Fault(code, column, value)))
    return found


def _open(tried: Mapping[int, FileReading]) -> dict[tuple[int, int], Fault]:
    """Return the rows whose amounts could be read in two ways, where their column does not say which.

    A run would ask about these, and there is nobody to answer.
    """
    found: dict[tuple[int, int], Fault] = {}
    for place, reading in tried.items():
        column = reading.columns.get("quantity")
        if reading.mark is not None or column is None:
            continue
        texts = pl.read_parquet(reading.table.path, columns=["line", f"c{column.index}"])
        for line, text in texts.iter_rows():
            if decide_mark([text]).examples:
                found[place, line] = Fault(NOT_A_NUMBER, reading.header("quantity"), text)
    return found
