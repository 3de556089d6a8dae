"""Pools of connections to PostgreSQL, ours and others, used in the same way: a transaction of a tenant."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from vcci.database.connection_pool import opened_pool
from vcci.database.connections import Connection, plain_url
from vcci.database.pool_options import PoolOptions
from vcci.database.tenants import tenant_transaction

SIZE = 10
"""Connections of every pool."""

POINT = "SELECT co2e_mg FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 AND id = $3"
POINT_NAMED = text(
    "SELECT co2e_mg FROM vcci.emissions WHERE tenant_id = :tenant AND run_id = :run AND id = :line"
)
BECOME = text("SELECT set_config('role', 'vcci_app', true), set_config('vcci.tenant_id', :tenant, true)")
"""Role and tenant in one round trip, as ours are set; the driver below takes one statement at a time."""


@dataclass(frozen=True)
class Target:
    """A database with lines of a run, and what is in each line."""

    url: str
    tenant_id: UUID
    run_id: UUID
    lines: list[tuple[UUID, int]]

    async def read(self, tx: Any, number: int) -> bool:
        """Read a line in a transaction of asyncpg, and say whether it is the right one."""
        line_id, mg_co2e = self.lines[number % len(self.lines)]
        return bool(await tx.fetchval(POINT, self.tenant_id, self.run_id, line_id) == mg_co2e)

    async def read_named(self, tx: Any, number: int) -> bool:
        """Read a line in a transaction of SQLAlchemy, and say whether it is the right one."""
        line_id, mg_co2e = self.lines[number % len(self.lines)]
        named = {"tenant": self.tenant_id, "run": self.run_id, "line": line_id}
        return bool((await tx.execute(POINT_NAMED, named)).scalar_one() == mg_co2e)


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool: `connection` gives one, `read` makes a transaction on it, `whole` does both."""

    connection: Callable[[], AbstractAsyncContextManager[Any]]
    read: Callable[[Any, int], Awaitable[bool]]
    whole: Callable[[int], Awaitable[bool]]


Opened = Callable[[Target], AbstractAsyncContextManager[Pool]]


PATIENT = PoolOptions(size=SIZE, most_waiting=1_000_000, wait_s=60.0)
"""Refuses nobody, as the peers do; what a bound does is measured by itself."""


@asynccontextmanager
async def ours(target: Target, options: PoolOptions | None = None) -> AsyncIterator[Pool]:
    """The product's pool and its transactions."""
    async with opened_pool(target.url, options or PATIENT) as pool:
        await pool.warm(SIZE)

        async def whole(number: int) -> bool:
            async with pool.transaction(target.tenant_id) as tx:
                return await target.read(tx, number)

        yield Pool(pool.connection, partial(_read, target), whole)


async def _read(target: Target, connection: Connection, number: int) -> bool:
    async with tenant_transaction(connection, tenant_id=target.tenant_id) as tx:
        return await target.read(tx, number)


async def _nothing(_: Any) -> None:
    """Leave a connection as it comes back: no state outlives a transaction of ours."""


@asynccontextmanager
async def _asyncpg(target: Target, **options: Any) -> AsyncIterator[Pool]:
    """Its own pool, with our way to begin a transaction."""
    sizes = {"min_size": SIZE, "max_size": SIZE} | options
    async with asyncpg.create_pool(plain_url(target.url), **sizes) as pool:
        yield _composed(pool.acquire, partial(_read, target))


def _composed(
    connection: Callable[[], AbstractAsyncContextManager[Any]],
    read: Callable[[Any, int], Awaitable[bool]],
) -> Pool:
    async def whole(number: int) -> bool:
        async with connection() as held:
            return await read(held, number)

    return Pool(connection, read, whole)


def engine_of(url: str, **options: Any) -> AsyncEngine:
    """Return an engine with a pool that keeps SIZE connections, if nothing else is told."""
    sizes = {"pool_size": SIZE, "max_overflow": 0} | options
    return create_async_engine(plain_url(url).replace("postgresql://", "postgresql+asyncpg://"), **sizes)


@asynccontextmanager
async def _sqlalchemy(target: Target, **options: Any) -> AsyncIterator[Pool]:
    """Core over AsyncAdaptedQueuePool."""
    engine = engine_of(target.url, **options)
    named = {"tenant": str(target.tenant_id)}

    async def read(connection: Any, number: int) -> bool:
        async with connection.begin():
            await connection.execute(BECOME, named)
            return await target.read_named(connection, number)

    yield _composed(engine.connect, read)
    await engine.dispose()


@asynccontextmanager
async def _sqlalchemy_session(target: Target, **options: Any) -> AsyncIterator[Pool]:
    """AsyncSession over the same pool."""
    engine = engine_of(target.url, **options)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    named = {"tenant": str(target.tenant_id)}

    @asynccontextmanager
    async def connection() -> AsyncIterator[Any]:
        async with sessions() as session:
            await session.connection()
            yield session

    async def read(session: Any, number: int) -> bool:
        await session.execute(BECOME, named)
        found = await target.read_named(session, number)
        await session.commit()
        return found

    yield _composed(connection, read)
    await engine.dispose()


@asynccontextmanager
async def connect_each(target: Target) -> AsyncIterator[Pool]:
    """No pool: a connection for each request."""

    @asynccontextmanager
    async def connection() -> AsyncIterator[Any]:
        made = await asyncpg.connect(plain_url(target.url))
        try:
            yield made
        finally:
            await made.close()

    yield _composed(connection, partial(_read, target))


@asynccontextmanager
async def held(target: Target) -> AsyncIterator[Pool]:
    """The limit: one connection that nobody else has. It serves one caller at a time."""
    connection = await asyncpg.connect(plain_url(target.url))

    @asynccontextmanager
    async def given() -> AsyncIterator[Any]:
        yield connection

    yield _composed(given, partial(_read, target))
    await connection.close()


PEERS: dict[str, Opened] = {
    "asyncpg_pool": _asyncpg,
    "asyncpg_pool_without_reset": partial(_asyncpg, reset=_nothing),
    "sqlalchemy": _sqlalchemy,
    "sqlalchemy_pre_ping": partial(_sqlalchemy, pool_pre_ping=True),
    "sqlalchemy_session": _sqlalchemy_session,
}
THROUGH_PGBOUNCER: dict[str, Opened] = {
    "ours": partial(ours, options=replace(PATIENT, through_pgbouncer=True)),
    "asyncpg_pool": _asyncpg,
    "sqlalchemy": _sqlalchemy,
}
