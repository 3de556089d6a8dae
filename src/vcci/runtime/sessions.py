"""Ways in without a key of one's own: a token that works once, and the session that it becomes.

Both are API keys of the home tenant with a short life, so that they are checked, revoked and kept like any.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from vcci.database.api_keys import KeyTerms, held_key, mint_key, revoke_key
from vcci.database.connection_pool import opened_pool
from vcci.database.connections import Connection, connected
from vcci.database.migrate import migrate
from vcci.database.pool_options import PoolOptions
from vcci.database.tenants import Role as DatabaseRole
from vcci.database.tenants import ensure_tenant
from vcci.domain.access import Role
from vcci.domain.api_keys import parsed
from vcci.runtime.ledgers import database_url
from vcci.runtime.service import Service, service_secret
from vcci.runtime.service_secret import derived
from vcci.settings import Settings

TOKEN_NAME: Final = "one-time token"  # noqa: S105  (a name)
SESSION_NAME: Final = "session"
TOKEN_LIFE: Final = timedelta(minutes=10)
SESSION_LIFE: Final = timedelta(hours=12)


@asynccontextmanager
async def key_desk(settings: Settings) -> AsyncIterator[tuple[Connection, UUID, bytes]]:
    """Give a transaction in which keys of the settings' tenant are made, that tenant, and the pepper."""
    url = database_url(settings)
    await migrate(url)
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, settings.tenant)
    pepper = derived(service_secret(settings), purpose="api keys")
    async with (
        opened_pool(url, PoolOptions(size=1)) as pool,
        pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx,
    ):
        yield tx, tenant_id, pepper


async def one_time_token(settings: Settings) -> str:
    """Return a new token for the first page, for the tenant of the settings."""
    terms = KeyTerms(TOKEN_NAME, Role.ADMIN, life=TOKEN_LIFE)
    async with key_desk(settings) as (tx, tenant_id, pepper):
        key, _ = await mint_key(tx, tenant_id, terms, pepper=pepper)
    return key.text()


async def session_for(service: Service, token: str) -> str | None:
    """Return the key of a new session in exchange for a token; None for one that was used, or is none."""
    key = parsed(token)
    if key is None:
        return None
    async with service.pool.transaction(key.tenant_id, role=DatabaseRole.LOADER) as tx:
        stored = await held_key(tx, key.tenant_id, key.key_id)
        if stored is None or stored.name != TOKEN_NAME:
            return None
        if not key.has_digest(stored.secret_digest, service.pepper):
            return None
        await revoke_key(tx, key.tenant_id, key.key_id)
        terms = KeyTerms(SESSION_NAME, Role.ADMIN, life=SESSION_LIFE)
        session, _ = await mint_key(tx, key.tenant_id, terms, pepper=service.pepper)
    return session.text()
