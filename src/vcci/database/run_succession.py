"""Which runs stand: a run takes the place of one that stood before it, and is alone there.

A run that another took the place of is in no report that names no runs. Two that took the place of the same
one would both be counted, so the second is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.job_store import COLUMNS, Job, job_of
from vcci.database.migrate import migrate
from vcci.database.open_run import DIGEST as OPEN
from vcci.database.run_save import RunFiles
from vcci.database.run_store import SavedRun, run_store
from vcci.database.tenants import tenant_transaction
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.inventory import Inventory
from vcci.errors import InputError

STANDING: Final[LiteralString] = """
    SELECT r.id, r.digest, r.title FROM vcci.runs r
    WHERE r.tenant_id = $1 AND r.digest <> $2 AND NOT EXISTS (
        SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = r.digest
    ) ORDER BY r.id
"""

OF_RUNS: Final[LiteralString] = f"""
    SELECT DISTINCT ON (outcome->>'run_id') {COLUMNS} FROM vcci.jobs
    WHERE tenant_id = $1 AND state = 'completed' AND outcome->>'run_id' = ANY ($2)
    ORDER BY outcome->>'run_id', id DESC
"""

OPEN_JOBS: Final[LiteralString] = """
    SELECT count(*) FROM vcci.jobs
    WHERE tenant_id = $1 AND task->>'file_id' = $2 AND state IN ('queued', 'running', 'waiting')
"""


@dataclass(frozen=True, slots=True)
class StandingRun:
    """A run that no other has taken the place of, with the job that it came of; None where none is known."""

    id: UUID
    digest: str
    title: str
    job: Job | None


async def standing_runs(tx: Connection, tenant_id: UUID) -> list[StandingRun]:
    """Return a tenant's runs that no other took the place of, but for its open one, with their last jobs."""
    rows = await tx.fetch(STANDING, tenant_id, OPEN)
    jobs = await jobs_of_runs(tx, tenant_id, [row["id"] for row in rows])
    return [StandingRun(row["id"], row["digest"], row["title"], jobs.get(row["id"])) for row in rows]


async def jobs_of_runs(tx: Connection, tenant_id: UUID, run_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """Return the last job that came to each of these runs."""
    rows = await tx.fetch(OF_RUNS, tenant_id, [str(run_id) for run_id in run_ids])
    return {UUID(job.outcome["run_id"]): job for job in map(job_of, rows)}


async def hold_file(tx: Connection, tenant_id: UUID, file_id: UUID) -> bool:
    """Let nobody else queue a job of a file until the transaction ends; false where one is under way."""
    lock = f"{tenant_id}/file {file_id}"
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
    found: int = await tx.fetchval(OPEN_JOBS, tenant_id, str(file_id))
    return not found


async def hold_place(connection: Connection, tenant_id: UUID, older: str, *, digest: str = "") -> None:
    """Hold the place of a run, by its digest, as long as the connection lasts; waits for who holds it.

    Raises `InputError` where a run other than that of `digest` has taken it.
    """
    lock = f"{tenant_id}/place of {older}"
    await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", lock)
    query = "SELECT id FROM vcci.runs WHERE tenant_id = $1 AND successor_of = $2 AND digest <> $3 LIMIT 1"
    async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
        found = await tx.fetchval(query, tenant_id, older, digest)
    if found is not None:
        raise InputError(
            f"The run {found} has taken the place of the run {older[:16]} already; both would be counted.",
            remedy="Mend or recalculate the run that stands now.",
            code="run_replaced",
        )


async def store_successor(
    inventory: Inventory,
    folder: Path,
    *,
    url: str,
    tenant: str,
    packs: Sequence[tuple[PackManifest, Sequence[EmissionFactor]]],
) -> SavedRun:
    """Migrate, and store a run made of the rows of the run that it is the successor of; no row is doubled.

    Raises `InputError` where another took that place, and as `RunStore.save` does.
    """
    await migrate(url)
    async with run_store(url, tenant=tenant) as store:
        older = inventory.successor_of
        await hold_place(store.connection, store.tenant_id, older, digest=inventory.run_digest)
        async with tenant_transaction(store.connection, tenant_id=store.tenant_id) as tx:
            digest, files = await _import_of(tx, store.tenant_id, older, sources=inventory.sources)
        return await store.save(RunFiles(inventory, digest, files, folder, packs))


async def _import_of(
    tx: Connection, tenant_id: UUID, older: str, *, sources: Sequence[str]
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Return the import of a run; one of the run's own name where the run is not stored here."""
    row = await tx.fetchrow(
        "SELECT i.digest, i.files FROM vcci.runs r"
        " JOIN vcci.imports i ON i.tenant_id = r.tenant_id AND i.id = r.import_id"
        " WHERE r.tenant_id = $1 AND r.digest = $2",
        *(tenant_id, older),
    )
    if row is None:
        return f"rows of {older}", [{"name": name} for name in sources]
    return row["digest"], json.loads(row["files"])
