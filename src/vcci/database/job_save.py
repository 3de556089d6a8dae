"""A run on its way into PostgreSQL in chunks: what is stored stays stored, whoever dies on the way.

Three stages: `begun` makes the partitions and knows the suppliers, `rows` fills the partitions, `attached`
makes the run of them, with the same proof at its end as a run that is stored at once (run_save.py).
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from vcci.concurrency.failpoints import failpoint
from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_chunks import Chunk, Done, done_chunks, finish_chunk
from vcci.database.job_leases import HeldJob
from vcci.database.job_rows import CHUNK_ROWS, RowChunk, RowIds, row_chunks
from vcci.database.partitions import (
    ACTIVITIES,
    EMISSIONS,
    UNLINED,
    Partition,
    attach,
    drop,
    load_secured,
    make,
    seal,
    secure,
)
from vcci.database.run_rows import RunFolder
from vcci.database.run_save import RunFiles, RunSave, add_rollups
from vcci.database.run_store import OUTDATED_BY_RUN
from vcci.database.run_texts import add_texts
from vcci.database.tenants import Role, tenant_transaction
from vcci.events import BatchAdvanced, Hook, ignore

BEGUN: Final = "begun"
ROWS: Final = "rows"
ATTACHED: Final = "attached"
STAGES: Final = (BEGUN, ROWS, ATTACHED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was fixed when a run began to be stored: its id, its import's, and how its rows are numbered."""

    run_id: UUID
    import_id: UUID
    is_import_known: bool
    ids: RowIds
    chunk_rows: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Plan":
        """Return the plan that a chunk tells of."""
        ids = RowIds(told["clock_ms"], told["counter"])
        return cls(
            UUID(told["run_id"]), UUID(told["import_id"]), told["is_import_known"], ids, told["chunk_rows"]
        )

    def told(self) -> dict[str, Any]:
        """Return what the chunk tells."""
        return {
            "run_id": str(self.run_id),
            "import_id": str(self.import_id),
            "is_import_known": self.is_import_known,
            "clock_ms": self.ids.clock_ms,
            "counter": self.ids.counter,
            "chunk_rows": self.chunk_rows,
        }

    def partitions(self, tenant_id: UUID) -> list[Partition]:
        """Return what is filled: activities (unless the import is there), lines, and the unlined."""
        of_run = [Partition(table, tenant_id, self.run_id) for table in (EMISSIONS, UNLINED)]
        return of_run if self.is_import_known else [Partition(ACTIVITIES, tenant_id, self.import_id), *of_run]


