"""The service's connections to PostgreSQL, and transactions of a tenant over them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg

from vcci.database.connections import Connection, plain_url, refusals, refusals_of_transaction, translated
from vcci.database.tenants import Role, tenant_transaction

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Pool = asyncpg.Pool

POOL_SIZE: Final = 10
"""Connections of one worker. Eight workers at 10 stay under PostgreSQL's default of 100."""

WAIT_SECONDS: Final = 5.0
"""Longest wait for a free connection; who waits longer is told to come back."""


@dataclass(frozen=True, slots=True)
class ConnectionPool:
    """Connections to one database. What PostgreSQL refuses comes out as a `DatabaseError`."""

    pool: Pool
    url: str

    @asynccontextmanager
    async def transaction(
        self, tenant_id: UUID | None, *, role: Role = Role.APP
    ) -> AsyncIterator[Connection]:
        """Open a transaction for one tenant, with the rights of a role."""
        with refusals_of_transaction(self.url):
            async with (
                self.connection() as connection,
                tenant_transaction(connection, tenant_id=tenant_id, role=role) as tx,
            ):
                yield tx

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Give a connection outside of any transaction."""
        try:
            connection = await self.pool.acquire(timeout=WAIT_SECONDS)
        except TimeoutError as error:
            raise translated(error, self.url) from None
        try:
            yield connection  # type: ignore[misc]  # the stubs know only the proxy
        finally:
            await self.pool.release(connection)


@asynccontextmanager
async def opened_pool(url: str, *, size: int = POOL_SIZE) -> AsyncIterator[ConnectionPool]:
    """Give a pool that is closed at the end."""
    with refusals(url):
        pool = await asyncpg.create_pool(plain_url(url), min_size=1, max_size=size)
    try:
        yield ConnectionPool(pool, url)
    finally:
        await pool.close()
