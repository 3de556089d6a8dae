"""Jobs that are over for so long that nobody takes them up again: what they left on their way is removed."""

from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.job_chunks import chunks_of
from vcci.database.job_save import drop_staged
from vcci.database.job_store import Job, job_by_id

KEPT: Final[LiteralString] = "interval '7 days'"
"""So long can a job that failed or was cancelled go on where it stood; then it begins anew."""

OLD: Final[LiteralString] = f"""
    SELECT id FROM vcci.jobs j
    WHERE tenant_id = $1 AND finished_at < now() - {KEPT}
        AND EXISTS (SELECT FROM vcci.job_chunks c WHERE c.tenant_id = $1 AND c.job_id = j.id)
    ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
"""


async def forget_old_chunks(tx: Connection, tenant_id: UUID) -> list[Job]:
    """Remove chunks of old jobs, and the tables that they filled in vain; returns these jobs. Role loader."""
    found: list[Any] = []
    for row in await tx.fetch(OLD, tenant_id):
        await drop_staged(tx, tenant_id, await chunks_of(tx, tenant_id, row["id"]))
        await tx.execute(
            "DELETE FROM vcci.job_chunks WHERE tenant_id = $1 AND job_id = $2", tenant_id, row["id"]
        )
        found.append(await job_by_id(tx, tenant_id, row["id"]))
    return [job for job in found if job is not None]
