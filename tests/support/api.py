"""The API over a real database, called without a server."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
from pydantic import SecretStr

from vcci.api.app import api, guarded, opened_application
from vcci.database.api_keys import StoredKey, add_key
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.tenants import Role as DatabaseRole
from vcci.database.tenants import ensure_tenant
from vcci.domain.access import Role
from vcci.domain.api_keys import new_key
from vcci.edge.authentication import SESSION_COOKIE
from vcci.monitoring.translation import count
from vcci.runtime.service import Service, opened_service
from vcci.settings import Settings

SECRET = "a secret of the tests, long enough"


class Browser(httpx2.AsyncClient):
    """A client of the pages."""

    async def csrf(self) -> str:
        """Return the token of the session's forms."""
        found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', (await self.get("/docs")).text)
        return found[1] if found else ""

    async def send_form(self, path: str, **told: Any) -> httpx2.Response:
        """Send a form of a page of this service."""
        data = {"csrf": await self.csrf(), **told}
        return await self.post(path, data=data, headers={"Origin": "https://127.0.0.1"})


@dataclass(frozen=True)
class Api:
    """A running application and its service."""

    service: Service
    app: Any

    async def key(
        self, tenant: str = "local", role: Role = Role.ADMIN, *, permissions: Sequence[str] = ()
    ) -> str:
        """Return a new key of a tenant, as its holder sends it."""
        async with connected(self.service.pool.url) as connection:
            tenant_id = await ensure_tenant(connection, tenant)
        key = new_key(tenant_id, UUID(str(new_id())))
        digest = key.digest(self.service.pepper)
        stored = StoredKey(key.key_id, "test", role, permissions, digest, datetime.now(), None, None)
        async with self.service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
            await add_key(tx, tenant_id, stored)
        return key.text()

    def client(self, key: str = "", **headers: str) -> httpx2.AsyncClient:
        """Return a client that sends a key."""
        return self._client_of(self.app, key, headers)

    def past_hot_routes(self, key: str = "", **headers: str) -> httpx2.AsyncClient:
        """Return a client of the router alone, behind the same guards."""
        return self._client_of(guarded(api(self.service), self.service), key, headers)

    def browser(self, key: str = "") -> "Browser":
        """Return a client that keeps cookies, over TLS as it were; a key is its session's."""
        cookies = {SESSION_COOKIE: key} if key else None
        transport = httpx2.ASGITransport(self.app)
        return Browser(transport=transport, base_url="https://127.0.0.1", cookies=cookies)

    def _client_of(self, app: Any, key: str, headers: dict[str, str]) -> httpx2.AsyncClient:
        bearer = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx2.ASGITransport(app)
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=bearer | headers)


@asynccontextmanager
async def running(url: str, **settings: Any) -> AsyncIterator[Api]:
    """Give the API over a migrated database."""
    told = Settings(DATABASE_URL=SecretStr(url), secret=SecretStr(SECRET), **settings)
    async with opened_service(told, hook=count) as service, opened_application(service) as app:
        yield Api(service, app)
