"""Values in Redis or Valkey: typed, with an end, and with failures that never look like an absence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeVar

from vcci.clients.typed_json import decoded, encoded
from vcci.concurrency.deadline import current_deadline, passed, seconds_left
from vcci.errors import RemoteError

T = TypeVar("T")

TIMEOUT_S: Final = 0.25
"""What a server in the same network answers within, a hundred times over."""

TTL_S: Final = 3_600
"""How long a value is kept unless the caller says: nothing is kept for ever by oversight."""

ABOUT_NOW_S: Final = 0.005
"""How early a timer may fire."""


class RedisPipeline(Protocol):
    """What is needed of a pipeline of redis.asyncio."""

    def set(self, name: str, value: str, *, px: int) -> Any:
        """Queue a value."""
        ...

    def get(self, name: str) -> Any:
        """Queue a question."""
        ...

    def delete(self, *names: str) -> Any:
        """Queue a deletion."""
        ...

    def execute(self) -> Awaitable[Any]:
        """Send what is queued, and return the answers."""
        ...


class RedisClient(Protocol):
    """What is needed of a client of redis.asyncio."""

    def get(self, name: str) -> Awaitable[Any]:
        """Return a value."""
        ...

    def set(self, name: str, value: str, *, px: int) -> Awaitable[Any]:
        """Keep a value for so many milliseconds."""
        ...

    def delete(self, *names: str) -> Awaitable[Any]:
        """Drop values."""
        ...

    def mget(self, keys: list[str]) -> Awaitable[Any]:
        """Return values."""
        ...

    def pipeline(self, *, transaction: bool) -> Any:
        """Return a pipeline."""
        ...


class Pipeline:
    """Commands that are sent together when the block around them ends well, in one transaction.

    `results` then holds an answer for each command in order: a value or the default for `get`, how many there
    were for `delete`, True for `set`.
    """

    def __init__(self, queued: RedisPipeline, ttl_s: float) -> None:
        self._queued = queued
        self._ttl_s = ttl_s
        self._defaults: list[tuple[bool, Any]] = []
        self.results: list[Any] = []

    def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        """Keep a value for `ttl` seconds."""
        self._queued.set(key, encoded(value), px=_ms(self._ttl_s if ttl is None else ttl))
        self._defaults.append((False, None))

    def get(self, key: str, default: Any = None) -> None:
        """Ask for a value."""
        self._queued.get(key)
        self._defaults.append((True, default))

    def delete(self, *keys: str) -> None:
        """Drop values."""
        self._queued.delete(*keys)
        self._defaults.append((False, None))

    async def send(self, most_s: float) -> None:
        """Send all commands; the block around them does so by itself."""
        if self._defaults:
            answers = await _answer(self._queued.execute, most_s)
            self.results = [
                _value(answer, default) if is_value else answer
                for answer, (is_value, default) in zip(answers, self._defaults, strict=True)
            ]


class AsyncRedisOperations:
    """Keeps values of texts, numbers, dates, lists and dictionaries; the client is the caller's.

    `ttl` is how long values are kept, in seconds, and `timeout_s` how long an answer may take, less where
    the deadline of the work under way is sooner. Raises `RemoteError` with code `redis_away` for what Redis
    does not answer, `redis_value_malformed` for a value that something else stored.
    """

    def __init__(self, client: RedisClient, *, ttl: float = TTL_S, timeout_s: float = TIMEOUT_S) -> None:
        self._client = client
        self._ttl_s = ttl
        self._timeout_s = timeout_s

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, `default` where there is none."""
        return _value(await _answer(lambda: self._client.get(key), self._timeout_s), default)

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep a value for `ttl` seconds."""
        text, kept_ms = encoded(value), _ms(self._ttl_s if ttl is None else ttl)
        await _answer(lambda: self._client.set(key, text, px=kept_ms), self._timeout_s)

    async def delete(self, *keys: str) -> int:
        """Drop values; return how many there were."""
        return int(await _answer(lambda: self._client.delete(*keys), self._timeout_s)) if keys else 0

    async def mget(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those keys that have one."""
        named = list(dict.fromkeys(keys))
        if not named:
            return {}
        found = await _answer(lambda: self._client.mget(named), self._timeout_s)
        pairs = zip(named, found, strict=True)
        return {key: _value(answer, None) for key, answer in pairs if answer is not None}

    async def mset(self, values: Mapping[str, Any], ttl: float | None = None) -> None:
        """Keep all values or none, each for `ttl` seconds."""
        async with self.pipeline() as pipeline:
            for key, value in values.items():
                pipeline.set(key, value, ttl=ttl)

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Pipeline]:
        """Give a pipeline that is sent once if the block ends well, and not at all if it raises."""
        async with self._client.pipeline(transaction=True) as queued:
            pipeline = Pipeline(queued, self._ttl_s)
            yield pipeline
            await pipeline.send(self._timeout_s)


async def _answer(ask: Callable[[], Awaitable[T]], most_s: float) -> T:
    wait_s = seconds_left(most_s)
    try:
        async with asyncio.timeout(wait_s):
            return await ask()
    except TimeoutError:
        deadline = current_deadline()
        if deadline is not None and deadline.remaining_s <= ABOUT_NOW_S:
            raise passed() from None
        raise _away(f"it gave no answer within {most_s:.3g} s") from None
    except Exception as error:
        raise _away(type(error).__name__) from error


def _value(answer: Any, default: Any) -> Any:
    if answer is None:
        return default
    try:
        return decoded(answer)
    except ValueError as error:
        raise RemoteError(
            f"A value in Redis cannot be read: {error}.",
            remedy="Give VCCI a database of its own, or delete the value.",
            code="redis_value_malformed",
        ) from None


def _ms(seconds: float) -> int:
    if seconds <= 0:
        raise ValueError("ttl is more than 0 seconds")
    return max(1, round(seconds * 1_000))


def _away(reason: str) -> RemoteError:
    return RemoteError(
        f"Redis does not answer ({reason}).",
        remedy="See whether it is up and can be reached from here, then try again.",
        code="redis_away",
    )
