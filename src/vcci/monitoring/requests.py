"""Counts and times of requests, in ASGI: by the template of the route, never by the address."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci.monitoring.latency import Latencies
from vcci.monitoring.metrics import METRICS
from vcci.monitoring.table import METHODS
from vcci.monitoring.timings import SERVER_TIMING, Timings, collected

CLIENT_GONE: Final = 499
UNMATCHED: Final = "unmatched"
ANY: Final = "{}"
END: Final = "/"
REST: Final = "/*"
"""Where a template's last parameter takes all that follows."""

MOST_PARTS: Final = 12

CLASS_OF: Final = {status: f"{status // 100}xx" for status in range(100, 600)} | {CLIENT_GONE: "499"}
METHOD_OF: Final = {method: method for method in METHODS}

_REQUESTS: Final = METRICS.counter("http_requests_total")
_SECONDS: Final = METRICS.histogram("http_request_duration_seconds")
_ACTIVE: Final = METRICS.gauge("http_requests_active")
_CACHE: Final = METRICS.counter("cache_operations_total")


@dataclass(slots=True)
class Seen:
    """What is known of an answer so far."""

    status: int = 0
    cache: bytes = b""
    is_whole: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredRequests:
    """ASGI: measures what lies behind it; `route_of` gives the template that an address is of.

    With `tells_timings` answers say in Server-Timing where their time went. `latencies` takes the times of
    this process as well, for its report.
    """

    app: ASGIApp
    route_of: Callable[[str], str]
    tells_timings: bool = False
    latencies: Latencies | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, and count it when its answer ends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self.tells_timings:
            with collected() as timings:
                await self._measured(scope, receive, _telling(send, timings))
        else:
            await self._measured(scope, receive, send)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, started_s = Seen(), time.perf_counter()
        method, endpoint = METHOD_OF.get(scope["method"], "OTHER"), self.route_of(scope["path"])

        async def watched(message: Message) -> None:
            try:
                await send(message)
            except OSError:
                seen.is_gone = True
                raise
            _note(seen, message)

        active = _ACTIVE[method, endpoint]
        active.inc()
        try:
            await self.app(scope, receive, watched)
        except asyncio.CancelledError:
            raise
        except ClientDisconnect:
            seen.is_whole = False  # an answer that was made of it reached nobody
            raise
        except BaseException:
            if not (seen.is_whole or seen.is_gone):
                seen.status, seen.is_whole = 500, True
            raise
        finally:
            active.dec()
            self._count(method, endpoint, seen=seen, seconds=time.perf_counter() - started_s)

    def _count(self, method: str, endpoint: str, *, seen: Seen, seconds: float) -> None:
        status = seen.status if seen.is_whole else CLIENT_GONE
        _REQUESTS[method, endpoint, status].inc()
        _SECONDS[method, endpoint, CLASS_OF.get(status, "5xx")].observe(seconds)
        if self.latencies is not None:
            self.latencies[method, endpoint].record(seconds)
        if seen.cache:
            _CACHE["response", "get", "hit" if b"; hit" in seen.cache else "miss"].inc()


class Templates:
    """Finds the template that an address is of, such as /api/v1/emissions/{line_id}."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._tree: dict[str, Any] = {}
        for template in templates:
            node = self._tree
            for part in template.split("/"):
                node = node.setdefault(ANY if part.startswith("{") else part, {})
            node[REST if template.endswith(":path}") else END] = template

    def of(self, path: str) -> str:
        """Return the template; UNMATCHED for an address that no route has."""
        node, otherwise = self._tree, UNMATCHED
        for part in path.split("/", MOST_PARTS):
            node = node.get(part) or node.get(ANY) or {}
            otherwise = node.get(REST, otherwise)
        found: str = node.get(END, otherwise)
        return found


def _note(seen: Seen, message: Any) -> None:
    if message["type"] == "http.response.start":
        seen.status = message["status"]
        headers = message.get("headers", ())
        seen.cache = next((value for name, value in headers if name == b"cache-status"), b"")
    elif not message.get("more_body"):
        seen.is_whole = True


def _telling(send: Send, timings: Timings) -> Send:
    """Return what adds Server-Timing to the head of an answer."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ())]
            for name, value in headers:
                if name == b"cache-status":
                    timings.note("cache", "hit" if b"; hit" in value else "miss")
            message = {**message, "headers": [*headers, (SERVER_TIMING, timings.header())]}
        await send(message)

    return telling
