"""Who works on a job: a lease by the database's clock, and a fencing token that rises with each claim.

A lease that has run out may be taken by another worker. Until somebody does, its holder still holds the job;
from then on whatever it writes is refused, as it names a token that is no longer the newest.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.job_store import LEASE, SHORTENED, announce_jobs

IDLE: Final[LiteralString] = "SET LOCAL idle_in_transaction_session_timeout = 3000"
"""A process that is stopped while it holds a job's row is cut off, and the job can be claimed."""

HELD: Final[LiteralString] = (
    "tenant_id = $1 AND id = $2 AND worker_id = $3 AND fence = $4 AND state = 'running'"
)

KEEP: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET lease_until = clock_timestamp() + {LEASE}, progress = $5
    WHERE {HELD} RETURNING cancel_asked_at IS NOT NULL
"""

END: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET state = $5, outcome = $6, finished_at = now(), lease_until = NULL,
        history = CASE WHEN $7::jsonb IS NULL THEN history
            ELSE history || ($7::jsonb || jsonb_build_object('at', now())) END
    WHERE {HELD}
"""

HAND_BACK: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET state = 'queued', worker_id = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE {HELD}
"""

PUT_OFF: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET state = CASE WHEN $5::float8 > 0 THEN 'waiting' ELSE 'queued' END,
        not_before = clock_timestamp() + $5::float8 * interval '1 second',
        failures = failures + CASE WHEN $7 THEN 0 ELSE 1 END,
        deaths = deaths + CASE WHEN $7 THEN 1 ELSE 0 END,
        worker_id = NULL, lease_until = NULL,
        history = {SHORTENED} || ($6::jsonb || jsonb_build_object('at', now()))
    WHERE {HELD}
"""


class Grip(StrEnum):
    """What a worker has of a job: it holds it, holds it and is asked to stop, or has lost it."""

    HELD = "held"
    CALLED_OFF = "called off"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job, who holds it, and with which fencing token."""

    tenant_id: UUID
    job_id: UUID
    worker_id: UUID
    fence: int

    @property
    def key(self) -> tuple[UUID, UUID, UUID, int]:
        """The parameters of HELD."""
        return self.tenant_id, self.job_id, self.worker_id, self.fence


async def keep_job(tx: Connection, held: HeldJob, progress: dict[str, Any]) -> Grip:
    """Renew a lease and tell how far the job is; role loader."""
    called_off = await tx.fetchval(KEEP, *held.key, json.dumps(progress))
    if called_off is None:
        return Grip.LOST
    return Grip.CALLED_OFF if called_off else Grip.HELD


async def end_job(
    tx: Connection,
    held: HeldJob,
    *,
    state: str,
    outcome: dict[str, Any],
    entry: dict[str, Any] | None = None,
) -> bool:
    """End a job, with an entry for its history; false where it is no longer held. Role loader."""
    last = None if entry is None else json.dumps(entry)
    done = await tx.execute(END, *held.key, state, json.dumps(outcome), last)
    return str(done) == "UPDATE 1"


async def hand_back_job(tx: Connection, held: HeldJob) -> bool:
    """Queue a held job again whose attempt was only interrupted, and is not counted; role loader."""
    done = await tx.execute(HAND_BACK, *held.key)
    await announce_jobs(tx, held.tenant_id)
    return str(done) == "UPDATE 1"


async def failures_of(tx: Connection, held: HeldJob) -> tuple[int, int] | None:
    """Return how often a held job has failed and died since its last chunk; None where it is lost.

    The job stays as it is until the transaction ends.
    """
    row = await tx.fetchrow(f"SELECT failures, deaths FROM vcci.jobs WHERE {HELD} FOR UPDATE", *held.key)
    return None if row is None else (row["failures"], row["deaths"])


async def put_off_job(
    tx: Connection, held: HeldJob, entry: dict[str, Any], *, wait_s: float, is_death: bool
) -> bool:
    """Let a job whose attempt failed wait, and try it again then; false where it is no longer held."""
    done = await tx.execute(PUT_OFF, *held.key, wait_s, json.dumps(entry), is_death)
    await announce_jobs(tx, held.tenant_id)
    return str(done) == "UPDATE 1"


async def end_if_idle(tx: Connection) -> None:
    """Let PostgreSQL end this transaction if its process falls silent: before it takes a job's row."""
    await tx.execute(IDLE)