@dataclass(frozen=True, slots=True)
class StagedSave:
    """One run of a job, over a connection that nobody else uses."""

    connection: Connection
    held: HeldJob
    run: RunFiles
    hook: Hook = ignore
    chunk_rows: int = CHUNK_ROWS

    async def everything(self) -> UUID:
        """Store what is not yet stored, and return the run's id: a known run's if it is there already.

        Raises `AccountingError` if what PostgreSQL holds does not add up to the inventory, `JobLostError` and
        `JobCancelledError` as soon as a chunk is to be finished.
        """
        async with self._writing() as tx:
            done = await done_chunks(tx, self.held)
        if found := done.get((ATTACHED, 0)):
            return UUID(found.told["run_id"])
        folder = RunFolder(self.run.folder)
        names = folder.suppliers()
        begun = done.get((BEGUN, 0))
        if begun is None and (known := await self._begin(names)) is not None:
            return known
        async with self._writing() as tx:
            done = await done_chunks(tx, self.held)
            supplier_ids = await RunSave(tx, self.held.tenant_id, self.run).supplier_ids(names)
        plan = Plan.of(done[BEGUN, 0].told)
        await self._rows(plan, supplier_ids, done)
        return await self._attach(plan, folder)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        transaction = tenant_transaction(self.connection, tenant_id=self.held.tenant_id, role=Role.LOADER)
        async with transaction as tx:
            yield tx

    async def _begin(self, names: dict[str, str]) -> UUID | None:
        """Make what is to be filled; returns the run where it is known already, and nothing is to be done."""
        async with self._writing() as tx:
            saving = RunSave(tx, self.held.tenant_id, self.run)
            if (run_id := await saving.known_run()) is not None:
                await finish_chunk(tx, self.held, _attached(run_id))
                return run_id
            await saving.add_packs()
            await saving.add_suppliers(names)
            import_id = await saving.known_import()
            clock_ms = time.time_ns() // 1_000_000
            is_known, ids = import_id is not None, RowIds.at(clock_ms)
            plan = Plan(new_id(), import_id or new_id(), is_known, ids, self.chunk_rows)
            for partition in plan.partitions(self.held.tenant_id):
                await make(tx, partition)
                await secure(tx, partition)
            await finish_chunk(tx, self.held, Chunk(BEGUN, 0, told=plan.told()))
        return None

    async def _rows(self, plan: Plan, supplier_ids: dict[str, UUID], done: Done) -> None:
        numbers = frozenset(number for stage, number in done if stage == ROWS)
        stored = sum(chunk.rows for (stage, _), chunk in done.items() if stage == ROWS)
        rows = self.run.inventory.counts.rows
        with row_chunks(self.run.folder, done=numbers, chunk_rows=plan.chunk_rows) as chunks:
            for chunk in chunks:
                await self._store(plan, chunk, supplier_ids)
                stored += chunk.rows
                self.hook(BatchAdvanced("store", stored, rows))

    async def _store(self, plan: Plan, chunk: RowChunk, supplier_ids: dict[str, UUID]) -> None:
        of = chunk.folder
        frames = {
            ACTIVITIES.table: lambda: plan.ids.given(of.activity_rows(supplier_ids)),
            EMISSIONS.table: lambda: plan.ids.given(of.line_rows(supplier_ids)),
            UNLINED.table: of.unlined_rows,
        }
        async with self._writing() as tx:
            failpoint("before_copy")
            for partition in plan.partitions(self.held.tenant_id):
                await load_secured(tx, partition, frames[partition.of.table]())
            failpoint("after_copy")
            await finish_chunk(tx, self.held, Chunk(ROWS, chunk.number, chunk.rows))
            failpoint("before_commit")
        failpoint("after_commit")

    async def _attach(self, plan: Plan, folder: RunFolder) -> UUID:
        """Make the run of what was stored, or drop that where the run has come to be known meanwhile."""
        tenant_id = self.held.tenant_id
        failpoint("before_attach")
        async with self._writing() as tx:
            saving = RunSave(tx, tenant_id, self.run)
            run_id = await saving.known_run()
            if run_id is not None:
                await _drop(tx, plan, tenant_id)
            else:
                run_id = plan.run_id
                await self._make(saving, plan, folder)
            await finish_chunk(tx, self.held, _attached(run_id))
            await announce_outdated(tx, tenant_id, OUTDATED_BY_RUN)
        failpoint("after_attach")
        return run_id

    async def _make(self, saving: RunSave, plan: Plan, folder: RunFolder) -> None:
        tx, tenant_id = saving.tx, self.held.tenant_id
        import_id = await saving.add_import(plan.import_id) or plan.import_id
        await saving.add_run(plan.run_id, import_id)
        await saving.add_multipliers(plan.run_id, folder)
        await add_texts(tx, tenant_id, run_id=plan.run_id, folder=folder.folder)
        kept = plan.partitions(tenant_id)
        if import_id != plan.import_id:  # another run has loaded the import meanwhile
            await drop(tx, kept.pop(0))
        for partition in kept:
            await seal(tx, partition)
        for partition in kept:
            await attach(tx, partition)
        await add_rollups(tx, tenant_id, plan.run_id)
        await saving.add_key_rollups(plan.run_id, folder)
        await saving.prove(plan.run_id)


def _attached(run_id: UUID) -> Chunk:
    return Chunk(ATTACHED, 0, told={"run_id": str(run_id)})


async def _drop(tx: Connection, plan: Plan, tenant_id: UUID) -> None:
    for partition in plan.partitions(tenant_id):
        await drop(tx, partition)


async def drop_staged(tx: Connection, tenant_id: UUID, done: Done) -> None:
    """Drop what a job has begun to store and never made a run of; role loader, in the job's transaction."""
    if (BEGUN, 0) in done and (ATTACHED, 0) not in done:
        await _drop(tx, Plan.of(done[BEGUN, 0].told), tenant_id)
