"""What a request may cost, checked before it is read: its framing, its body, and how many there are."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci.edge.authentication import principal_in
from vcci.edge.problems import ProblemError, problem

BURST_SECONDS: Final = 10.0
"""A tenant that was idle may send what it could have sent in this time at once."""

MOST_TENANTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """ASGI: refuses doubtful framing, encoded and large bodies; `most_bytes` gives the limit of a path."""

    app: ASGIApp
    most_bytes: Callable[[str], int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, and count its body as it comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.most_bytes(scope["path"])
        refused = _refusal(scope, most)
        if refused is not None:
            await problem(refused)(scope, receive, send)
            return
        seen, is_started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise _too_large(most)
            return message

        async def watched(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except ProblemError as error:
            if is_started:
                raise
            await problem(error)(scope, receive, send)


def _refusal(scope: Scope, most: int) -> ProblemError | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (scope["http_version"] == "1.1" and hosts in ([], [b""])):
        return ProblemError("host_refused", headers={"Connection": "close"})
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1 or not all(length.isdigit() for length in lengths):
        return ProblemError("framing_refused", headers={"Connection": "close"})
    if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in headers):
        return ProblemError("body_encoded")
    return _too_large(most) if lengths and int(lengths[0]) > most else None


def _too_large(most: int) -> ProblemError:
    return ProblemError(
        "body_too_large", f"A body may have {most:,} bytes here.", headers={"Connection": "close"}
    )


@dataclass(slots=True)
class Rate:
    """How many requests each tenant may send (GCRA): evenly, after a burst. Of this process."""

    per_minute: float
    now_s: Callable[[], float] = time.monotonic
    _due: OrderedDict[UUID, float] = field(default_factory=OrderedDict)

    def wait_seconds(self, tenant_id: UUID) -> float:
        """Count a request, and return 0; or do not, and return how long its tenant has to wait."""
        now, spacing = self.now_s(), 60.0 / self.per_minute
        due = max(self._due.get(tenant_id, now), now)
        wait = due - now - max(BURST_SECONDS, spacing)
        if wait > 0:
            return wait
        self._due[tenant_id] = due + spacing
        self._due.move_to_end(tenant_id)
        if len(self._due) > MOST_TENANTS:
            self._due.popitem(last=False)
        return 0.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """ASGI: answers 429 with Retry-After to a tenant that asks too often."""

    app: ASGIApp
    rate: Rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, if it is its tenant's turn."""
        principal = principal_in(scope) if scope["type"] == "http" else None
        wait = self.rate.wait_seconds(principal.tenant_id) if principal is not None else 0.0
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            await problem(ProblemError("too_many_requests", headers=headers))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_loopback(scope: Mapping[str, Any]) -> bool:
    """Say whether a request came from this machine, by one of its names: no page elsewhere can send it."""
    client = (scope.get("client") or ("",))[0]
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    name = host.removeprefix("[").partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return client in ("127.0.0.1", "::1") and name in ("127.0.0.1", "::1", "localhost")
