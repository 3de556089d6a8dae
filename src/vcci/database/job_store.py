"""Jobs: queued, held by one worker at a time, and ended once.

Who works on a job holds a lease, by the database's clock. A lease that has run out may be taken by another
worker; what the first one still writes is refused then, as it no longer holds the job.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.table_lists import TableList
from vcci.services.paging import newest_first

CHANNEL: Final = "vcci_jobs"
LEASE: Final[LiteralString] = "interval '30 seconds'"
MOST_ATTEMPTS: Final = 3

COLUMNS: Final[LiteralString] = (
    "id, api_key_id, kind, state, task, progress, outcome, attempts, worker_id, created_at, started_at,"
    " finished_at"
)

CLAIM: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET state = 'running', worker_id = $2, attempts = attempts + 1,
        lease_until = now() + {LEASE}, started_at = coalesce(started_at, now())
    WHERE tenant_id = $1 AND id = (
        SELECT id FROM vcci.jobs
        WHERE tenant_id = $1 AND (state = 'queued' OR state = 'running' AND lease_until < now())
        ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING {COLUMNS}
"""

HELD: Final[LiteralString] = "tenant_id = $1 AND id = $2 AND worker_id = $3 AND state = 'running'"


@dataclass(frozen=True, slots=True)
class Job:
    """A job; task, progress and outcome are plain values."""

    id: UUID
    api_key_id: UUID
    kind: str
    state: str
    task: dict[str, Any]
    progress: dict[str, Any]
    outcome: dict[str, Any]
    attempts: int
    worker_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Say whether nothing changes any more."""
        return self.state in ("completed", "failed")


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job and who holds it."""

    tenant_id: UUID
    job_id: UUID
    worker_id: UUID


async def add_job(
    tx: Connection, tenant_id: UUID, *, job: tuple[UUID, UUID, str], task: dict[str, Any]
) -> None:
    """Queue a job (its id, the key that asked for it, its kind), and announce it; role loader."""
    await tx.execute(
        "INSERT INTO vcci.jobs (tenant_id, id, api_key_id, kind, state, task, progress, outcome, attempts)"
        " VALUES ($1, $2, $3, $4, 'queued', $5, '{}', '{}', 0)",
        *(tenant_id, *job, json.dumps(task)),
    )
    await tx.execute("SELECT pg_notify($1, $2)", CHANNEL, str(tenant_id))


async def claim_job(tx: Connection, tenant_id: UUID, worker_id: UUID) -> Job | None:
    """Take the oldest job that nobody holds; None where there is none; role loader."""
    row = await tx.fetchrow(CLAIM, tenant_id, worker_id)
    return None if row is None else _job(row)


async def keep_job(tx: Connection, held: HeldJob, progress: dict[str, Any]) -> bool:
    """Renew a lease and tell how far it is; false where the job is no longer held; role loader."""
    done = await tx.execute(
        f"UPDATE vcci.jobs SET lease_until = now() + {LEASE}, progress = $4 WHERE {HELD}",
        *(held.tenant_id, held.job_id, held.worker_id, json.dumps(progress)),
    )
    return str(done) == "UPDATE 1"


async def end_job(tx: Connection, held: HeldJob, *, state: str, outcome: dict[str, Any]) -> bool:
    """End a job; false where it is no longer held; role loader."""
    done = await tx.execute(
        "UPDATE vcci.jobs SET state = $4, outcome = $5, finished_at = now(), lease_until = NULL"
        f" WHERE {HELD}",
        *(held.tenant_id, held.job_id, held.worker_id, state, json.dumps(outcome)),
    )
    return str(done) == "UPDATE 1"


async def hand_back_job(tx: Connection, held: HeldJob, *, is_counted: bool) -> None:
    """Queue a held job again; an attempt that was only interrupted is not counted; role loader."""
    await tx.execute(
        "UPDATE vcci.jobs SET state = 'queued', worker_id = NULL, lease_until = NULL,"
        f" attempts = attempts - $4 WHERE {HELD}",
        *(held.tenant_id, held.job_id, held.worker_id, 0 if is_counted else 1),
    )
    await tx.execute("SELECT pg_notify($1, $2)", CHANNEL, str(held.tenant_id))


async def job_by_id(tx: Connection, tenant_id: UUID, job_id: UUID) -> Job | None:
    """Return a job of a tenant, None if there is none."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND id = $2", tenant_id, job_id
    )
    return None if row is None else _job(row)


async def jobs_of_file(tx: Connection, tenant_id: UUID, file_id: UUID, *, limit: int) -> list[Job]:
    """Return the last jobs of an uploaded file, the newest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND task->>'file_id' = $2"
        " ORDER BY id DESC LIMIT $3",
        *(tenant_id, str(file_id), limit),
    )
    return [_job(row) for row in rows]


async def last_completed_job(tx: Connection, tenant_id: UUID, file_id: UUID) -> Job | None:
    """Return the last job of an uploaded file that came to its end with a run."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND task->>'file_id' = $2"
        " AND state = 'completed' ORDER BY id DESC LIMIT 1",
        *(tenant_id, str(file_id)),
    )
    return None if row is None else _job(row)


def _job(row: Any) -> Job:
    told = dict(row)
    return Job(**{**told, **{name: json.loads(told[name]) for name in ("task", "progress", "outcome")}})


JOBS: Final = TableList("vcci.jobs", COLUMNS, _job, {"id": newest_first("jobs_pkey")})
