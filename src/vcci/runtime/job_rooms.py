"""The rooms of a run that is a job's: each stage is a chunk, done once, whoever goes on after whom."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import polars as pl

from vcci.concurrency.failpoints import failpoint
from vcci.database.connections import Connection, connected, refusals
from vcci.database.job_chunks import (
    Chunk,
    Done,
    done_chunks,
    end_older_holders,
    finish_chunk,
    forget_chunks,
)
from vcci.database.job_leases import HeldJob
from vcci.database.job_rows import CHUNK_ROWS
from vcci.database.job_save import STAGES as STORE_STAGES
from vcci.database.job_save import StagedSave, drop_staged
from vcci.database.load import import_digest
from vcci.database.run_save import RunFiles
from vcci.database.tenants import Role, tenant_transaction
from vcci.domain.inventory import Inventory, RowCounts
from vcci.engine.tables import ResolvedTables
from vcci.errors import InputError
from vcci.processing.aggregates import aggregates_in
from vcci.processing.texts import decisions_in
from vcci.runtime.job_files import JobFiles
from vcci.runtime.job_memory import recalled, remembered
from vcci.runtime.ledgers import LocalRooms
from vcci.services.ports import CalculatedRun, Classify, LedgerRead, Resolve

T = TypeVar("T")

READ: Final = "read"
CLASSIFIED: Final = "classified"
CALCULATED: Final = "calculated"
PUBLISHED: Final = "published"
FILE_STAGES: Final = (READ, CLASSIFIED, CALCULATED, PUBLISHED)

FAILPOINT_AFTER: Final = {READ: "after_read", CALCULATED: "after_part"}


@dataclass(slots=True)
class JobLedger:
    """The chunk ledger of a held job for code that is not asynchronous: a connection, a loop of its own."""

    runner: asyncio.Runner
    connection: Connection
    held: HeldJob
    url: str
    done: Done = field(default_factory=dict)

    def refresh(self) -> None:
        """Ask again what is done."""
        self.done = self.in_transaction(lambda tx: done_chunks(tx, self.held))

    def finish(self, chunk: Chunk) -> None:
        """Say that a chunk is done whose effect is in files."""
        self.in_transaction(lambda tx: finish_chunk(tx, self.held, chunk))
        self.done[chunk.stage, chunk.number] = chunk

    def forget(self, stages: list[str]) -> None:
        """Forget that these stages are done, and what they stored."""

        async def undo(tx: Connection) -> None:
            await drop_staged(tx, self.held.tenant_id, self.done)
            await forget_chunks(tx, self.held, stages)

        self.in_transaction(undo)
        self.refresh()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what work with the connection returns; what PostgreSQL refuses is a `DatabaseError`."""
        with refusals(self.url):
            return self.runner.run(work)

    def in_transaction(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Return what work in a transaction of the job's tenant returns; role loader."""

        async def run() -> T:
            held = self.held
            async with tenant_transaction(self.connection, tenant_id=held.tenant_id, role=Role.LOADER) as tx:
                return await work(tx)

        return self.run(run())


@contextmanager
def job_ledger(url: str, held: HeldJob) -> Iterator[JobLedger]:
    """Give the chunk ledger of a job; whoever held it before is cut off first."""
    with asyncio.Runner() as runner:
        opening = connected(url)
        connection = runner.run(opening.__aenter__())
        try:
            ledger = JobLedger(runner, connection, held, url)
            ledger.run(end_older_holders(connection, held))
            ledger.refresh()
            yield ledger
        finally:
            runner.run(opening.__aexit__(None, None, None))


@dataclass(slots=True)
class JobRooms:
    """The rooms of a run on this machine, each gone through once; at most `most_rejected` rows are lost."""

    inner: LocalRooms
    ledger: JobLedger
    files: JobFiles
    most_rejected: int | None = None
    chunk_rows: int = CHUNK_ROWS
    run_id: UUID | None = None
    _read: LedgerRead | None = None

    def resume(self) -> None:
        """Lay out what is done; stages whose files are not as they were are forgotten, and all after them."""
        self.files.begin()
        for place in reversed(range(len(FILE_STAGES))):
            chunk = self.ledger.done.get((FILE_STAGES[place], 0))
            if chunk is None:
                continue
            memory = chunk.told["memory"]
            if self.files.is_whole(memory) and self.files.restore(chunk.told["files"]):
                written = (self.files.kept / memory).read_bytes()
                self._read = recalled(written, folder=self.files.attempt)
                return
            self.ledger.forget([*FILE_STAGES[place:], *STORE_STAGES])

    def read(self, ledger: Path) -> LedgerRead:
        """Read the user's files in limited child processes."""
        if self._read is None:
            self._read = self.inner.read(ledger)
            self._finish(READ, rows=self._read.rows)
        return self._read

    def classify(
        self, ledger: Path, activities: Path, *, decide: Classify | None, year: int | None
    ) -> frozenset[int]:
        """Add activity, category and exclusion to every row."""
        if not self._is_done(CLASSIFIED):
            self.inner.classify(ledger, activities, decide=decide, year=year)
            self._finish(CLASSIFIED)
        return decisions_in(activities.parent)

    def calculate(self, activities: Path, folder: Path, *, resolve: Resolve) -> CalculatedRun:
        """Multiply and sum; refuses a ledger of which too many rows are rejected."""
        if chunk := self.ledger.done.get((CALCULATED, 0)):
            return _calculated(folder, chunk.told)
        if self._is_done(PUBLISHED):
            return _calculated(folder, self.ledger.done[PUBLISHED, 0].told)
        run = self.inner.calculate(activities, folder, resolve=resolve)
        self._refuse_too_many(run.counts)
        self._finish(CALCULATED, rows=run.counts.rows, run=run)
        return run

    def publish(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Write lines, rejects, repairs, tables and the report."""
        if self._is_done(PUBLISHED):
            return
        self.inner.publish(inventory, read, folder)
        self._read = replace(read, records=told_already)
        told = {**_told(inventory.counts, inventory.total_mg_co2e), "run_digest": inventory.run_digest}
        self._finish(PUBLISHED, rows=inventory.counts.rows, told=told)

    def store(self, inventory: Inventory, read: LedgerRead, folder: Path) -> None:
        """Load the run into PostgreSQL, chunk by chunk."""
        library, manifests = self.inner.broker.library, self.inner.broker.factor_manifests()
        packs = [(manifest, library.factors(manifest.name)) for manifest in manifests]
        run = RunFiles(inventory, import_digest(read, year=inventory.year), read.files, folder, packs)
        ledger, hook = self.ledger, self.inner.hook
        saving = StagedSave(ledger.connection, ledger.held, run, hook, self.chunk_rows)
        self.run_id = ledger.run(saving.everything())

    def _is_done(self, stage: str) -> bool:
        """Say whether a stage is done, or one after it: not every stage's findings can be kept."""
        later = FILE_STAGES[FILE_STAGES.index(stage) :]
        return any((one, 0) in self.ledger.done for one in later)

    def _finish(
        self,
        stage: str,
        *,
        rows: int = 0,
        run: CalculatedRun | None = None,
        told: dict[str, Any] | None = None,
    ) -> None:
        written = remembered(self._read, folder=self.files.attempt)
        if written is not None:
            path = self.files.folder / f"memory-{self.files.fence}"
            path.write_bytes(written)
            memory = self.files.keep(path)
            facts = told or (_told(run.counts, run.total_mg_co2e) if run else {})
            snapshot = self.files.keep_all()
            self.ledger.finish(Chunk(stage, 0, rows, {"files": snapshot, "memory": memory, **facts}))
        if stage in FAILPOINT_AFTER:
            failpoint(FAILPOINT_AFTER[stage])

    def _refuse_too_many(self, counts: RowCounts) -> None:
        if self.most_rejected is not None and counts.rejected > self.most_rejected:
            raise InputError(
                f"{counts.rejected:,} of {counts.rows:,} rows are rejected; the job allows"
                f" {self.most_rejected:,}.",
                remedy="Mend the rows, or allow more; nothing was stored.",
                code="job_too_many_rejected",
            )


def told_already(rows: pl.DataFrame) -> pl.DataFrame:
    """Stand in for a ledger's rejected rows once these have been written down."""
    raise RuntimeError(f"{rows.height} rejected rows are asked for again")


def _told(counts: RowCounts, total_mg_co2e: int) -> dict[str, Any]:
    return {"counts": asdict(counts), "total_mg_co2e": total_mg_co2e}


def _calculated(folder: Path, told: dict[str, Any]) -> CalculatedRun:
    tables = ResolvedTables(
        *(pl.read_parquet(folder / f"{name}.parquet") for name in ("multipliers", "rates"))
    )
    counts = RowCounts(**told["counts"])
    return CalculatedRun(counts, told["total_mg_co2e"], tables, aggregates_in(folder))
