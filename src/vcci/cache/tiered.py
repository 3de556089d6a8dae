"""A cache of two layers over the truth: near (this process), shared (Redis, if there is one), loaded.

One load for all who ask, in the process and across processes. A value is loaded anew shortly before it ends,
the sooner the dearer its loading is; a value that has ended stands in where loading fails. What has been
outdated by a change is never used for longer than the bound of `coherence`.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from vcci.cache.coherence import Alone, Authority, Coherence, is_outdated_by
from vcci.cache.config import CACHE_CONFIG, CacheConfig
from vcci.cache.entry import Entry, written
from vcci.cache.memory import LRUCache
from vcci.cache.redis import LEASE_SECONDS, RedisCache
from vcci.concurrency.single_flight import SingleFlight
from vcci.errors import ConfigurationError, RemoteError, VcciError
from vcci.events import CacheRead, Hook, ignore

Fetcher = Callable[[], Awaitable[Any]]
POLL_SECONDS: Final = (0.002, 0.05)
"""The first and the longest wait between two looks for what another process loads."""

WAIT_SECONDS: Final = 10.0
"""How long who wants a value waits for another process to load it, before they load it themselves."""

AUTHORITY_SECONDS: Final = 0.25
ATTEMPTS: Final = 3
SOON: Final = 40.0
"""An end that is further away than this many times the cost of loading is never met early: chance e^-40."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A value that is wanted."""

    config: CacheConfig
    cache_type: str
    owner: str
    name: str
    groups: frozenset[str]
    fetcher: Fetcher


