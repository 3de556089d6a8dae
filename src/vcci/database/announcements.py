"""Announcements of what a change makes outdated, in the change's own transaction.

Their numbers leave no gap and rise in the order in which changes become visible: the counter is a row, which
a transaction holds until it commits, as it holds PostgreSQL's own queue of notifications. So it is the last
thing that a transaction does, and costs it nothing in concurrency that NOTIFY has not cost already.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from vcci.database.connection_pool import ConnectionPool
from vcci.database.connections import Connection
from vcci.database.notifications import Notifications
from vcci.errors import DatabaseError

OUTDATED: Final = "vcci_outdated"
"""The channel: `number/tenant/group,group`."""

ANNOUNCE: Final[LiteralString] = """
    WITH next AS (UPDATE vcci.announced SET number = number + 1 RETURNING number),
    kept AS (
        INSERT INTO vcci.outdated_groups (tenant_id, data_group, number)
        SELECT $1, g, number FROM next, unnest($2::text[]) g
        ON CONFLICT (tenant_id, data_group) DO UPDATE SET number = excluded.number
    )
    SELECT number, pg_notify($3, number || '/' || $1 || '/' || array_to_string($2, ',')) FROM next
"""
NEWEST: Final[LiteralString] = "SELECT number FROM vcci.announced"
NUMBERS: Final[LiteralString] = "SELECT data_group, number FROM vcci.outdated_groups WHERE tenant_id = $1"


class Announcement(NamedTuple):
    """An announcement as it is heard."""

    number: int
    tenant_id: UUID
    groups: tuple[str, ...]


async def announce_outdated(tx: Connection, tenant_id: UUID, groups: Iterable[str]) -> Announcement | None:
    """Say which groups of answers a write makes outdated, last of all in its transaction; role loader.

    Returns what others will hear once it commits; None where nothing is outdated.
    """
    named = sorted(groups)
    if not named:
        return None
    number: int = await tx.fetchval(ANNOUNCE, tenant_id, named, OUTDATED)
    return Announcement(number, tenant_id, tuple(named))


def announcement_of(payload: str) -> Announcement:
    """Return the announcement of a message."""
    number, tenant_id, groups = payload.split("/", 2)
    return Announcement(int(number), UUID(tenant_id), tuple(groups.split(",")))


@dataclass(slots=True)
class DatabaseAuthority:
    """The authority of the service's caches: the newest numbers, as PostgreSQL has them."""

    pool: ConnectionPool
    notifications: Notifications | None = None

    async def number(self) -> int:
        """Return the newest number, over the connection that listens: both are well, or neither is."""
        if self.notifications is None:
            raise DatabaseError("Nothing listens now.", remedy="It is tried again.", code="database_away")
        found: int = await self.notifications.asked(NEWEST)
        return found

    async def numbers_of(self, owner: str) -> Mapping[str, int]:
        """Return the newest number of each group of a tenant."""
        tenant_id = UUID(owner)
        async with self.pool.transaction(tenant_id) as tx:
            return {row["data_group"]: row["number"] for row in await tx.fetch(NUMBERS, tenant_id)}
