"""One attempt at a job: it is worked on, its lease renewed, and what became of it written down."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from vcci.concurrency.failpoints import failpoint
from vcci.concurrency.retries import RetryBudget
from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection
from vcci.database.job_chunks import Chunk, JobCancelledError, JobLostError, finish_chunk
from vcci.database.job_leases import (
    Grip,
    HeldJob,
    end_if_idle,
    end_job,
    failures_of,
    hand_back_job,
    keep_job,
    put_off_job,
)
from vcci.database.job_store import Job, JobState
from vcci.database.run_store import OUTDATED_BY_RUN
from vcci.database.tenants import Role
from vcci.errors import VcciError
from vcci.runtime.job_failures import MOST_LOSSES, Failure, failure_of, gave_up, lost_too_often, wait_s
from vcci.runtime.job_progress import Pace
from vcci.runtime.service import Service

T = TypeVar("T")

RENEW_SECONDS: Final = 0.75
FORCE_SECONDS: Final = 5.0
"""Work that was called off and does not end by itself is ended after this time."""

AGAIN_SECONDS: Final = 0.25
MOST_REFUSALS: Final = 20
"""What the database refuses so often though it answers is left to the lease: it runs out."""

OF_TIME: Final = frozenset({"rows_per_s", "least_s_left", "most_s_left"})
"""What is told of a stage's pace."""

AWAY: Final = frozenset({"database_away", "database_busy", "pool_busy"})


@dataclass(slots=True)
class JobAtWork:
    """A job that is held, as its work sees it; `called_off` is set when it is to end between two chunks."""

    service: Service
    held: HeldJob
    job: Job
    progress: dict[str, Any] = field(default_factory=dict)
    called_off: asyncio.Event = field(default_factory=asyncio.Event)
    is_lost: bool = False
    _pace: Pace = field(default_factory=Pace)

    def tell(self, stage: str, rows_done: int = 0, rows: int | None = None) -> None:
        """Say how far the work is; it is written down with the next renewal of the lease."""
        self._pace.step(stage, rows_done, now_s=time.monotonic())
        told = {"stage": stage, "rows_done": rows_done, "rows": rows, **self._pace.told(rows)}
        self.progress = {**told, "step": self.progress.get("step", 0) + 1}

    def tell_time(self) -> None:
        """Say anew how long the stage will still take: its last step may be some time ago."""
        if self.progress:
            timeless = {name: value for name, value in self.progress.items() if name not in OF_TIME}
            told = self._pace.told(timeless.get("rows"), now_s=time.monotonic())
            self.progress = timeless | told

    def writing(self) -> Any:
        """Return a transaction of the job's tenant, in the loader's role."""
        return self.service.pool.transaction(self.held.tenant_id, role=Role.LOADER)

    async def finish(self, tx: Connection, chunk: Chunk) -> None:
        """Say that a chunk is done, last of all in its transaction; raises as `finish_chunk` does."""
        await finish_chunk(tx, self.held, chunk)


Work = Callable[[JobAtWork], Awaitable[dict[str, Any]]]
"""Does a job, or what of it is left, and returns what came of it."""


@dataclass(slots=True)
class Attempt:
    """An attempt at a job that was claimed."""

    at: JobAtWork
    work: Work
    budget: RetryBudget

    async def run(self) -> None:
        """Work, and write down what became of it; cancelled, it hands the job back."""
        failpoint("after_lease")
        if await self._is_refused():
            return
        working = asyncio.ensure_future(self.work(self.at))
        keeping = asyncio.create_task(self._keep(working))
        try:
            await asyncio.wait({working})
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            if not self.at.is_lost:
                await asyncio.shield(self._hand_back())
            raise
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        if not self.at.is_lost:
            await self._settle(working)

    async def _is_refused(self) -> bool:
        """Say whether a job is not begun again: it was called off, or its workers were lost too often."""
        job = self.at.job
        if job.cancel_asked_at is not None:
            await self._end(JobState.CANCELLED, {})
        elif job.losses >= MOST_LOSSES:
            await self._end(JobState.FAILED, {}, lost_too_often(job.losses))
        else:
            return False
        return True

    async def _keep(self, working: "asyncio.Future[Any]") -> None:
        """Renew the lease; work on a job that another has is ended, and so is what does not end by itself."""
        force_s = float("inf")
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            grip = Grip.HELD
            with suppress(VcciError):  # whoever claims the job while the database is away, has it
                self.at.tell_time()
                async with self.at.writing() as tx:
                    await end_if_idle(tx)
                    grip = await keep_job(tx, self.at.held, self.at.progress)
            if grip is Grip.CALLED_OFF and not self.at.called_off.is_set():
                self.at.called_off.set()
                force_s = time.monotonic() + FORCE_SECONDS
            self.at.is_lost = grip is Grip.LOST
            if self.at.is_lost or time.monotonic() > force_s:
                working.cancel()
                return

    async def _settle(self, working: "asyncio.Future[dict[str, Any]]") -> None:
        error = None if working.cancelled() else working.exception()
        if isinstance(error, JobLostError):
            return
        failpoint("before_end")
        if working.cancelled() or isinstance(error, JobCancelledError):
            await self._end(JobState.CANCELLED, {})
        elif error is None:
            await self._end(JobState.COMPLETED, working.result())
        else:
            await self._fail(failure_of(error))
        failpoint("after_end")

    async def _fail(self, failure: Failure) -> None:
        """Put the job off, or let it be: decided by what was counted since its last chunk."""

        async def write(tx: Connection) -> Failure | None:
            counted = await failures_of(tx, self.at.held)
            if counted is None:
                return None
            failures, deaths = counted
            pause_s = wait_s(
                failure,
                failures=failures,
                deaths=deaths,
                chance=random.random(),  # noqa: S311
                budget=self.budget,
            )
            if pause_s is None:
                return gave_up(deaths + 1) if failure.is_death else failure
            entry, is_death = self._entry(failure), failure.is_death
            await put_off_job(tx, self.at.held, entry, wait_s=pause_s, is_death=is_death)
            return None

        if (final := await self._written(write)) is not None:
            await self._end(JobState.FAILED, {}, final)

    async def _end(self, state: JobState, outcome: dict[str, Any], failure: Failure | None = None) -> None:
        told = {**outcome, "error": failure.told()} if failure else outcome
        entry = self._entry(failure) if failure else None

        async def write(tx: Connection) -> Any:
            is_ended = await end_job(tx, self.at.held, state=state, outcome=told, entry=entry)
            if is_ended and "run_id" in outcome:
                return await announce_outdated(tx, self.at.held.tenant_id, OUTDATED_BY_RUN)
            return None

        await self.at.service.outdated(await self._written(write))

    async def _hand_back(self) -> None:
        with suppress(VcciError):  # its lease runs out
            async with self.at.writing() as tx:
                await end_if_idle(tx)
                await hand_back_job(tx, self.at.held)

    async def _written(self, write: Callable[[Connection], Awaitable[T]]) -> T:
        """Write as soon as the database is there; who has claimed the job meanwhile is not disturbed."""
        refusals = 0
        while True:
            try:
                async with self.at.writing() as tx:
                    await end_if_idle(tx)
                    return await write(tx)
            except VcciError as error:
                refusals += error.code not in AWAY
                if refusals > MOST_REFUSALS:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)

    def _entry(self, failure: Failure) -> dict[str, Any]:
        return {"attempt": self.at.job.attempts, "code": failure.code, "what": failure.what}
