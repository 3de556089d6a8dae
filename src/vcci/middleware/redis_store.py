"""Stored responses in Redis or Valkey, shared by processes. The client is the caller's, of redis.asyncio.

Each step that must not be torn apart is one script: an entry is kept only if none of its tags was
invalidated since its response was begun, by the server's own clock. All keys have one hash tag, so a cluster
keeps them in one slot. What takes longer than a twentieth of a second counts as failed, and the request goes
on without; after some failures none waits for the next one.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from vcci.concurrency.breaker import Breaker
from vcci.middleware.cache_entry import Entry, View
from vcci.middleware.cache_store import Tags

TIMEOUT_SECONDS: Final = 0.05
MOST_SECONDS: Final = 7 * 86_400
STALE_SECONDS: Final = 86_400
"""How long past freshness an entry is kept, to serve while it is renewed, or to be validated."""

REMEMBERED_MS: Final = 3_600_000
"""How long an invalidation counts against fetches that began before it; none takes so long."""

LENGTH_BYTES: Final = 4
"""Before the tags and before the head of an entry, the length of each."""

AT_ONCE: Final = 16
"""Commands under way, each on a connection of its own; more wait, and that is not Redis' slowness."""

FAILURES, OPEN_SECONDS = 3, 1.0
"""After so many failures within a few seconds Redis is not asked for this time."""

PUT: Final = """
local tags = (#KEYS - 1) / 2
for i = 1, tags do
    local moment = redis.call('GET', KEYS[1 + tags + i])
    if moment and tonumber(moment) >= tonumber(ARGV[3]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 1, tags do
    redis.call('SADD', KEYS[1 + i], KEYS[1])
    redis.call('PEXPIRE', KEYS[1 + i], ARGV[2], 'NX')
    redis.call('PEXPIRE', KEYS[1 + i], ARGV[2], 'GT')
end
return 1
"""

DROP: Final = """
local time = redis.call('TIME')
local moment = time[1] * 1000000 + time[2]
local tags, dropped = #KEYS / 2, 0
for i = 1, tags do
    for _, entry in ipairs(redis.call('SMEMBERS', KEYS[i])) do
        dropped = dropped + redis.call('UNLINK', entry)
    end
    redis.call('UNLINK', KEYS[i])
    redis.call('SET', KEYS[tags + i], string.format('%.0f', moment), 'PX', ARGV[1])
end
return dropped
"""


class RedisClient(Protocol):
    """What is needed of a client of redis.asyncio, with answers as bytes."""

    def get(self, name: str) -> Awaitable[Any]:
        """Return a value."""
        ...

    def unlink(self, *names: str) -> Awaitable[Any]:
        """Drop values."""
        ...

    def time(self) -> Awaitable[Any]:
        """Return the server's clock: seconds and microseconds."""
        ...

    def register_script(self, script: str) -> Any:
        """Return a script that can be called."""
        ...


class RedisStore:
    """A `CacheStore` over a client; `prefix` keeps the caches of different services apart."""

    def __init__(self, client: RedisClient, *, prefix: str) -> None:
        self._client = client
        self._prefix = f"{{{prefix}}}"
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._put = client.register_script(PUT)
        self._drop = client.register_script(DROP)
        self._breaker = Breaker("Redis", failures=FAILURES, window_s=5.0, open_s=OPEN_SECONDS)

    async def get(self, key: str) -> Entry | None:
        """Return the entry, with its tags."""
        value: bytes | None = await self._asked(lambda: self._client.get(self._entry(key)))
        if value is None:
            return None
        (tags, head), body = _taken_apart(value)
        return Entry(head, body, frozenset(filter(None, tags.decode().split("\n"))))

    async def put(self, key: str, entry: Entry, *, tags: Tags, as_of: int) -> bool:
        """Keep an entry for as long as it can be of use."""
        parts = ("\n".join(sorted(tags)).encode(), entry.head)
        value = b"".join(len(part).to_bytes(LENGTH_BYTES) + part for part in parts) + entry.body
        keys = [self._entry(key), *self._tagged(tags)]
        return bool(await self._asked(lambda: self._put(keys=keys, args=[value, _kept_ms(entry), as_of])))

    async def delete(self, key: str) -> None:
        """Drop an entry."""
        await self._asked(lambda: self._client.unlink(self._entry(key)))

    async def delete_tagged(self, tags: Tags) -> int:
        """Drop what has one of the tags, and remember when."""
        if not tags:
            return 0
        return int(await self._asked(lambda: self._drop(keys=self._tagged(tags), args=[REMEMBERED_MS])))

    async def moment(self) -> int:
        """Return the server's clock in microseconds."""
        seconds, microseconds = await self._asked(self._client.time)
        return int(seconds) * 1_000_000 + int(microseconds)

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        async with self._gate:
            with self._breaker.watching(lambda error: isinstance(error, Exception) or None):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    return await ask()

    def _entry(self, key: str) -> str:
        return f"{self._prefix}:entry:{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"

    def _tagged(self, tags: Tags) -> list[str]:
        named = sorted(tags)
        return [f"{self._prefix}:{kind}:{tag}" for kind in ("tag", "invalidated") for tag in named]


def _taken_apart(value: bytes) -> tuple[list[bytes], bytes]:
    """Return tags and head of a stored value, and its body."""
    parts, start = [], 0
    for _ in range(2):
        end = start + LENGTH_BYTES
        length = int.from_bytes(value[start:end])
        parts.append(value[end : end + length])
        start = end + length
    return parts, value[start:]


def _kept_ms(entry: Entry) -> int:
    view = entry.view
    lifetime_s = view.stored.lifetime_s if isinstance(view, View) else MOST_SECONDS
    return 1_000 * min(lifetime_s + STALE_SECONDS, MOST_SECONDS)
