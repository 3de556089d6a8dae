"""Jobs as they are asked for and told of: queued, listed, called off, taken up again.

Who works on them is in job_leases.py, what of them is done in job_chunks.py.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.table_lists import TableList
from vcci.services.paging import newest_first

CHANNEL: Final = "vcci_jobs"

INTERACTIVE: Final = 0
"""The priority of a job that somebody waits for."""
BULK: Final = 1
"""The priority of a job that may wait for others."""

COLUMNS: Final[LiteralString] = (
    "id, api_key_id, kind, state, task, progress, outcome, attempts, worker_id, created_at, started_at,"
    " finished_at, priority, fence, failures, deaths, losses, not_before, cancel_asked_at, history"
)
DOCUMENTS: Final = ("task", "progress", "outcome", "history")

LEASE: Final[LiteralString] = "interval '3 seconds'"
"""Short, so that the job of a worker that was killed is soon another's; four times in it, it is renewed."""

DUE: Final[LiteralString] = (
    "(state = 'queued' OR state = 'running' AND lease_until < now()"
    " OR state = 'waiting' AND not_before <= now())"
)

MOST_HISTORY: Final = 50
"""Entries of a job's history that are kept, the newest."""

SHORTENED: Final[LiteralString] = (
    f"CASE WHEN jsonb_array_length(history) >= {MOST_HISTORY} THEN history - 0 ELSE history END"
)
"""The history with room for one entry more."""

CLAIM: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET state = 'running', worker_id = $2, attempts = attempts + 1, fence = fence + 1,
        lease_until = clock_timestamp() + {LEASE}, not_before = NULL,
        started_at = coalesce(started_at, now()),
        losses = losses + CASE WHEN state = 'running' THEN 1 ELSE 0 END,
        history = CASE WHEN state = 'running' THEN {SHORTENED} || jsonb_build_object('attempt', attempts,
            'code', 'job_worker_lost', 'what', 'Nothing was heard of its worker any more.', 'at', now())
            ELSE history END
    WHERE tenant_id = $1 AND id = (
        SELECT id FROM vcci.jobs WHERE tenant_id = $1 AND priority <= $3 AND {DUE}
        ORDER BY priority, created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING {COLUMNS}
"""

CALL_OFF: Final[LiteralString] = """
    UPDATE vcci.jobs SET cancel_asked_at = coalesce(cancel_asked_at, now()),
        state = CASE WHEN state = 'running' THEN state ELSE 'cancelled' END,
        finished_at = CASE WHEN state = 'running' THEN NULL ELSE now() END, not_before = NULL
    WHERE tenant_id = $1 AND id = $2 AND state IN ('queued', 'running', 'waiting')
    RETURNING state
"""

TAKE_UP_AGAIN: Final[LiteralString] = """
    UPDATE vcci.jobs SET state = 'queued', failures = 0, deaths = 0, losses = 0, outcome = '{}',
        not_before = NULL, cancel_asked_at = NULL, finished_at = NULL
    WHERE tenant_id = $1 AND id = $2 AND state IN ('failed', 'cancelled', 'waiting')
    RETURNING state
"""

DUE_AMONG: Final[LiteralString] = "SELECT tenant, first_due FROM vcci.tenants_with_jobs($1::uuid[])"


class JobState(StrEnum):
    """Where a job stands; the last three are ends, and of these only `completed` is for good."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDS: Final = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Job:
    """A job; task, progress, outcome and history are plain values.

    `not_before` is when a job that waits is tried again; `history` has an entry for each attempt that did not
    end well: `attempt`, `code`, `what`, `at`.
    """

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
    priority: int
    fence: int
    failures: int
    deaths: int
    losses: int
    not_before: datetime | None
    cancel_asked_at: datetime | None
    history: list[dict[str, Any]]

    @property
    def is_over(self) -> bool:
        """Say whether nothing changes any more, unless somebody takes the job up again."""
        return self.state in ENDS


async def add_job(
    tx: Connection,
    tenant_id: UUID,
    *,
    job: tuple[UUID, UUID, str],
    task: dict[str, Any],
    priority: int = INTERACTIVE,
) -> None:
    """Queue a job (its id, the key that asked for it, its kind), and announce it; role loader."""
    await tx.execute(
        "INSERT INTO vcci.jobs (tenant_id, id, api_key_id, kind, state, task, progress, outcome, attempts,"
        " priority) VALUES ($1, $2, $3, $4, 'queued', $5, '{}', '{}', 0, $6)",
        *(tenant_id, *job, json.dumps(task), priority),
    )
    await announce_jobs(tx, tenant_id)


async def claim_job(
    tx: Connection, tenant_id: UUID, worker_id: UUID, *, least_urgent: int = BULK
) -> Job | None:
    """Take the first job that nobody holds, none less urgent than that; None where there is none.

    A job whose worker was lost has one loss more. Role loader.
    """
    row = await tx.fetchrow(CLAIM, tenant_id, worker_id, least_urgent)
    return None if row is None else job_of(row)


async def announce_jobs(tx: Connection, tenant_id: UUID) -> None:
    """Call the workers: a tenant has a job to do, once this transaction commits."""
    await tx.execute("SELECT pg_notify($1, $2)", CHANNEL, str(tenant_id))


async def call_off_job(tx: Connection, tenant_id: UUID, job_id: UUID) -> str | None:
    """Cancel a job, and return its state; None where there is none that is not over. Role loader.

    One that is worked on ends soon after: its worker is told with the next renewal of its lease.
    """
    found: str | None = await tx.fetchval(CALL_OFF, tenant_id, job_id)
    return found


async def take_up_again(tx: Connection, tenant_id: UUID, job_id: UUID) -> bool:
    """Queue a job that failed, was cancelled or waits: it goes on after its last chunk. Role loader."""
    if await tx.fetchval(TAKE_UP_AGAIN, tenant_id, job_id) is None:
        return False
    await announce_jobs(tx, tenant_id)
    return True


async def open_tenants(tx: Connection, among: list[UUID] | None) -> dict[UUID, int | None]:
    """Return the tenants that have open jobs, of all or of some: in a transaction of no tenant, role loader.

    Each comes with the priority of its first job that could be worked on now; None where there is none.
    """
    return {row["tenant"]: row["first_due"] for row in await tx.fetch(DUE_AMONG, among)}


async def job_by_id(tx: Connection, tenant_id: UUID, job_id: UUID) -> Job | None:
    """Return a job of a tenant, None if there is none."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND id = $2", tenant_id, job_id
    )
    return None if row is None else job_of(row)


async def newest_jobs(tx: Connection, tenant_id: UUID, *, state: str = "", limit: int = 50) -> list[Job]:
    """Return the newest jobs of a tenant, of one state if it is named."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND ($2 = '' OR state = $2)"
        " ORDER BY id DESC LIMIT $3",
        *(tenant_id, state, limit),
    )
    return [job_of(row) for row in rows]


