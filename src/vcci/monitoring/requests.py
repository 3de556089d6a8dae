"""Counts and times of requests, in ASGI: by the template of the route, never by the address."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci.monitoring.metrics import CACHE_ANSWERS, IN_FLIGHT, REQUEST_SECONDS, REQUESTS

CLIENT_GONE: Final = 499
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "OTHER"
UNMATCHED: Final = "unmatched"
ANY: Final = "{}"
END: Final = "/"
REST: Final = "/*"
"""Where a template's last parameter takes all that follows."""

MOST_PARTS: Final = 12


@dataclass(slots=True)
class Seen:
    """What is known of an answer so far."""

    status: int = 0
    cache: bytes = b""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredRequests:
    """ASGI: measures what lies behind it; `route_of` gives the template that an address is of."""

    app: ASGIApp
    route_of: Callable[[str], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request on, and count it when its answer ends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen, started_s = Seen(), time.perf_counter()

        async def watched(message: Message) -> None:
            await send(message)
            _note(seen, message)

        IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, watched)
        except OSError:
            seen.status = CLIENT_GONE
            raise
        except BaseException:
            seen.status, seen.is_whole = seen.status or 500, True
            raise
        finally:
            IN_FLIGHT.dec()
            self._count(scope, seen, seconds=time.perf_counter() - started_s)

    def _count(self, scope: Scope, seen: Seen, *, seconds: float) -> None:
        route = self.route_of(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else OTHER
        status = seen.status if seen.is_whole else CLIENT_GONE
        _requests(route, method, status).inc()
        _seconds(route, method).observe(seconds)
        if seen.cache:
            _cache("hit" if b"; hit" in seen.cache else "miss").inc()


_requests, _seconds, _cache = (
    cache(REQUESTS.labels),
    cache(REQUEST_SECONDS.labels),
    cache(CACHE_ANSWERS.labels),
)
"""Looked up once for each set of labels: these are few, as templates are."""


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