class MultiLevelCache:
    """Values by what they depend on; `get_or_set` is all that callers need.

    Without `shared` each process has its own. `authority` and `coherence` come with whoever changes the data;
    without them nobody else changes them, and `invalidate` is for this process.
    """

    def __init__(
        self,
        near: LRUCache | None = None,
        shared: RedisCache | None = None,
        config: Mapping[str, CacheConfig] = CACHE_CONFIG,
        *,
        authority: Authority | None = None,
        coherence: Coherence | None = None,
        hook: Hook = ignore,
    ) -> None:
        self.near = near if near is not None else LRUCache()
        self.coherence = coherence or Coherence()
        self._shared = shared
        self._config = config
        self._authority = authority or Alone()
        if authority is None and coherence is None:
            self.coherence.current_until_s = math.inf
        self._hook = hook
        self._reads: dict[tuple[str, str, str], CacheRead] = {}
        self._flights, self._questions = SingleFlight(), SingleFlight()

    async def get_or_set(
        self,
        *,
        cache_type: str,
        key: str,
        fetcher: Fetcher,
        owner: str = "",
        groups: Iterable[str] = (),
        **key_parts: str,
    ) -> Any:
        """Return a value, loaded by `fetcher` where nobody has it; None where there is no such value.

        The value depends on `owner` (a tenant), `key` and `key_parts`, and is outdated by what is announced
        of the owner's `groups`. It comes back as JSON says it, each time anew. Raises what `fetcher` raises.
        """
        value = await self.json_or_set(
            cache_type=cache_type, key=key, fetcher=fetcher, owner=owner, groups=groups, **key_parts
        )
        return orjson.loads(value)

    async def json_or_set(
        self,
        *,
        cache_type: str,
        key: str,
        fetcher: Fetcher,
        owner: str = "",
        groups: Iterable[str] = (),
        **key_parts: str,
    ) -> bytes:
        """Return the same value as JSON, as it is kept; that of no value is null."""
        config = self._config.get(cache_type)
        if config is None:
            raise _unknown(cache_type, self._config)
        name = name_of(config.prefix, owner, key)
        for part in sorted(key_parts):
            name += f":{part}={len(key_parts[part])}:{key_parts[part]}"
        entry = self.near.get(name)
        if entry is not None and self._is_proven(entry, owner):
            left_s = entry.fresh_until_s - time.time()
            if left_s > 0.0:
                if left_s < SOON * config.early * entry.cost_s and self._is_due(entry, config, left_s=left_s):
                    early = _Asked(config, cache_type, owner, name, _all(config, groups), fetcher)
                    self._flights.start((name, "early"), lambda: self._begun(early))
                self._note(cache_type, "l1", "hit")
                return entry.value
        self._note(cache_type, "l1", "miss")
        asked = _Asked(config, cache_type, owner, name, _all(config, groups), fetcher)
        return (await self._together(asked)).value

    async def invalidate(self, owner: str, groups: Iterable[str]) -> None:
        """Outdate an owner's groups, where this cache numbers them itself or Redis does."""
        announce = getattr(self._authority, "announce", None)
        if announce is None:
            raise ConfigurationError(
                "What is outdated is announced with the change itself, in its own transaction.",
                remedy="Use announce_outdated there.",
                code="cache_has_no_announcer",
            )
        named = tuple(groups)
        self.coherence.heard(await announce(owner, named), owner, named)

    async def aclose(self) -> None:
        """Give up loads that are under way."""
        await self._flights.aclose()
        await self._questions.aclose()

    def _is_proven(self, entry: Entry, owner: str) -> bool:
        """Say whether an entry is known not to be outdated, by what was heard."""
        coherence = self.coherence
        return coherence.is_current() and not coherence.is_outdated(entry.number, owner, entry.groups)

    async def _together(self, asked: _Asked) -> Entry:
        """Return an entry that is at least as new as this question, less the bound; one search for all.

        Who joins a search that began long before must know that its finding was not outdated meanwhile.
        """
        since_s = time.monotonic() - self.coherence.bound_s
        for _ in range(ATTEMPTS):
            entry, begun_s = await self._flights.do(asked.name, lambda: self._search(asked))
            if begun_s >= since_s or self._is_proven(entry, asked.owner):
                return entry  # type: ignore[no-any-return]
        return await self._found(asked)

    async def _search(self, asked: _Asked) -> tuple[Entry, float]:
        begun_s = time.monotonic()
        return await self._found(asked), begun_s

    async def _begun(self, asked: _Asked) -> Entry:
        """Load anew what has not ended yet; if that fails, what there is stays."""
        return await self._loaded(asked, number=self.coherence.number, stale=None)

    async def _found(self, asked: _Asked) -> Entry:
        """Return an entry from the nearest layer that has one of use, or load it."""
        usable = await self._judge(asked.owner)
        number, now = self.coherence.number, time.time()
        stale = None
        if usable is not None:
            for kept in (self.near.get(asked.name), await self._from_shared(asked)):
                if kept is None or not usable(kept):
                    continue
                if now < kept.fresh_until_s:
                    self.near.put(asked.name, kept)
                    return kept
                stale = kept
        return await self._loaded(asked, number=number, stale=stale)

    async def _judge(self, owner: str) -> Callable[[Entry], bool] | None:
        """Return what says whether an entry is not outdated; None where nobody can tell now."""
        coherence = self.coherence
        try:
            async with asyncio.timeout(AUTHORITY_SECONDS):
                if not coherence.is_current():
                    ask = partial(self._authority.numbers_of, owner)
                    numbers = await self._questions.do(("numbers", owner), ask)
                    return lambda entry: not is_outdated_by(numbers, entry.number, entry.groups)
                while not coherence.knows(owner):
                    await self._questions.do(("learn", owner), partial(self._learn, owner))
        except (TimeoutError, OSError, VcciError):
            return None
        return lambda entry: not coherence.is_outdated(entry.number, owner, entry.groups)

    async def _learn(self, owner: str) -> None:
        self.coherence.begin_learning(owner)
        self.coherence.learned(owner, await self._authority.numbers_of(owner))

    async def _from_shared(self, asked: _Asked) -> Entry | None:
        if self._shared is None:
            return None
        try:
            kept = await self._shared.get(asked.name)
        except RemoteError:
            self._note(asked.cache_type, "l2", "error")
            return None
        is_fresh = kept is not None and time.time() < kept.fresh_until_s
        self._note(asked.cache_type, "l2", "hit" if is_fresh else "miss")
        return kept

    async def _loaded(self, asked: _Asked, *, number: int, stale: Entry | None) -> Entry:
        """Load; or take what another process loads; or what has ended, if loading fails or takes long."""
        lease = await self._lease(asked)
        if lease is None:
            other = await self._of_another(asked)
            if other is not None:
                return other
            number = self.coherence.number
        load = asyncio.ensure_future(self._load(asked, number=number, lease=lease or ""))
        if stale is None or time.time() >= stale.stale_until_s:
            return await load
        try:
            async with asyncio.timeout(asked.config.soft_timeout):
                return await asyncio.shield(load)
        except Exception:
            load.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._note(asked.cache_type, "truth", "stale")
            return stale

    async def _load(self, asked: _Asked, *, number: int, lease: str) -> Entry:
        started_s = time.monotonic()
        try:
            async with self._renewed(asked.name, lease):
                value = await asked.fetcher()
            encoded = written(value)
        except BaseException:
            self._note(asked.cache_type, "truth", "error")
            await self._give_up(asked.name, lease)
            raise
        self._note(asked.cache_type, "truth", "load")
        entry = _entry_of(asked, encoded, number=number, cost_s=time.monotonic() - started_s)
        self.near.put(asked.name, entry)
        await self._share(asked, entry, lease=lease)
        return entry

    @asynccontextmanager
    async def _renewed(self, name: str, lease: str) -> AsyncIterator[None]:
        """Renew a lease for as long as loading takes."""
        if not lease or self._shared is None:
            yield
            return
        task = asyncio.create_task(_renew(self._shared, name, lease))
        try:
            yield
        finally:
            task.cancel()

    async def _lease(self, asked: _Asked) -> str | None:
        """Return a lease, empty where none can be had; None where another process has it."""
        if self._shared is None:
            return ""
        try:
            return await self._shared.lease(asked.name) or None
        except RemoteError:
            return ""

    async def _of_another(self, asked: _Asked) -> Entry | None:
        """Wait for what another process is loading; None where it gives up, or takes too long."""
        shared, wait_s, waited_s = self._shared, POLL_SECONDS[0], 0.0
        if shared is None:
            return None
        with suppress(RemoteError):
            while waited_s < WAIT_SECONDS:
                is_leased = await shared.is_leased(asked.name)
                kept = await self._from_shared(asked)
                usable = await self._judge(asked.owner)
                if (
                    kept is not None
                    and usable is not None
                    and usable(kept)
                    and time.time() < kept.fresh_until_s
                ):
                    self.near.put(asked.name, kept)
                    return kept
                if not is_leased:
                    return None
                await asyncio.sleep(wait_s)
                waited_s, wait_s = waited_s + wait_s, min(wait_s * 2, POLL_SECONDS[1])
        return None

    async def _share(self, asked: _Asked, entry: Entry, *, lease: str) -> None:
        if self._shared is None:
            return
        config = asked.config
        with suppress(RemoteError):
            await self._shared.put(
                asked.name,
                entry,
                kept_s=entry.stale_until_s - time.time(),
                lease=lease,
                compress_above_bytes=config.compress_above_bytes if config.compress else None,
            )

    async def _give_up(self, name: str, lease: str) -> None:
        if self._shared is not None and lease:
            with suppress(RemoteError):
                await self._shared.give_up(name, lease)

    def _is_due(self, entry: Entry, config: CacheConfig, *, left_s: float) -> bool:
        """Say whether to load anew before the end: by chance, more likely the nearer and the dearer."""
        chance = -math.log(1.0 - random.random())  # noqa: S311
        return entry.cost_s * config.early * chance >= left_s

    def _note(self, cache_type: str, layer: str, result: str) -> None:
        read = self._reads.get((cache_type, layer, result))
        if read is None:
            read = self._reads[cache_type, layer, result] = CacheRead(cache_type, layer, result)
        self._hook(read)


