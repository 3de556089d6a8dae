"""The service: everything that answers requests, opened once and closed in reverse order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.connections import connected
from vcci.database.migrate import migrate
from vcci.database.order_checks import declared_orders, refuse_orders_without_index
from vcci.database.tenants import ensure_tenant
from vcci.packs import PackLibrary
from vcci.runtime.factors import calculator_for
from vcci.runtime.ledgers import data_folder, database_url
from vcci.runtime.service_secret import derived, secret_in
from vcci.services.calculations import CalculatorFor
from vcci.settings import Settings

Outdated = Callable[[UUID, Iterable[str]], Awaitable[None]]
"""Takes the groups of a tenant's answers that a write has made outdated."""


@dataclass(slots=True)
class Service:
    """What handlers work with."""

    settings: Settings
    pool: ConnectionPool
    cursor_secret: bytes
    pepper: bytes
    home_tenant_id: UUID
    calculator_for: CalculatorFor
    library: PackLibrary
    is_stopping: bool = False
    listeners: list[Outdated] = field(default_factory=list)

    async def outdated(self, tenant_id: UUID, groups: Iterable[str]) -> None:
        """Tell this process at once what a write has made outdated; others learn it from PostgreSQL."""
        for listener in self.listeners:
            await listener(tenant_id, groups)


@asynccontextmanager
async def opened_service(settings: Settings) -> AsyncIterator[Service]:
    """Give the service over the database in use, which is migrated first."""
    url = database_url(settings)
    await migrate(url)
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, settings.tenant)
    secret = service_secret(settings)
    async with opened_pool(url) as pool:
        await refuse_orders_without_index(pool, declared_orders())
        yield Service(
            settings,
            pool,
            cursor_secret=derived(secret, purpose="cursors"),
            pepper=derived(secret, purpose="api keys"),
            home_tenant_id=tenant_id,
            calculator_for=calculator_for(()),
            library=PackLibrary(),
        )


def service_secret(settings: Settings) -> bytes:
    """Return the secret that is set, else that of the data folder."""
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    return secret_in(data_folder(settings))
