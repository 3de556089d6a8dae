"""How jobs are told over HTTP: as they stand, and as a stream of events (Server-Sent Events)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from vcci.database.job_store import Job, job_by_id
from vcci.domain.display import exact_kilograms
from vcci.errors import VcciError
from vcci.runtime.service import Service

LOOK_SECONDS: Final = 0.5
ALIVE_SECONDS: Final = 15.0
STREAM_SECONDS: Final = 20.0
"""A stream ends after this time, and its client asks again: so nothing keeps the service from stopping."""

RETRY_MS: Final = 500


class JobProgress(BaseModel):
    """How far a job is: the stage, and rows of it where they are counted; `step` rises with each.

    Rate and time left are of the stage, from its last steps; null until enough of these are known.
    """

    stage: str = ""
    rows_done: int = 0
    rows: int | None = None
    step: int = 0
    rows_per_s: float | None = None
    least_s_left: float | None = None
    most_s_left: float | None = None


class ReportFile(BaseModel):
    """The file of a report, which `/result` gives; `rows` are those of its table."""

    name: str
    sha256: str
    size_bytes: int
    rows: int


class BridgeEffect(BaseModel):
    """What one effect adds to a category, from the run before to this one."""

    category: int
    effect: str
    emissions_mg_co2e: int


class ComparedPart(BaseModel):
    """A file of a run, or what PostgreSQL holds of it: as it is stored, and as it was made again.

    Both are digests (SHA-256) or figures; empty where there is none.
    """

    name: str
    stored: str
    again: str
    is_same: bool


class JobOutcome(BaseModel):
    """What a job came to: a run, the file of a report, or a verification; what is another's is null.

    Of a run, `counts.rows` are lines, excluded, not covered and rejected, together. A recalculation says
    which run it recalculates, and by which effects the totals of the two differ; a verification which run it
    is of, of how many parts, how many are the same, and tells these one by one.
    """

    run_id: UUID | None = None
    run_digest: str | None = None
    counts: dict[str, int] = {}
    total_kg_co2e: str
    total_mg_co2e: int
    file: ReportFile | None = None
    recalculates: UUID | None = None
    bridge: list[BridgeEffect] | None = None
    verifies: UUID | None = None
    parts: int | None = None
    same: int | None = None
    compared: list[ComparedPart] | None = None


class JobError(BaseModel):
    """Why a job failed, what was tried, and what to do; the codes are those of the command line."""

    code: str
    what: str
    tried: list[str]
    remedy: str


class JobAnswer(BaseModel):
    """A job, with its outcome or its error once it is over."""

    id: UUID
    kind: str
    state: str = Field(description="queued, running, waiting, completed, failed or cancelled")
    file_id: UUID | None
    attempts: int
    progress: JobProgress
    outcome: JobOutcome | None
    error: JobError | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    not_before: datetime | None = Field(description="When a job that waits is tried again.")


def job_as_json(job: Job) -> dict[str, Any]:
    """Return a job in plain values, as `JobAnswer` says."""
    outcome = None
    if "total_mg_co2e" in job.outcome:
        told = {**job.outcome, "total_kg_co2e": exact_kilograms(job.outcome["total_mg_co2e"])}
        outcome = JobOutcome.model_validate(told).model_dump(mode="json")
    return {
        "id": str(job.id),
        "kind": job.kind,
        "state": job.state,
        "file_id": job.task.get("file_id"),
        "attempts": job.attempts,
        "progress": JobProgress.model_validate(job.progress).model_dump(),
        "outcome": outcome,
        "error": job.outcome.get("error"),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "not_before": job.not_before,
    }


@dataclass(frozen=True, slots=True)
class JobEvents:
    """The events of a job: `progress` while it goes on; `completed`, `failed` or `cancelled` is the last."""

    service: Service
    tenant_id: UUID
    job_id: UUID

    async def after(self, step: int) -> AsyncIterator[bytes]:
        """Yield the events after a step; no connection to the database is held between two looks."""
        loop = asyncio.get_running_loop()
        began_s = said_s = loop.time()
        yield f"retry: {RETRY_MS}\n\n".encode()
        while loop.time() - began_s < STREAM_SECONDS and not self.service.is_stopping:
            try:
                job = await self._job()
            except VcciError:  # the database is away: its client asks again, as it does after every stream
                return
            if job is None:
                return
            if job.is_over:
                yield _event(job.state, job_as_json(job), step=step)
                return
            now = int(job.progress.get("step", 0))
            if now > step:
                step, said_s = now, loop.time()
                yield _event("progress", job_as_json(job)["progress"], step=step)
            elif loop.time() - said_s >= ALIVE_SECONDS:
                said_s = loop.time()
                yield b": still there\n\n"
            await asyncio.sleep(LOOK_SECONDS)

    async def _job(self) -> Job | None:
        async with self.service.pool.transaction(self.tenant_id) as tx:
            return await job_by_id(tx, self.tenant_id, self.job_id)


def _event(name: str, told: dict[str, Any], *, step: int) -> bytes:
    return f"id: {step}\nevent: {name}\ndata: {orjson.dumps(told).decode()}\n\n".encode()
