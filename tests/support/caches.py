"""Caches of several processes in one: nodes over one real Valkey, that hear each other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from vcci.cache.coherence import Coherence
from vcci.cache.config import CacheConfig
from vcci.cache.keeping_current import check, keep_current
from vcci.cache.memory import LRUCache
from vcci.cache.redis import RedisCache
from vcci.cache.redis_authority import RedisAuthority
from vcci.cache.tiered import MultiLevelCache
from vcci.events import CacheRead, Event

KINDS = {
    "plain": CacheConfig(ttl=60, prefix="plain", early=0),
    "short": CacheConfig(ttl=0.05, prefix="short", early=0, stale=60, soft_timeout=0.05),
    "packed": CacheConfig(ttl=60, prefix="packed", compress=True, early=0),
    "eager": CacheConfig(ttl=60, prefix="eager", early=1e9),
    "absent": CacheConfig(ttl=60, prefix="absent", negative_ttl=0.05, early=0),
}

PATIENT_SECONDS = 2.0
"""How long a node waits for Redis: a slow machine is no failure, except where a test says so."""


class Truth:
    """What is loaded: values by key, and how often they were."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.loads = Counter[str]()
        self.seconds = 0.0
        self.fails = False

    def of(self, key: str) -> Any:
        async def load() -> Any:
            self.loads[key] += 1
            if self.fails:
                raise OSError("the truth is away")
            value = self.values.get(key)
            await asyncio.sleep(self.seconds)
            return value

        return load


class Node:
    """One process's cache."""

    def __init__(self, cache: MultiLevelCache, authority: RedisAuthority | None, seen: list[Event]) -> None:
        self.cache = cache
        self.authority = authority
        self._seen = seen

    async def get(self, truth: Truth, key: str, *, kind: str = "plain", owner: str = "t") -> Any:
        return await self.cache.get_or_set(
            cache_type=kind, key=key, fetcher=truth.of(key), owner=owner, groups=["data"]
        )

    def came_of(self, layer: str) -> Counter[str]:
        """Return what came of asking a layer."""
        reads = [one for one in self._seen if isinstance(one, CacheRead) and one.layer == layer]
        return Counter(read.result for read in reads)


def node_of(client: Any = None, *, prefix: str = "test", timeout_s: float = PATIENT_SECONDS) -> Node:
    """Return a node; without a client it is alone."""
    seen: list[Event] = []
    if client is None:
        return Node(MultiLevelCache(LRUCache(), None, KINDS, hook=seen.append), None, seen)
    authority = RedisAuthority(client, prefix=prefix)
    store = RedisCache(client, prefix=prefix, timeout_s=timeout_s)
    cache = MultiLevelCache(
        LRUCache(), store, KINDS, authority=authority, coherence=Coherence(), hook=seen.append
    )
    return Node(cache, authority, seen)


@asynccontextmanager
async def node_at(url: str, **options: Any) -> AsyncIterator[Node]:
    """Give a node that hears what is announced."""
    client = Redis.from_url(url)
    node = node_of(client, **options)
    assert node.authority is not None
    coherence = node.cache.coherence
    hears = asyncio.create_task(node.authority.listen(coherence))
    asks = asyncio.create_task(keep_current(coherence, node.authority))
    await check(coherence, node.authority)
    try:
        yield node
    finally:
        for task in (hears, asks):
            task.cancel()
        await asyncio.gather(hears, asks, return_exceptions=True)
        await node.cache.aclose()
        await client.aclose()
