"""The service's caches: near, in Redis if there is one, and kept current by what PostgreSQL announces."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from vcci.cache.coherence import Authority, Coherence
from vcci.cache.config import CACHE_CONFIG, CacheConfig
from vcci.cache.keeping_current import Gap, check, keep_current
from vcci.cache.memory import LRUCache
from vcci.cache.redis import RedisCache
from vcci.cache.tiered import MultiLevelCache
from vcci.database.announcements import DatabaseAuthority
from vcci.database.notifications import Heard, listening
from vcci.errors import ConfigurationError
from vcci.events import Hook, ignore
from vcci.middleware.cache_store import CacheStore, MemoryStore
from vcci.middleware.redis_store import RedisStore
from vcci.middleware.tiered_store import TieredStore
from vcci.settings import Settings

PREFIX: Final = "vcci"


@asynccontextmanager
async def opened_redis(settings: Settings) -> AsyncIterator[Any]:
    """Give a client of the Redis in use, closed at the end; None without one. It need not be there yet."""
    if settings.redis_url is None:
        yield None
        return
    try:
        from redis.asyncio import Redis, RedisCluster
    except ImportError:
        raise ConfigurationError(
            "REDIS_URL is set, and the client for Redis is not installed.",
            remedy="Install vcci[redis], or unset REDIS_URL: each worker has a cache of its own then.",
            code="redis_client_missing",
        ) from None
    url = settings.redis_url.get_secret_value()
    kind: Any = RedisCluster if "cluster=true" in url else Redis
    plain = url.replace("?cluster=true", "").replace("&cluster=true", "")
    client = kind.from_url(plain, socket_timeout=None)  # each of our calls has a limit of its own
    try:
        yield client
    finally:
        await client.aclose()


def value_cache(
    settings: Settings, coherence: Coherence, authority: Authority, *, redis: Any, hook: Hook = ignore
) -> MultiLevelCache:
    """Return the cache of values, such as reports."""
    longest_s = float(settings.redis_cache_ttl)
    shared = redis and RedisCache(redis, prefix=f"{PREFIX}:values", most_s=longest_s)
    near = LRUCache(max_bytes=settings.cache_bytes)
    kinds = kinds_within(longest_s)
    return MultiLevelCache(near, shared, kinds, authority=authority, coherence=coherence, hook=hook)


def kinds_within(longest_s: float) -> Mapping[str, CacheConfig]:
    """Return the kinds of value, none of them kept for longer than told."""
    return {name: replace(kind, ttl=min(kind.ttl, longest_s)) for name, kind in CACHE_CONFIG.items()}


def answer_store(settings: Settings, *, redis: Any) -> CacheStore:
    """Return where answers are kept."""
    near = MemoryStore(settings.cache_bytes)
    return near if redis is None else TieredStore(near, RedisStore(redis, prefix=f"{PREFIX}:answers"))


@asynccontextmanager
async def hearing(
    url: str,
    channels: Mapping[str, Heard],
    authority: DatabaseAuthority,
    *,
    coherence: Coherence,
    on_gap: Gap,
    hook: Hook = ignore,
) -> AsyncIterator[None]:
    """Hear announcements until the end, and keep it certain that all were heard."""

    async def begun() -> None:
        await check(coherence, authority, on_gap=on_gap, hook=hook)

    async with listening(url, channels, on_gap=begun) as notifications:
        authority.notifications = notifications
        task = asyncio.create_task(keep_current(coherence, authority, on_gap=on_gap, hook=hook))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            authority.notifications = None
