"""The worker of a process: takes jobs one at a time, and does each in a process of its own.

It learns of jobs from PostgreSQL, and looks for those that nobody told of, or nobody holds any more, now and
then. What it was at when the service stops it hands back.
"""

import asyncio
import json
import math
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_store import (
    MOST_ATTEMPTS,
    HeldJob,
    Job,
    claim_job,
    end_job,
    hand_back_job,
    keep_job,
)
from vcci.database.replies import forget_old
from vcci.database.run_store import OUTDATED_BY_RUN
from vcci.database.tenants import Role, tenant_ids, tenant_slug
from vcci.errors import VcciError
from vcci.monitoring.performance import get_performance_monitor
from vcci.runtime.service import Service
from vcci.settings import as_environment

LEDGER: Final = "ledger"
CHILD: Final = ("-m", "vcci.runtime.ledger_job")
SWEEP_SECONDS: Final = 10.0
TIDY_SECONDS: Final = 3_600.0
"""So often are replies forgotten that are older than they are kept."""

TELL_SECONDS: Final = 0.25
RENEW_SECONDS: Final = 8.0
LONGEST_LINE_BYTES: Final = 2**22


@dataclass(slots=True)
class JobWorker:
    """Does the jobs of all tenants, one after the other."""

    service: Service
    worker_id: UUID = field(default_factory=new_id)
    _tenants: set[UUID] = field(default_factory=set)
    _tidied_s: float = -math.inf
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, payload: str) -> None:
        """Take an announcement: a tenant has a job."""
        self._tenants.add(UUID(payload))
        self._called.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            with suppress(VcciError):  # the database is away: the next round finds it, or its jobs
                tenants = await self._all_tenants()
                await self._tidy(tenants)
                self._tenants.update(tenants)
                await self._work_off()
            self._called.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), SWEEP_SECONDS)

    async def _tidy(self, tenants: Iterable[UUID]) -> None:
        now_s = time.monotonic()
        if now_s - self._tidied_s < TIDY_SECONDS:
            return
        self._tidied_s = now_s
        for tenant_id in tenants:
            async with self._writing(tenant_id) as tx:
                await forget_old(tx)

    async def _work_off(self) -> None:
        while self._tenants:
            tenant_id = self._tenants.pop()
            while job := await self._claimed(tenant_id):
                await self._do(HeldJob(tenant_id, job.id, self.worker_id), job)

    async def _all_tenants(self) -> list[UUID]:
        async with self.service.pool.transaction(None, role=Role.LOADER) as tx:
            return await tenant_ids(tx)

    async def _claimed(self, tenant_id: UUID) -> Job | None:
        async with self._writing(tenant_id) as tx:
            return await claim_job(tx, tenant_id, self.worker_id)

    async def _do(self, held: HeldJob, job: Job) -> None:
        if job.attempts > MOST_ATTEMPTS:
            await self._end(held, {"outcome": {"error": _GAVE_UP}})
            return
        try:
            with get_performance_monitor().metrics.track_batch(LEDGER) as batch:
                told = await self._told_by_child(held, job)
                counts = (told or {}).get("outcome", {}).get("counts", {})
                batch.records = int(counts.get("rows", 0))
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_back(held, is_counted=False))
            raise
        except (OSError, ValueError):  # it could not be begun, or said what nobody understands
            told = None
        if told is None or told.get("may_pass"):
            await self._hand_back(held, is_counted=True)
        else:
            await self._end(held, told)

    async def _told_by_child(self, held: HeldJob, job: Job) -> dict[str, Any] | None:
        """Return the last word of the child; None where it died without one, or lost the job."""
        environment = os.environ | as_environment(self.service.settings)
        async with self._writing(held.tenant_id) as tx:
            environment["VCCI_TENANT"] = await tenant_slug(tx, held.tenant_id)
        environment["DATABASE_URL"] = self.service.pool.url
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=LONGEST_LINE_BYTES,
        )
        watch = Watch(self, held, child)
        renewing = asyncio.create_task(watch.renew())
        try:
            return await watch.last_word(json.dumps(job.task).encode())
        finally:
            renewing.cancel()
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
            await child.wait()

    async def _end(self, held: HeldJob, told: dict[str, Any]) -> None:
        outcome = told["outcome"]
        state = "failed" if "error" in outcome else "completed"
        async with self._writing(held.tenant_id) as tx:
            if "run_digest" in outcome:
                outcome["run_id"] = str(await _run_id(tx, held.tenant_id, outcome["run_digest"]))
            await end_job(tx, held, state=state, outcome=outcome)
            said = await announce_outdated(tx, held.tenant_id, OUTDATED_BY_RUN)
        await self.service.outdated(said)

    async def _hand_back(self, held: HeldJob, *, is_counted: bool) -> None:
        async with self._writing(held.tenant_id) as tx:
            await hand_back_job(tx, held, is_counted=is_counted)

    async def keep(self, held: HeldJob, progress: dict[str, Any]) -> bool:
        """Renew the lease of a job; false where another has it."""
        async with self._writing(held.tenant_id) as tx:
            return await keep_job(tx, held, progress)

    def _writing(self, tenant_id: UUID) -> Any:
        return self.service.pool.transaction(tenant_id, role=Role.LOADER)


_GAVE_UP: Final = {
    "code": "job_gave_up",
    "what": f"The job was begun {MOST_ATTEMPTS} times, and its process died each time.",
    "tried": [],
    "remedy": "See the log of the service; a smaller file may do.",
}


@dataclass(slots=True)
class Watch:
    """Listens to a child, and renews its job's lease meanwhile."""

    worker: JobWorker
    held: HeldJob
    child: asyncio.subprocess.Process
    progress: dict[str, Any] = field(default_factory=dict)

    async def last_word(self, task: bytes) -> dict[str, Any] | None:
        """Give the child its task, and return the outcome that it tells."""
        if self.child.stdin is None or self.child.stdout is None:
            raise TypeError("the child has no pipes")
        with suppress(ConnectionError):  # it died at once: it says nothing either
            self.child.stdin.write(task)
            await self.child.stdin.drain()
        self.child.stdin.close()
        async for line in self.child.stdout:
            told: dict[str, Any] = json.loads(line)
            if "outcome" in told:
                return told
            self.progress = {**told, "step": self.progress.get("step", 0) + 1}
        return None

    async def renew(self) -> None:
        """Tell of progress and renew the lease; a job that another has is given up."""
        loop = asyncio.get_running_loop()
        told, told_s = self.progress, loop.time()
        while True:
            await asyncio.sleep(TELL_SECONDS)
            if self.progress is told and loop.time() - told_s < RENEW_SECONDS:
                continue
            told, told_s = self.progress, loop.time()
            with suppress(VcciError):  # the lease outlasts a short absence of the database
                if not await self.worker.keep(self.held, told):
                    self.child.kill()
                    return


async def _run_id(tx: Connection, tenant_id: UUID, digest: str) -> UUID:
    query = "SELECT id FROM vcci.runs WHERE tenant_id = $1 AND digest = $2"
    found: UUID = await tx.fetchval(query, tenant_id, digest)
    return found


@asynccontextmanager
async def working(service: Service) -> AsyncIterator[JobWorker]:
    """Give a worker that works in the background until the end."""
    worker = JobWorker(service)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
