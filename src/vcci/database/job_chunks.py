"""The ledger of chunks: what of a job is done, written in the transaction that did it.

Whether the job is still held is looked at last, as the chunk commits: so a chunk that takes long does not
keep its worker from renewing the lease, and who claimed the job meanwhile wins.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.job_leases import HELD, HeldJob, end_if_idle
from vcci.database.job_store import LEASE
from vcci.errors import VcciError

HOLD: Final[LiteralString] = f"""
    UPDATE vcci.jobs SET lease_until = clock_timestamp() + {LEASE}, failures = 0, deaths = 0, losses = 0
    WHERE {HELD} RETURNING cancel_asked_at IS NOT NULL
"""

ADD_CHUNK: Final[LiteralString] = """
    INSERT INTO vcci.job_chunks (tenant_id, job_id, fence, stage, number, rows, told)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

CHUNKS: Final[LiteralString] = """
    SELECT stage, number, rows, told FROM vcci.job_chunks WHERE tenant_id = $1 AND job_id = $2
    ORDER BY stage, number
"""

END_OLDER: Final[LiteralString] = """
    SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity
    WHERE application_name LIKE $1 || ' %' AND pid <> pg_backend_pid()
        AND split_part(application_name, ' ', 3)::bigint < $2
"""
"""Waits until they are gone, two seconds at most."""


class JobLostError(VcciError):
    """Another worker has taken the job over; what this one wrote last was refused."""

    code = "job_lost"

    def __init__(self, held: HeldJob) -> None:
        super().__init__(
            f"The job {held.job_id} is no longer held with token {held.fence}; nothing was written.",
            remedy="Nothing has to be done: whoever holds it now goes on after its last chunk.",
        )


class JobCancelledError(VcciError):
    """The job was called off."""

    code = "job_cancelled"

    def __init__(self) -> None:
        super().__init__("The job was called off.", remedy="`vcci jobs resume` takes it up again.")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk that is done: its stage, its number there from 0, its rows, and what the next ones need."""

    stage: str
    number: int
    rows: int = 0
    told: dict[str, Any] = field(default_factory=dict)


Done = dict[tuple[str, int], Chunk]
"""Chunks that are done, by stage and number."""


async def done_chunks(tx: Connection, held: HeldJob) -> Done:
    """Return what of a held job is done."""
    return await chunks_of(tx, held.tenant_id, held.job_id)


async def chunks_of(tx: Connection, tenant_id: UUID, job_id: UUID) -> Done:
    """Return what of a job is done."""
    rows = await tx.fetch(CHUNKS, tenant_id, job_id)
    chunks = [Chunk(row["stage"], row["number"], row["rows"], json.loads(row["told"])) for row in rows]
    return {(chunk.stage, chunk.number): chunk for chunk in chunks}


async def finish_chunk(tx: Connection, held: HeldJob, chunk: Chunk) -> None:
    """Say that a chunk is done, as the last thing but announcements in the transaction of its effect.

    Raises `JobLostError` where another has claimed the job since, `JobCancelledError` where it was called
    off: the transaction is to be rolled back then. Role loader.
    """
    await end_if_idle(tx)
    called_off = await tx.fetchval(HOLD, *held.key)
    if called_off is None:
        raise JobLostError(held)
    if called_off:
        raise JobCancelledError
    told = json.dumps(chunk.told)
    await tx.execute(
        ADD_CHUNK,
        *(held.tenant_id, held.job_id, held.fence, chunk.stage, chunk.number, chunk.rows, told),
    )


async def forget_chunks(tx: Connection, held: HeldJob, stages: list[str]) -> None:
    """Forget chunks of these stages, to do them again; raises as `finish_chunk` does. Role loader."""
    if await tx.fetchval(HOLD, *held.key) is None:
        raise JobLostError(held)
    await tx.execute(
        "DELETE FROM vcci.job_chunks WHERE tenant_id = $1 AND job_id = $2 AND stage = ANY ($3)",
        *(held.tenant_id, held.job_id, stages),
    )


async def end_older_holders(connection: Connection, held: HeldJob) -> None:
    """End the connections of who held the job before, and bear our own name: outside of a transaction.

    A process that was stopped in the middle of a COPY holds locks until it is woken, if ever.
    """
    name = f"vcci-job {held.job_id.hex}"
    await connection.execute("SELECT set_config('application_name', $1, false)", f"{name} {held.fence}")
    await connection.fetchval(END_OLDER, name, held.fence)
