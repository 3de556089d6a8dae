"""Other caches, each as its own documentation would have it used; they come with requirements/bench.txt."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from benchmarks.cache_ways import TTL_SECONDS, Kept, Opened, Truth

cashews: Any = import_module("cashews")
memory: Any = import_module("cashews.backends.memory").Memory
aiocache: Any = import_module("aiocache")
fastapi_cache: Any = import_module("fastapi_cache")
in_memory: Any = import_module("fastapi_cache.backends.inmemory")
fastapi_cached: Any = import_module("fastapi_cache.decorator").cache

for name in ("cashews", "aiocache", "fastapi_cache"):
    logging.getLogger(name).setLevel(logging.CRITICAL)

TAG = "all"

CONNECTIONS = 2_000
"""To Redis; with redis-py's own limit of 100 most of many callers at once would get an error."""


@asynccontextmanager
async def _cashews(
    url: str,
    truth: Truth,
    *,
    is_decorated: bool = True,
    has_lock: bool = False,
    tags: tuple[str, ...] = (),
    **setup: Any,
) -> AsyncIterator[Kept]:
    """Values are pickled, its default, and handed out as they are where it keeps them in memory."""
    cache = cashews.Cache()
    cache.setup(url, **setup)
    await cache.init()

    @cache(ttl=TTL_SECONDS, key="{key}", lock=has_lock, tags=tags)  # type: ignore[untyped-decorator]
    async def decorated(key: str) -> Any:
        return await truth.load(key)

    async def direct(key: str) -> Any:
        return await cache.get_or_set(key, partial(truth.load, key), expire=TTL_SECONDS)

    yield Kept(
        decorated if is_decorated else direct, partial(cache.delete_tags, TAG) if tags else cache.clear
    )
    with suppress(Exception):
        await cache.close()


def cashews_memory(*, is_decorated: bool = True, most: int = 20_000, **setup: Any) -> Opened:
    """Return what opens cashews in one process; without its sweeps, which would count for who is measured."""

    def opened(_: str, truth: Truth) -> Any:
        return _cashews("mem://", truth, is_decorated=is_decorated, size=most, check_interval=0, **setup)

    return opened


def cashews_redis(**options: Any) -> Opened:
    """Return what opens cashews over Redis."""

    def opened(url: str, truth: Truth) -> Any:
        local = {"local_cache": memory(10_000, check_interval=0)} if options.get("client_side") else {}
        return _cashews(url, truth, max_connections=CONNECTIONS, **options, **local)

    return opened


@asynccontextmanager
async def _aiocache(url: str, truth: Truth, *, decorator: str, is_shared: bool) -> AsyncIterator[Kept]:
    parts = urlsplit(url)
    server = {"endpoint": parts.hostname, "port": parts.port, "pool_max_size": CONNECTIONS}
    where = server if is_shared else {}
    options = {
        "ttl": TTL_SECONDS,
        "cache": aiocache.Cache.REDIS if is_shared else aiocache.Cache.MEMORY,
        "serializer": aiocache.serializers.JsonSerializer(),
        "namespace": "aiocache",
        "key_builder": lambda _, key: key,
        **where,
    }

    @getattr(aiocache, decorator)(**options)  # type: ignore[untyped-decorator]
    async def decorated(key: str) -> Any:
        return await truth.load(key)

    cache: Any = decorated.cache
    yield Kept(decorated, partial(cache.clear, namespace="aiocache"))
    with suppress(Exception):
        await cache.close()


def aiocache_memory(decorator: str = "cached") -> Opened:
    """Return what opens aiocache in one process."""
    return partial(_aiocache, decorator=decorator, is_shared=False)


def aiocache_redis(decorator: str = "cached") -> Opened:
    """Return what opens aiocache over Redis."""
    return partial(_aiocache, decorator=decorator, is_shared=True)


@asynccontextmanager
async def fastapi_cache2(_: str, truth: Truth) -> AsyncIterator[Kept]:
    """Its decorator over its memory; it keeps JSON."""
    backend = in_memory.InMemoryBackend()
    fastapi_cache.FastAPICache.reset()
    fastapi_cache.FastAPICache.init(backend, prefix="peer")

    @fastapi_cached(expire=TTL_SECONDS)  # type: ignore[untyped-decorator]
    async def decorated(key: str) -> Any:
        return await truth.load(key)

    yield Kept(decorated, partial(backend.clear, namespace="peer"))
    await backend.clear(namespace="peer")


IN_MEMORY: dict[str, Opened] = {
    "cashews": cashews_memory(),
    "cashews_direct": cashews_memory(is_decorated=False),
    "cashews_json": cashews_memory(pickle_type="json"),
    "aiocache": aiocache_memory(),
    "fastapi_cache2": fastapi_cache2,
}
IN_MEMORY_AT_ONCE: dict[str, Opened] = {
    "cashews": cashews_memory(),
    "aiocache": aiocache_memory(),
    "aiocache_stampede": aiocache_memory("cached_stampede"),
    "fastapi_cache2": fastapi_cache2,
}
NEAR: dict[str, Opened] = {"cashews_client_side": cashews_redis(client_side=True)}
SHARED: dict[str, Opened] = {
    "cashews": cashews_redis(),
    "cashews_direct": cashews_redis(is_decorated=False),
    "aiocache": aiocache_redis(),
}
GROUPED: dict[str, Opened] = {
    "cashews": cashews_redis(tags=(TAG,)),
    "aiocache": aiocache_redis(),
}
ACROSS: dict[str, Opened] = {
    "cashews": cashews_redis(),
    "cashews_lock": cashews_redis(has_lock=True),
    "aiocache_stampede": aiocache_redis("cached_stampede"),
}
FROZEN: dict[str, Opened] = {
    "cashews": cashews_redis(),
    "cashews_client_side": cashews_redis(client_side=True),
    "aiocache": aiocache_redis(),
}
