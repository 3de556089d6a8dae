"""Ways to keep values that are the product's own, those of any program, and the limits; all of one shape."""

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from pydantic import SecretStr
from redis.asyncio import Redis

from vcci.cache.coherence import Coherence
from vcci.cache.config import CACHE_CONFIG
from vcci.cache.keeping_current import check, keep_current
from vcci.cache.memory import MOST_BYTES, LRUCache
from vcci.cache.redis import RedisCache
from vcci.cache.redis_authority import RedisAuthority
from vcci.cache.tiered import MultiLevelCache
from vcci.events import Hook, ignore
from vcci.runtime.value_cache import opened_redis
from vcci.settings import Settings

KIND = "emission_factors"
TTL_SECONDS = int(CACHE_CONFIG[KIND].ttl)
OWNER, GROUPS = "tenant", ("factors",)
Value = dict[str, Any]


@dataclass
class Truth:
    """Where values come from: made up by their key, about 1 KB as JSON; counts how often it is asked."""

    seconds: float = 0.0
    version: int = 1
    loads: Counter[str] = field(default_factory=Counter)

    async def load(self, key: str) -> Value:
        """Return the value of a key."""
        self.loads[key] += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return value_of(key, self.version)


def value_of(key: str, version: int = 1) -> Value:
    """Return a value of about 1 KB."""
    factor: Value = {"id": key, "version": version, "unit": "kg CO2e/kWh", "value": 0.20705}
    factor |= {f"quality_{number}": number / 7 for number in range(10)}
    return factor | {"notes": [f"Source {number}: measured, checked and published." for number in range(14)]}


@dataclass(frozen=True, slots=True)
class Kept:
    """A cache: `get` loads at a miss, `outdate` makes all entries outdated at once."""

    get: Callable[[str], Awaitable[Any]]
    outdate: Callable[[], Awaitable[object]] | None = None


Opened = Callable[[str, Truth], AbstractAsyncContextManager[Kept]]
"""Opens a cache over a Redis of this URL, if it uses one, before a truth."""


@asynccontextmanager
async def ours_in_memory(_: str, truth: Truth, *, most: int | None = None) -> AsyncIterator[Kept]:
    """The product's cache in one process."""
    cache = MultiLevelCache(LRUCache(most))
    yield _kept(cache, truth)
    await cache.aclose()


@asynccontextmanager
async def ours(
    url: str, truth: Truth, *, near: LRUCache | None = None, hook: Hook = ignore
) -> AsyncIterator[Kept]:
    """The product's cache as the service has it: two layers, and what keeps the near one true."""
    async with opened_redis(Settings(REDIS_URL=SecretStr(url))) as client:
        authority, coherence = RedisAuthority(client), Coherence()
        layers = (near if near is not None else LRUCache(max_bytes=MOST_BYTES), RedisCache(client))
        cache = MultiLevelCache(*layers, authority=authority, coherence=coherence, hook=hook)
        tasks = [asyncio.create_task(authority.listen(coherence))]
        tasks += [asyncio.create_task(keep_current(coherence, authority))]
        await check(coherence, authority)
        try:
            yield _kept(cache, truth)
        finally:
            await _ended(tasks)
            await cache.aclose()


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel until it is heard: `asyncio.wait_for`, which redis-py uses, may lose one before Python 3.12."""
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=0.2)


@asynccontextmanager
async def ours_shared_only(url: str, truth: Truth) -> AsyncIterator[Kept]:
    """The same with a near layer that keeps nothing: every hit is Redis's."""
    async with ours(url, truth, near=LRUCache(max_bytes=0)) as kept:
        yield kept


def _kept(cache: MultiLevelCache, truth: Truth) -> Kept:
    def get(key: str) -> Awaitable[Any]:
        return cache.get_or_set(
            cache_type=KIND, key=key, fetcher=partial(truth.load, key), owner=OWNER, groups=GROUPS
        )

    return Kept(get, partial(cache.invalidate, OWNER, GROUPS))


@asynccontextmanager
async def redis_py(url: str, truth: Truth) -> AsyncIterator[Kept]:
    """What most write by hand: GET, else load and SET; all entries are found by SCAN."""
    client = Redis.from_url(url, max_connections=2_000)

    async def get(key: str) -> Any:
        found = await client.get(f"plain:{key}")
        if found is not None:
            return json.loads(found)
        value = await truth.load(key)
        await client.set(f"plain:{key}", json.dumps(value), ex=TTL_SECONDS)
        return value

    async def outdate() -> None:
        keys = [key async for key in client.scan_iter(match="plain:*", count=1_000)]
        for start in range(0, len(keys), 1_000):
            await client.unlink(*keys[start : start + 1_000])

    yield Kept(get, outdate)
    await client.aclose()


@asynccontextmanager
async def dictionary(_: str, truth: Truth, *, most: int | None = None) -> AsyncIterator[Kept]:
    """A dict of JSON: the limit of what is near. Bounded, the oldest go first."""
    entries: OrderedDict[str, bytes] = OrderedDict()

    async def get(key: str) -> Any:
        found = entries.get(key)
        if found is not None:
            return orjson.loads(found)
        value = await truth.load(key)
        entries[key] = orjson.dumps(value)
        if most is not None and len(entries) > most:
            entries.popitem(last=False)
        return value

    async def outdate() -> None:
        entries.clear()

    yield Kept(get, outdate)


class RawRedis:
    """GET over a bare connection, as many as are wanted in one write: the limit of what is shared."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def get_many(self, keys: Sequence[str]) -> list[Value]:
        """Return the values of keys that are there."""
        self._writer.write(b"".join(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(k), k.encode()) for k in keys))
        return [orjson.loads(await self._bulk()) for _ in keys]

    async def set(self, key: str, value: Value) -> None:
        """Keep a value."""
        data, name = orjson.dumps(value), key.encode()
        self._writer.write(
            b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(data), data)
        )
        if await self._reader.readline() != b"+OK\r\n":
            raise SystemExit("Redis did not take a value.")

    async def _bulk(self) -> bytes:
        size = int((await self._reader.readline())[1:])
        return (await self._reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def raw_redis(url: str) -> AsyncIterator[RawRedis]:
    """Give a bare connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
    yield RawRedis(reader, writer)
    writer.close()
    await writer.wait_closed()
