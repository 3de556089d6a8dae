"""The open run of a tenant: the one run that takes single activities. It is made when the first is booked."""

import json
from dataclasses import dataclass
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.partitions import ACTIVITIES, EMISSIONS, UNLINED, Partition, attach, fill

DIGEST: Final = "open"
"""Stands for the digest of a run and of an import: theirs are of 64 hexadecimal digits."""

TITLE: Final = "Single activities"

FIND: Final[LiteralString] = """
    SELECT o.run_id, r.import_id, o.next_row, o.next_key FROM vcci.open_runs o
    JOIN vcci.runs r ON r.tenant_id = o.tenant_id AND r.id = o.run_id
    WHERE o.tenant_id = $1 FOR UPDATE OF o
"""

ADD_RUN: Final[LiteralString] = """
    INSERT INTO vcci.runs (tenant_id, id, digest, import_id, title, parameters, packs, rows, lines, excluded,
        not_covered, rejected, total_mg_co2e, inventory)
    VALUES ($1, $2, $3, $4, $5, '{}', '[]', 0, 0, 0, 0, 0, 0, $6)
"""


@dataclass(frozen=True, slots=True)
class OpenRun:
    """The open run, held by this transaction until it ends: nobody else writes to it meanwhile."""

    tenant_id: UUID
    run_id: UUID
    import_id: UUID
    next_row: int
    next_key: int


async def held_open_run(tx: Connection, tenant_id: UUID) -> OpenRun:
    """Return the tenant's open run, made if it is not there; role loader."""
    if found := await _find(tx, tenant_id):
        return found
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant_id}/{DIGEST}")
    return await _find(tx, tenant_id) or await _make(tx, tenant_id)


async def take(tx: Connection, run: OpenRun, *, rows: int, keys: int) -> None:
    """Move the next row and the next multiplier on by what was taken."""
    await tx.execute(
        "UPDATE vcci.open_runs SET next_row = next_row + $2, next_key = next_key + $3 WHERE tenant_id = $1",
        *(run.tenant_id, rows, keys),
    )


async def is_open(tx: Connection, tenant_id: UUID, run_id: UUID) -> bool:
    """Say whether a run is the tenant's open one."""
    found: UUID | None = await tx.fetchval(
        "SELECT run_id FROM vcci.open_runs WHERE tenant_id = $1", tenant_id
    )
    return found == run_id


async def _find(tx: Connection, tenant_id: UUID) -> OpenRun | None:
    row = await tx.fetchrow(FIND, tenant_id)
    return None if row is None else OpenRun(tenant_id, *row)


async def _make(tx: Connection, tenant_id: UUID) -> OpenRun:
    run = OpenRun(tenant_id, new_id(), new_id(), next_row=1, next_key=1)
    await tx.execute(
        "INSERT INTO vcci.imports (tenant_id, id, digest, files, rows) VALUES ($1, $2, $3, '[]', 0)",
        *(tenant_id, run.import_id, DIGEST),
    )
    inventory = json.dumps({"run_digest": DIGEST, "title": TITLE})
    await tx.execute(ADD_RUN, tenant_id, run.run_id, DIGEST, run.import_id, TITLE, inventory)
    partitions = [Partition(ACTIVITIES, tenant_id, run.import_id)]
    partitions += [Partition(table, tenant_id, run.run_id) for table in (EMISSIONS, UNLINED)]
    for partition in partitions:
        await fill(tx, partition, ())
    for partition in partitions:
        await attach(tx, partition)
    await tx.execute(
        "INSERT INTO vcci.open_runs (tenant_id, run_id, next_row, next_key) VALUES ($1, $2, $3, $4)",
        *(tenant_id, run.run_id, run.next_row, run.next_key),
    )
    return run
