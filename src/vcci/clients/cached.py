"""The cache that clients keep answers in, as they see it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson


class AnswerCache(Protocol):
    """Keeps what a fetcher returns (plain JSON) under a key, and returns it for the same key later."""

    async def get_or_set(
        self, *, cache_type: str, key: str, fetcher: Callable[[], Awaitable[Any]], **key_parts: str
    ) -> Any:
        """Return what is kept under key and parts, or what `fetcher` returns; None is kept as an absence.

        The part `owner` is the tenant. Raises what `fetcher` raises.
        """
        ...


class NoCache:
    """Keeps nothing."""

    async def get_or_set(
        self, *, cache_type: str, key: str, fetcher: Callable[[], Awaitable[Any]], **key_parts: str
    ) -> Any:
        """Return what `fetcher` returns."""
        del cache_type, key, key_parts
        return await fetcher()


def key_of(*parts: str | int | float | None) -> str:
    """Return one text that no other parts have: "a" and "b:c" are not "a:b" and "c"."""
    return orjson.dumps(parts).decode()
