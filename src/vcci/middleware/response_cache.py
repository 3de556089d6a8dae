"""The response cache as ASGI middleware: it acts on the decisions of `http_caching`.

A hit is a lookup, a loop over the request's field names, and two messages; all else was worked out when the
response was stored. Interim (1xx) responses cannot pass ASGI, so there are none here.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from vcci.errors import ConfigurationError
from vcci.middleware.answering import Turn
from vcci.middleware.cache_entry import View
from vcci.middleware.cache_key import LONGEST_TARGET_BYTES, KeyFor, everyone, primary_key, target_of
from vcci.middleware.cache_store import CacheStore, FailOpenStore, MemoryStore
from vcci.middleware.collapsing import Flights, Receive, Send
from vcci.middleware.fetching import App
from vcci.middleware.freshness import STRATEGIES, CacheStrategy
from vcci.middleware.invalidation import CacheInvalidator
from vcci.middleware.keeping import Shelf
from vcci.middleware.passing import Posting, pass_on
from vcci.middleware.redis_store import RedisClient, RedisStore

MAX_BODY_BYTES: Final = 2**20
"""Larger bodies are passed on as they come and not kept: one of them would drop a thousand small answers."""

NOTICED: Final = frozenset(
    {b"cache-control", b"if-match", b"if-modified-since", b"if-none-match", b"if-range"}
    | {b"if-unmodified-since", b"pragma", b"range", b"content-length", b"transfer-encoding"}
)
"""Request fields that take a request off the shortest way."""


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What this process's cache has answered since it started."""

    hits: int
    misses: int
    total_requests: int
    store_errors: int
    stood_in: int
    """Errors of the application that nobody saw, as a stale response stood in for them."""
    failed_renewals: int
    """Fetches behind a stale answer that failed, so that it is still stale."""

    @property
    def hit_rate(self) -> float:
        """Return the share of requests that were answered from the store; 0 before the first."""
        return self.hits / self.total_requests if self.total_requests else 0.0


class ResponseCacheMiddleware:
    """Stores what responses allow to be stored, and answers from it.

    `key_for` says who shares an answer (`cache_key.Partition`); without it an answer to credentials is stored
    only if it says public, s-maxage or must-revalidate. With a `redis_client` of redis.asyncio processes
    share what is stored; `store` takes any other. A strategy may be named: one of `freshness.STRATEGIES`.
    """

    def __init__(
        self,
        app: App,
        redis_client: RedisClient | None = None,
        default_strategy: CacheStrategy | str | None = None,
        *,
        cache_prefix: str = "vcci",
        key_for: KeyFor = everyone,
        store: CacheStore | None = None,
        clock: Callable[[], float] = time.time,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        if store is None:
            shared = redis_client and RedisStore(redis_client, prefix=cache_prefix)
            store = shared or MemoryStore()
        self._app = app
        self._prefix = cache_prefix
        self._name = cache_prefix.encode("latin-1")
        self._key_for = key_for
        self._now_s = clock
        self._store = FailOpenStore(store)
        self._shelf = Shelf(self._store, _strategy(default_strategy), self._name, max_body_bytes, clock)
        self._flights = Flights()
        self._counts = self._shelf.counts
        self.invalidator = CacheInvalidator(self._store)

    def stats(self) -> CacheStats:
        """Return the counts of this process."""
        counts = self._counts
        return CacheStats(
            hits=counts.hits,
            misses=counts.requests - counts.hits,
            total_requests=counts.requests,
            store_errors=self._store.errors,
            stood_in=counts.stood_in,
            failed_renewals=counts.failed_renewals,
        )

    @property
    def fetches_under_way(self) -> int:
        """Return how many fetches run in tasks of their own."""
        return self._flights.count

    async def aclose(self) -> None:
        """End what runs in the background."""
        await self._flights.aclose()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer from the store, or let the application answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            await self._pass(scope, receive, send)
            return
        partition, target = self._key_for(scope), target_of(scope)
        if partition is None or len(target) > LONGEST_TARGET_BYTES:
            await self._app(scope, receive, send)
            return
        self._counts.requests += 1
        host, noticed = b"", False
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name in NOTICED:
                noticed = True
        key = primary_key(partition, prefix=self._prefix, host=host, target=target)
        entry = await self._store.get(key)
        view = entry.view if entry is not None else None
        now_s = self._now_s()
        if not noticed and view.__class__ is View and view.plain and now_s < view.stale_from_s:
            self._counts.hits += 1
            body = view.body if method == "GET" else b""
            fields = view.head_fields(now_s, self._name)
            await send({"type": "http.response.start", "status": view.status, "headers": fields})
            await send({"type": "http.response.body", "body": body})
            return
        turn = Turn(self._shelf, self._flights, self._app, scope=scope, partition=partition, key=key)
        from_store = await turn.serve(view, receive, send)
        self._counts.hits += from_store

    async def _pass(self, scope: Any, receive: Receive, send: Send) -> None:
        target, partition = target_of(scope), self._key_for(scope)
        storable = scope["method"] == "POST" and len(target) <= LONGEST_TARGET_BYTES
        if partition is None or not storable:
            owner = partition.owner if partition is not None else ""
            await pass_on(self._shelf, self._app, owner, scope=scope, receive=receive, send=send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        key = primary_key(partition, prefix=self._prefix, host=host, target=target)
        posting = Posting(self._shelf, scope=scope, partition=partition, key=key)
        await posting.run(self._app, receive, send)


def _strategy(given: CacheStrategy | str | None) -> CacheStrategy:
    if not isinstance(given, str):
        return given or CacheStrategy()
    if given not in STRATEGIES:
        raise ConfigurationError(
            f"There is no strategy {given!r} of the response cache.",
            tried=sorted(STRATEGIES),
            remedy="Name one of these, or give a CacheStrategy.",
            code="cache_strategy_unknown",
        )
    return STRATEGIES[given]
