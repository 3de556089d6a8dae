"""Which runs an inventory is made of: those that are named, else the tenant's current ones."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection

CURRENT: Final[LiteralString] = """
    SELECT r.id FROM vcci.runs r WHERE r.tenant_id = $1 AND NOT EXISTS (
        SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = r.digest
    ) ORDER BY r.id
"""
"""Runs that no other run has taken the place of; the open run is one of them."""

NAMED: Final[LiteralString] = "SELECT id FROM vcci.runs WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id"


async def run_set(tx: Connection, tenant_id: UUID, named: Sequence[UUID] = ()) -> tuple[UUID, ...] | None:
    """Return the named runs, or without a name the current ones, by id; None if one is not the tenant's."""
    if not named:
        return tuple(row["id"] for row in await tx.fetch(CURRENT, tenant_id))
    found = tuple(row["id"] for row in await tx.fetch(NAMED, tenant_id, list(named)))
    return found if len(found) == len(set(named)) else None
