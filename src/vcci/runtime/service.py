"""The service: everything that answers requests, opened once and closed in reverse order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vcci.cache.coherence import Coherence
from vcci.cache.tiered import MultiLevelCache
from vcci.database.announcements import Announcement, DatabaseAuthority
from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.connections import connected
from vcci.database.migrate import migrate
from vcci.database.order_checks import declared_orders, refuse_orders_without_index
from vcci.database.pool_options import PoolOptions
from vcci.database.pool_sizing import refuse_too_many_connections
from vcci.database.tenants import ensure_tenant
from vcci.events import Hook, ignore
from vcci.monitoring.queries import SLOW_QUERIES, observe_connection
from vcci.packs import PackLibrary
from vcci.runtime.factors import calculator_for, shipped_library
from vcci.runtime.ledgers import data_folder, database_url
from vcci.runtime.service_secret import derived, secret_in
from vcci.runtime.value_cache import opened_redis, value_cache
from vcci.services.calculations import CalculatorFor
from vcci.settings import Settings

Outdated = Callable[[UUID, Iterable[str]], Awaitable[None]]
"""Takes the groups of a tenant's answers that a write has made outdated."""


@dataclass(slots=True)
class Service:
    """What handlers work with. `redis` is a client of redis.asyncio, None without one."""

    settings: Settings
    pool: ConnectionPool
    cursor_secret: bytes
    pepper: bytes
    home_tenant_id: UUID
    calculator_for: CalculatorFor
    library: PackLibrary
    coherence: Coherence
    authority: DatabaseAuthority
    values: MultiLevelCache
    redis: Any = None
    hook: Hook = ignore
    is_stopping: bool = False
    listeners: list[Outdated] = field(default_factory=list)

    @property
    def direct_url(self) -> str:
        """The database past PgBouncer, where a connection can listen."""
        direct = self.settings.direct_database_url
        return direct.get_secret_value() if direct else self.pool.url

    async def outdated(self, said: Announcement | None) -> None:
        """Tell this process at once what a write has made outdated; others learn it from PostgreSQL."""
        if said is None:
            return
        for listener in self.listeners:
            await listener(said.tenant_id, said.groups)
        self.coherence.heard(said.number, str(said.tenant_id), said.groups)


@asynccontextmanager
async def opened_service(settings: Settings, *, hook: Hook = ignore) -> AsyncIterator[Service]:
    """Give the service over the database in use, which is migrated first."""
    url = database_url(settings)
    await migrate(url)
    async with connected(url) as connection:
        options = pool_options(settings)
        await refuse_too_many_connections(connection, workers=settings.workers, options=options)
        tenant_id = await ensure_tenant(connection, settings.tenant)
    secret, coherence = service_secret(settings), Coherence()
    SLOW_QUERIES.threshold_s = settings.slow_query_ms / 1_000
    async with opened_redis(settings) as redis, opened_pool(url, options, hook=hook) as pool:
        await refuse_orders_without_index(pool, declared_orders())
        authority = DatabaseAuthority(pool)
        yield Service(
            settings,
            pool,
            cursor_secret=derived(secret, purpose="cursors"),
            pepper=derived(secret, purpose="api keys"),
            home_tenant_id=tenant_id,
            calculator_for=calculator_for(()),
            library=shipped_library(),
            coherence=coherence,
            authority=authority,
            values=value_cache(settings, coherence, authority, redis=redis, hook=hook),
            redis=redis,
            hook=hook,
        )


def pool_options(settings: Settings) -> PoolOptions:
    """Return how many connections a worker has, and for how long."""
    return PoolOptions(
        size=settings.pool_size,
        overflow=settings.pool_overflow,
        lifetime_s=settings.pool_recycle,
        on_connect=observe_connection if settings.query_analysis else lambda _: None,
        through_pgbouncer=settings.pgbouncer,
    )


def service_secret(settings: Settings) -> bytes:
    """Return the secret that is set, else that of the data folder."""
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    return secret_in(data_folder(settings))
