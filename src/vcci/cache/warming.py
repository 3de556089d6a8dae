"""Fills a cache before it is asked: a few at a time, for a limited time, and whoever fails is left out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vcci.cache.tiered import MultiLevelCache

AT_ONCE: Final = 4
MOST_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Warming:
    """A value to have ready: its kind, its key, what loads it, and what else it depends on."""

    cache_type: str
    key: str
    fetcher: Callable[[], Awaitable[Any]]
    owner: str = ""
    key_parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warmed:
    """How many values are ready, how many failed, and how many the time did not suffice for."""

    ready: int
    failed: int
    left: int


class CacheWarmer:
    """Warms a cache; readiness does not wait for it."""

    def __init__(self, cache: MultiLevelCache, wanted: Iterable[Warming] = ()) -> None:
        self._cache = cache
        self._wanted = list(wanted)

    def add(self, wanted: Warming) -> None:
        """Have one more value ready."""
        self._wanted.append(wanted)

    async def warm_all(self, *, at_once: int = AT_ONCE, most_s: float = MOST_SECONDS) -> Warmed:
        """Load all, `at_once` together, for at most `most_s` seconds."""
        waiting, counts = iter(self._wanted), {"ready": 0, "failed": 0}

        async def work() -> None:
            for wanted in waiting:
                try:
                    await self._load(wanted)
                except Exception:
                    counts["failed"] += 1
                else:
                    counts["ready"] += 1

        workers = [asyncio.create_task(work()) for _ in range(min(at_once, len(self._wanted)))]
        if workers:
            _, late = await asyncio.wait(workers, timeout=most_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return Warmed(**counts, left=len(self._wanted) - sum(counts.values()))

    async def _load(self, wanted: Warming) -> None:
        await self._cache.get_or_set(
            cache_type=wanted.cache_type,
            key=wanted.key,
            fetcher=wanted.fetcher,
            owner=wanted.owner,
            **wanted.key_parts,
        )