async def job_counts(tx: Connection, tenant_id: UUID) -> dict[str, int]:
    """Return how many jobs a tenant has in each state that there are any in."""
    query = "SELECT state, count(*) FROM vcci.jobs WHERE tenant_id = $1 GROUP BY 1 ORDER BY 1"
    return dict([tuple(row) for row in await tx.fetch(query, tenant_id)])


async def jobs_of_file(tx: Connection, tenant_id: UUID, file_id: UUID, *, limit: int) -> list[Job]:
    """Return the last jobs of an uploaded file, the newest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND task->>'file_id' = $2"
        " ORDER BY id DESC LIMIT $3",
        *(tenant_id, str(file_id), limit),
    )
    return [job_of(row) for row in rows]


async def verifications_of(tx: Connection, tenant_id: UUID, run_id: UUID, *, limit: int) -> list[Job]:
    """Return the last jobs that verify a run, the newest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND kind = 'verification'"
        " AND task->>'run_id' = $2 ORDER BY id DESC LIMIT $3",
        *(tenant_id, str(run_id), limit),
    )
    return [job_of(row) for row in rows]


async def last_completed_job(tx: Connection, tenant_id: UUID, file_id: UUID) -> Job | None:
    """Return the last job of an uploaded file that came to its end with a run."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.jobs WHERE tenant_id = $1 AND task->>'file_id' = $2"
        " AND state = 'completed' AND outcome ? 'run_id' ORDER BY id DESC LIMIT 1",
        *(tenant_id, str(file_id)),
    )
    return None if row is None else job_of(row)


def job_of(row: Any) -> Job:
    """Return the job of a row of COLUMNS."""
    told = dict(row)
    return Job(**{**told, **{name: json.loads(told[name]) for name in DOCUMENTS}})


JOBS: Final = TableList(
    "vcci.jobs",
    COLUMNS,
    job_of,
    {"id": newest_first("jobs_pkey")},
    {"state": "t.state = {}", "kind": "t.kind = {}"},
)
