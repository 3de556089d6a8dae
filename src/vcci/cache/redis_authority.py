"""Announcements numbered by Redis, for caches whose truth is not the service's PostgreSQL.

A Redis that has lost its memory begins at its clock, above all numbers before, and says that everything
older is outdated.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from vcci.cache.coherence import EVERYTHING, Coherence
from vcci.cache.redis import is_remote
from vcci.concurrency.breaker import Breaker
from vcci.errors import RemoteError

TIMEOUT_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.2
OPEN_SECONDS: Final = 0.5
"""After some failures Redis is not asked for this time."""

BEGIN: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then
    local time = redis.call('TIME')
    local first = string.format('%.0f', time[1] * 1000000 + time[2])
    redis.call('SET', KEYS[1], first)
    redis.call('SET', KEYS[2], first)
end
"""
NUMBER: Final = BEGIN + "return redis.call('GET', KEYS[1])"
NUMBERS: Final = BEGIN + "return {redis.call('GET', KEYS[2]), redis.call('HGETALL', KEYS[3])}"
ANNOUNCE: Final = (
    BEGIN
    + """
local number = redis.call('INCR', KEYS[1])
local groups = cjson.decode(ARGV[2])
for _, group in ipairs(groups) do redis.call('HSET', KEYS[3], group, string.format('%.0f', number)) end
redis.call('PUBLISH', ARGV[3], cjson.encode({string.format('%.0f', number), ARGV[1], groups}))
return string.format('%.0f', number)
"""
)


class RedisAuthority:
    """An `Authority` over a client of redis.asyncio; raises `RemoteError` while Redis is away."""

    def __init__(self, client: Any, *, prefix: str = "vcci") -> None:
        self._client = client
        self._prefix = f"{{{prefix}}}"
        self._breaker = Breaker("Redis", failures=3, window_s=10.0, open_s=OPEN_SECONDS)
        self._number, self._numbers, self._announce = map(client.register_script, (NUMBER, NUMBERS, ANNOUNCE))

    @property
    def channel(self) -> str:
        """The channel on which announcements are published."""
        return f"{self._prefix}:announced"

    async def number(self) -> int:
        """Return the newest number."""
        return int(await self._asked(self._number, self._keys()[:2]))

    async def numbers_of(self, owner: str) -> Mapping[str, int]:
        """Return the newest number of each group of an owner, and of EVERYTHING."""
        first, flat = await self._asked(self._numbers, self._keys(owner))
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return {group.decode(): int(number) for group, number in pairs} | {EVERYTHING: int(first)}

    async def announce(self, owner: str, groups: Iterable[str]) -> int:
        """Announce that groups of an owner are outdated; returns the number."""
        args = [owner, orjson.dumps(sorted(groups)), self.channel]
        return int(await self._asked(self._announce, self._keys(owner), args=args))

    async def listen(self, coherence: Coherence) -> None:
        """Hear announcements until cancelled; a lost connection is made anew."""
        while True:
            try:
                async with self._client.pubsub() as channel:
                    await channel.subscribe(self.channel)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            heard(coherence, message["data"])
            except asyncio.CancelledError:
                raise
            except Exception:
                await asyncio.sleep(RETRY_SECONDS)

    async def _asked(self, script: Any, keys: list[str], *, args: Iterable[Any] = ()) -> Any:
        with self._breaker.watching(is_remote):
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    return await script(keys=keys, args=list(args))
            except Exception as error:
                raise RemoteError(
                    f"Redis does not answer ({type(error).__name__}).",
                    tried=[f"waited {TIMEOUT_SECONDS:g} s"],
                    remedy="Nothing that is cached is used until it does. See whether Redis is up.",
                    code="cache_away",
                ) from error

    def _keys(self, owner: str = "") -> list[str]:
        return [f"{self._prefix}:number", f"{self._prefix}:first", f"{self._prefix}:of:{owner}"]


def heard(coherence: Coherence, data: bytes) -> None:
    """Take a message of the channel."""
    number, owner, groups = orjson.loads(data)
    coherence.heard(int(number), owner, groups)
