"""Who asks: the key of a request, checked before anything else looks at it.

A key that was found valid is believed for half a second, so a revoked one is refused within a second by every
worker, and a client that asks a thousand times a second costs two queries.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from vcci.database.api_keys import valid_key
from vcci.database.connection_pool import ConnectionPool
from vcci.domain.access import Permission, Principal, Role
from vcci.domain.api_keys import parsed
from vcci.edge.problems import ProblemError, problem, problem_of
from vcci.errors import VcciError

BELIEVED_SECONDS: Final = 0.5
MOST_REMEMBERED: Final = 10_000

SESSION_COOKIE: Final = "__Host-vcci_session"
"""Holds the key of a browser's session; by its name browsers take it from this host alone, and by TLS.

They make an exception for the machine that they run on.
"""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Authenticator:
    """Finds the principal of a key."""

    pool: ConnectionPool
    pepper: bytes
    now_s: Callable[[], float] = time.monotonic
    _remembered: OrderedDict[str, tuple[Principal, float]] = field(default_factory=OrderedDict)

    async def principal(self, text: str) -> Principal | None:
        """Return who holds a key; None for a key that is not valid."""
        found = self._remembered.get(text)
        if found is not None and self.now_s() < found[1]:
            return found[0]
        principal = await self._looked_up(text)
        if principal is None:
            self._remembered.pop(text, None)
            return None
        self._remembered[text] = principal, self.now_s() + BELIEVED_SECONDS
        self._remembered.move_to_end(text)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return principal

    async def _looked_up(self, text: str) -> Principal | None:
        key = parsed(text)
        if key is None:
            return None
        async with self.pool.transaction(key.tenant_id, kind="key") as tx:
            stored = await valid_key(tx, key.tenant_id, key.key_id)
        if stored is None or not key.has_digest(stored.secret_digest, self.pepper):
            return None
        narrowed = frozenset(Permission(name) for name in stored.permissions)
        role, user_id = Role(stored.role), stored.user_id
        return Principal(key.tenant_id, key.key_id, role, narrowed, stored.name, user_id)


@dataclass(frozen=True, slots=True)
class Authentication:
    """ASGI: puts the principal into `scope["state"]`, None without a key; a key that is not valid gets 401.

    `without_key` answers for requests to the paths of administration in development.
    """

    app: ASGIApp
    authenticator: Authenticator
    without_key: Callable[[Scope], Principal | None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the key, then let the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            principal, is_session = await self._principal(scope)
        except ProblemError as error:
            await problem(error)(scope, receive, send)
            return
        except VcciError as error:
            await problem_of(error)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(principal=principal, is_session=is_session)
        await self.app(scope, receive, send)

    async def _principal(self, scope: Scope) -> tuple[Principal | None, bool]:
        """Return who asks, and whether by the cookie of a session."""
        text, is_from_cookie = key_of(scope)
        if not text:
            return self.without_key(scope), False
        principal = await self.authenticator.principal(text)
        if principal is None and not is_from_cookie:
            raise ProblemError("key_refused", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return principal, is_from_cookie


def key_of(scope: Scope) -> tuple[str, bool]:
    """Return the key that a request brings, and whether as a cookie; empty without one.

    A cookie is sent by the browser and not by the page: for anything but reading it counts only if the page
    is of this service.
    """
    headers: dict[bytes, bytes] = dict(scope["headers"])
    kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        return token.strip(), False
    given = headers.get(b"x-api-key", b"").decode("latin-1")
    if given or b"cookie" not in headers:
        return given, False
    if scope["method"] not in SAFE_METHODS and not _is_own_page(headers):
        return "", True
    return _session(headers[b"cookie"].decode("latin-1")), True


def _session(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _is_own_page(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").partition(b"://")[2]
    return bool(origin) and origin == headers.get(b"host", b"")


def is_session(scope: Any) -> bool:
    """Say whether a browser asks, by the cookie of a session: it sends that whoever has made the page."""
    found: bool = scope.get("state", {}).get("is_session", False)
    return found


def principal_in(scope: Any) -> Principal | None:
    """Return who asks, None without a key."""
    found: Principal | None = scope.get("state", {}).get("principal")
    return found
