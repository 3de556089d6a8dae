"""What processes share: entries in Redis or Valkey, one server or a cluster, over the caller's own client.

Reads that come together are one MGET. A step that must not be torn apart is one script. What takes too long
counts as failed, and after some failures nothing is asked for a while: the truth is elsewhere.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol
from uuid import uuid4

from vcci.cache.entry import Entry, packed, unpacked
from vcci.concurrency.breaker import Breaker, BreakerOpenError
from vcci.concurrency.coalescer import Coalescer
from vcci.concurrency.deadline import seconds_left
from vcci.errors import DeadlineError, RemoteError

TIMEOUT_SECONDS: Final = 0.05
FAILURES: Final = 3
OPEN_SECONDS: Final = 1.0
MOST_SECONDS: Final = 7 * 86_400
AT_ONCE: Final = 16
"""Commands under way, each on a connection of its own; more wait, and that is not Redis' slowness."""

LEASE_SECONDS: Final = 1.0
"""Who loads a value has this long before another may, and again each time that it says it still loads.

It is short, as a lease may be nobody's: that of a process that has died, or one that a Redis which stood
still gives out late, to who no longer waits for it.
"""

PUT: Final = """
local lease = redis.call('GET', KEYS[2])
if ARGV[3] ~= '' and lease ~= ARGV[3] then return 0 end
local kept = redis.call('GETRANGE', KEYS[1], 0, 7)
if kept ~= '' and kept > string.sub(ARGV[1], 1, 8) then
    if ARGV[3] ~= '' then redis.call('UNLINK', KEYS[2]) end
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[3] ~= '' then redis.call('UNLINK', KEYS[2]) end
return 1
"""
"""Keep an entry: only by who has the lease, if it is leased, and never in the place of a newer one."""

GIVE_UP: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end return 0"
)


RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class RedisClient(Protocol):
    """What is needed of a client of redis.asyncio, with answers as bytes."""

    def mget(self, keys: Sequence[str]) -> Awaitable[Any]:
        """Return values."""
        ...

    def set(self, name: str, value: Any, **options: Any) -> Awaitable[Any]:
        """Set a value."""
        ...

    def unlink(self, *names: str) -> Awaitable[Any]:
        """Drop values."""
        ...

    def register_script(self, script: str) -> Any:
        """Return a script that can be called."""
        ...


class RedisCache:
    """Entries by name; raises `RemoteError` while Redis is away. `prefix` keeps services apart."""

    def __init__(
        self,
        client: Any,
        *,
        prefix: str = "vcci",
        timeout_s: float = TIMEOUT_SECONDS,
        most_s: float = MOST_SECONDS,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._most_s = most_s
        self._breaker = Breaker("Redis", failures=FAILURES, window_s=10.0, open_s=OPEN_SECONDS)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._put = client.register_script(PUT)
        self._give_up = client.register_script(GIVE_UP)
        self._renew = client.register_script(RENEW)
        self._read_many = getattr(client, "mget_nonatomic", client.mget)
        self._reads: Coalescer[None, str, bytes | None] = Coalescer(self._mget, lambda _: True)

    @property
    def is_away(self) -> bool:
        """Say whether Redis failed so often that it is not asked for now."""
        try:
            self._breaker.check()
        except BreakerOpenError:
            return True
        return False

    async def get(self, name: str) -> Entry | None:
        """Return an entry, None where there is none."""
        data = await self._reads.ask(None, self._entry(name))
        return None if data is None else unpacked(data)

    async def put(
        self,
        name: str,
        entry: Entry,
        *,
        kept_s: float,
        lease: str = "",
        compress_above_bytes: int | None = None,
    ) -> bool:
        """Keep an entry; return False where its lease was lost, or a newer one is there."""
        data = packed(entry, compress_above_bytes=compress_above_bytes)
        kept_ms = max(1, int(1000 * min(kept_s, self._most_s)))
        keys = [self._entry(name), self._lease(name)]
        return bool(await self._asked(lambda: self._put(keys=keys, args=[data, kept_ms, lease])))

    async def lease(self, name: str) -> str:
        """Return a lease to load a value; empty where somebody has it."""
        token = uuid4().hex
        options: dict[str, Any] = {"nx": True, "px": int(LEASE_SECONDS * 1000)}
        taken = await self._asked(lambda: self._client.set(self._lease(name), token, **options))
        return token if taken else ""

    async def renew(self, name: str, lease: str) -> bool:
        """Say that a value is still being loaded; return False where the lease was lost."""
        args = [lease, int(LEASE_SECONDS * 1000)]
        return bool(await self._asked(lambda: self._renew(keys=[self._lease(name)], args=args)))

    async def give_up(self, name: str, lease: str) -> None:
        """Give a lease back without a value."""
        await self._asked(lambda: self._give_up(keys=[self._lease(name)], args=[lease]))

    async def is_leased(self, name: str) -> bool:
        """Say whether somebody is loading a value."""
        return await self._reads.ask(None, self._lease(name)) is not None

    async def delete(self, name: str) -> None:
        """Drop an entry, if it is there."""
        await self._asked(lambda: self._client.unlink(self._entry(name)))

    async def _mget(self, _: None, keys: Sequence[str]) -> Sequence[bytes | None]:
        found: Sequence[bytes | None] = await self._asked(lambda: self._read_many(list(keys)))
        return found

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        async with self._gate:
            return await self._asked_at_once(ask)

    async def _asked_at_once(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        with self._breaker.watching(is_remote):
            try:
                async with asyncio.timeout(seconds_left(self._timeout_s)):
                    return await ask()
            except DeadlineError:
                raise
            except Exception as error:
                raise RemoteError(
                    f"Redis does not answer ({type(error).__name__}).",
                    tried=[f"waited {self._timeout_s:g} s"],
                    remedy="The value is loaded from where it comes from. See whether Redis is up.",
                    code="cache_away",
                ) from error

    def _entry(self, name: str) -> str:
        return f"{self._prefix}:{{{_digest(name)}}}"

    def _lease(self, name: str) -> str:
        return f"{self._prefix}:{{{_digest(name)}}}:lease"


def _digest(name: str) -> str:
    """Return what stands for a name: no text of a tenant is seen in Redis, and its keys share a slot."""
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def is_remote(error: BaseException) -> bool | None:
    """Say that Redis is what failed; nothing of it where a caller left, or was out of time."""
    return True if isinstance(error, RemoteError) else None