async def _renew(shared: RedisCache, name: str, lease: str) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 4)
        with suppress(RemoteError):
            await shared.renew(name, lease)


def name_of(prefix: str, owner: str, key: str) -> str:
    """Return how a value without further parts is named; lengths keep names apart whatever is in them."""
    return f"{prefix}:{len(owner)}:{owner}:{len(key)}:{key}"


def _all(config: CacheConfig, groups: Iterable[str]) -> frozenset[str]:
    return frozenset((*config.groups, *groups))


def _entry_of(asked: _Asked, encoded: bytes, *, number: int, cost_s: float) -> Entry:
    config, is_nothing = asked.config, encoded == b"null"
    ttl = config.negative_ttl if is_nothing else config.ttl
    fresh_until = time.time() + ttl * random.uniform(0.9, 1.0)  # noqa: S311
    stale_until = fresh_until + (0.0 if is_nothing else config.stale)
    return Entry(encoded, number, asked.groups, fresh_until, stale_until, cost_s)


def _unknown(cache_type: str, config: Mapping[str, CacheConfig]) -> ConfigurationError:
    return ConfigurationError(
        f"There is no kind of cached value '{cache_type}'.",
        tried=sorted(config),
        remedy="Name one of these, or give the cache a CacheConfig for it.",
        code="cache_type_unknown",
    )
