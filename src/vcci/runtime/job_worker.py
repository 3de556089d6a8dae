"""The worker of a process: takes jobs of all tenants, some at a time, and sees each of them to its end.

It learns of jobs from PostgreSQL, looks after those tenants that have open ones, and at all now and then: for
jobs that nobody told of, or nobody holds any more. What it was at when the service stops it hands back.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from vcci.concurrency.retries import RetryBudget
from vcci.database.ids import new_id
from vcci.database.job_leases import HeldJob, end_if_idle
from vcci.database.job_store import BULK, INTERACTIVE, Job, claim_job, open_tenants
from vcci.database.job_tidy import forget_old_chunks
from vcci.database.replies import forget_old
from vcci.database.tenants import Role, tenant_ids
from vcci.errors import DatabaseError, VcciError
from vcci.runtime.job_at_work import Attempt, JobAtWork, Work
from vcci.runtime.job_failures import AttemptFailedError, Failure
from vcci.runtime.job_files import forget_files
from vcci.runtime.job_kinds import KINDS, LEDGER
from vcci.runtime.ledgers import data_folder
from vcci.runtime.service import Service

__all__ = ["LEDGER", "JobWorker", "working"]

SLOTS: Final = 2
"""Jobs that a worker is at, of which one is never given to bulk."""

LOOK_SECONDS: Final = 0.5
"""So often are tenants with open jobs asked about: for leases that have run out, and waits that are over."""

SWEEP_SECONDS: Final = 10.0
"""So often are all tenants asked about."""

TIDY_SECONDS: Final = 3_600.0
"""So often are replies forgotten that are older than they are kept."""

Revive = Callable[[], Awaitable[None]]
"""Brings the database back where that is ours to do."""


async def leave(_: object = None) -> None:
    """Leave the database to whoever runs it."""


def reserved(slots: int) -> int:
    """Return how many of the slots bulk never gets: a quarter, at least one of two or more."""
    return 0 if slots < 2 else max(1, slots // 4)


@dataclass(slots=True)
class JobWorker:
    """Does the jobs of all tenants, `slots` at a time, those that somebody waits for first."""

    service: Service
    slots: int = SLOTS
    kinds: Mapping[str, Work] = field(default_factory=lambda: KINDS)
    revive: Revive = leave
    worker_id: UUID = field(default_factory=new_id)
    budget: RetryBudget = field(default_factory=RetryBudget)
    _heard: set[UUID] = field(default_factory=set)
    _known: set[UUID] = field(default_factory=set)
    _due: dict[UUID, int] = field(default_factory=dict)
    _served: dict[UUID, int] = field(default_factory=dict)
    _at_work: dict["asyncio.Task[None]", int] = field(default_factory=dict)
    _looked_s: float = -math.inf
    _swept_s: float = -math.inf
    _tidied_s: float = -math.inf
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, payload: str) -> None:
        """Take an announcement: a tenant has a job."""
        self._heard.add(UUID(payload))
        self._called.set()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is handed back."""
        try:
            while True:
                self._called.clear()
                try:
                    await self._take_on()
                    await self._tidy()
                except DatabaseError:  # the next round finds it, or its jobs
                    with suppress(VcciError):
                        await self.revive()
                except VcciError:
                    pass
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):  # `wait_for` may swallow that it is cancelled
                        await self._called.wait()
        finally:
            for task in self._at_work:
                task.cancel()
            await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _take_on(self) -> None:
        """Take jobs while there are any, and room for them."""
        await self._look()
        while await self._begin_one():
            await self._look()

    def _room(self) -> int | None:
        """Return the least urgent priority that there is room for; None where there is none at all."""
        if len(self._at_work) >= self.slots:
            return None
        bulk = sum(priority >= BULK for priority in self._at_work.values())
        return BULK if bulk < self.slots - reserved(self.slots) else INTERACTIVE

    async def _look(self) -> None:
        """Find out who has jobs that could be begun; nobody is asked for again what is fresh in mind."""
        now_s = time.monotonic()
        if not self._heard and now_s - self._looked_s < LOOK_SECONDS:
            return
        is_sweep = now_s - self._swept_s >= SWEEP_SECONDS
        heard, self._heard = self._heard, set()
        self._known |= heard
        among = None if is_sweep else list(self._known)
        if among != []:
            try:
                async with self.service.pool.transaction(None, role=Role.LOADER) as tx:
                    found = await open_tenants(tx, among)
            except BaseException:
                self._heard |= heard
                raise
            self._known = set(found)
            self._due = {tenant: first for tenant, first in found.items() if first is not None}
        self._looked_s = now_s
        self._swept_s = now_s if is_sweep else self._swept_s

    async def _begin_one(self) -> bool:
        """Begin the most urgent job that there is room for, of the tenant that has waited longest."""
        while (room := self._room()) is not None:
            asked = [tenant for tenant, first in self._due.items() if first <= room]
            if not asked:
                return False
            tenant_id = min(asked, key=lambda one: (self._due[one], self._served.get(one, 0)))
            async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
                await end_if_idle(tx)
                job = await claim_job(tx, tenant_id, self.worker_id, least_urgent=room)
            if job is not None:
                self._served[tenant_id] = max(self._served.values(), default=0) + 1
                self._begin(tenant_id, job)
                return True
            del self._due[tenant_id]
        return False

    def _begin(self, tenant_id: UUID, job: Job) -> None:
        held = HeldJob(tenant_id, job.id, self.worker_id, job.fence)
        at = JobAtWork(self.service, held, job, dict(job.progress))
        self.budget.pay_in()
        attempt = Attempt(at, self.kinds.get(job.kind, unknown), self.budget)
        task = asyncio.create_task(attempt.run())
        self._at_work[task] = job.priority
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._at_work[task]
        if not task.cancelled():
            task.exception()  # what could not even be written down is left to the lease
        self._called.set()

    async def _tidy(self) -> None:
        now_s = time.monotonic()
        if now_s - self._tidied_s < TIDY_SECONDS:
            return
        self._tidied_s = now_s
        async with self.service.pool.transaction(None, role=Role.LOADER) as tx:
            tenants = await tenant_ids(tx)
        for tenant_id in tenants:
            async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
                await forget_old(tx)
                old = await forget_old_chunks(tx, tenant_id)
            root = data_folder(self.service.settings)
            await asyncio.to_thread(forget_files, root, [job.task.get("out", "") for job in old])


async def unknown(at: JobAtWork) -> dict[str, Any]:
    """Refuse a job of a kind that this worker does not know."""
    failure = Failure(
        "job_kind_unknown",
        f"This version knows no job of the kind {at.job.kind!r}.",
        "Update the workers, then `vcci jobs resume`.",
    )
    raise AttemptFailedError(failure)


@asynccontextmanager
async def working(
    service: Service,
    *,
    slots: int = SLOTS,
    kinds: Mapping[str, Work] = KINDS,
    revive: Revive = leave,
) -> AsyncIterator[JobWorker]:
    """Give a worker that works in the background until the end."""
    worker = JobWorker(service, slots, kinds, revive)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
