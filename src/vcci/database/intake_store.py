"""Files that were uploaded, as the database knows them; their bytes lie in the data folder."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.job_store import COLUMNS as JOB_COLUMNS
from vcci.database.job_store import Job, job_of
from vcci.database.table_lists import TableList
from vcci.services.paging import newest_first

COLUMNS: Final[LiteralString] = "id, api_key_id, name, digest, size_bytes, created_at"


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """A file that was uploaded; `digest` is SHA-256 over its bytes, in hex."""

    id: UUID
    api_key_id: UUID
    name: str
    digest: str
    size_bytes: int
    created_at: datetime


FILES: Final = TableList(
    "vcci.intake_files", COLUMNS, lambda row: IntakeFile(*row), {"id": newest_first("intake_files_pkey")}
)


async def add_file(tx: Connection, tenant_id: UUID, file: IntakeFile) -> None:
    """Store what is known of a file; role loader."""
    await tx.execute(
        "INSERT INTO vcci.intake_files (tenant_id, id, api_key_id, name, digest, size_bytes)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        *(tenant_id, file.id, file.api_key_id, file.name, file.digest, file.size_bytes),
    )


async def file_by_id(tx: Connection, tenant_id: UUID, file_id: UUID) -> IntakeFile | None:
    """Return a file of a tenant, None if there is none."""
    query = f"SELECT {COLUMNS} FROM vcci.intake_files WHERE tenant_id = $1 AND id = $2"
    row = await tx.fetchrow(query, tenant_id, file_id)
    return None if row is None else IntakeFile(*row)


async def files_before(
    tx: Connection, tenant_id: UUID, before: UUID | None, *, limit: int
) -> list[IntakeFile]:
    """Return the files of a tenant that were uploaded before one, or the last ones, the newest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.intake_files WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2)"
        " ORDER BY id DESC LIMIT $3",
        *(tenant_id, before, limit),
    )
    return [IntakeFile(*row) for row in rows]


async def last_jobs(tx: Connection, tenant_id: UUID, file_ids: list[UUID]) -> dict[str, Job]:
    """Return the last job of each of these files that has one, by the file's id."""
    rows = await tx.fetch(
        f"SELECT DISTINCT ON (task->>'file_id') {JOB_COLUMNS} FROM vcci.jobs"
        " WHERE tenant_id = $1 AND task->>'file_id' = ANY($2) ORDER BY task->>'file_id', id DESC",
        *(tenant_id, [str(one) for one in file_ids]),
    )
    jobs = map(job_of, rows)
    return {job.task["file_id"]: job for job in jobs}
