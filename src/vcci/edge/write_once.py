"""Writes that may be sent twice: the effect, the reply and what it invalidates are one transaction.

The Idempotency-Key of the HTTP API draft (draft-ietf-httpapi-idempotency-key-header-07, expired), as Stripe
has it: the first reply to a key is given again, byte for byte, to the same request of the same caller. A
request that was refused before it had an effect may be mended and sent again under its key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection
from vcci.database.replies import StoredReply, reply_to, store_reply, take_turn
from vcci.database.tenants import Role
from vcci.domain.access import Principal
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service

KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
REPLAYED: Final = {"Idempotent-Replayed": "true"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a write answers: plain values or their JSON, and the groups of answers that it makes outdated.

    `kept` takes the place of a content that must not be stored, such as a secret: it is what a second request
    with the same key is answered with.
    """

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    outdated: frozenset[str] = frozenset()
    kept: Any = None


Effect = Callable[[Connection], Awaitable[Reply]]
"""Does the work of a write within a transaction of the loader; what it raises undoes it."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write request of a principal."""

    service: Service
    principal: Principal
    request: Request

    @property
    def has_key(self) -> bool:
        """Say whether the request may be sent twice."""
        return "idempotency-key" in self.request.headers

    async def once(self, effect: Effect, *, body_digest: bytes = b"") -> Response:
        """Return the reply of the effect, or that of the first request with the same key.

        `body_digest` stands for a body that was read already, such as an upload's.
        """
        key = self._key()
        tenant_id = self.principal.tenant_id
        async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
            if key and (found := await self._earlier(tx, key, body_digest)):
                return Response(found.body, found.status, {**found.headers, **REPLAYED})
            reply = await effect(tx)
            headers = {"Content-Type": "application/json", **reply.headers}
            if key:
                body = _body(reply.content if reply.kept is None else reply.kept)
                stored = StoredReply(await self._digest(body_digest), reply.status, headers, body)
                await store_reply(tx, self.principal, route=self._route(), key=key, reply=stored)
            said = await announce_outdated(tx, tenant_id, reply.outdated)
        await self.service.outdated(said)
        return Response(_body(reply.content), reply.status, headers)

    async def _earlier(self, tx: Connection, key: str, body_digest: bytes) -> StoredReply | None:
        if not await take_turn(tx, self.principal, route=self._route(), key=key):
            raise ProblemError("request_in_progress", headers={"Retry-After": "1"})
        found = await reply_to(tx, self.principal, route=self._route(), key=key)
        if found is not None and found.request_digest != await self._digest(body_digest):
            raise ProblemError("idempotency_key_reused")
        return found

    def _key(self) -> str:
        given = self.request.headers.getlist("idempotency-key")
        if not given:
            return ""
        text = given[0].removeprefix('"').removesuffix('"')  # a structured field is a quoted string
        if len(given) > 1 or not KEY.fullmatch(text):
            raise ProblemError("idempotency_key_invalid")
        return text

    def _route(self) -> str:
        return f"{self.request.method} {self.request.url.path}"

    async def _digest(self, body_digest: bytes) -> bytes:
        told = f"{self._route()}?{self.request.url.query}\0{self.request.headers.get('if-match', '')}\0"
        body = body_digest or await self.request.body()
        return hashlib.sha256(told.encode() + body).digest()


def _body(content: Any) -> bytes:
    return content if isinstance(content, bytes) else orjson.dumps(content)
