"""Finding and keeping stored responses: the store, and the variants of a target that Vary selects between."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from vcci.middleware.cache_entry import Entry, VarySets, View, stored_entry, vary_entry
from vcci.middleware.cache_key import Partition, tags_of, variant_key
from vcci.middleware.cache_store import FailOpenStore
from vcci.middleware.field_values import Headers, values_of
from vcci.middleware.freshness import CacheStrategy
from vcci.middleware.http_caching import Exchange, Request, Stored, described
from vcci.middleware.structured_fields import groups


@dataclass(frozen=True, slots=True)
class Errand:
    """A request that goes to the application, why, and what is stored for it."""

    request: Request
    partition: Partition
    key: str
    as_of: int
    reason: str
    found: View | None = None
    validates: bool = False
    behind: bool = False
    """Whether nobody waits for it: the stored response is stale but was good enough."""


@dataclass(slots=True)
class Counts:
    """What a cache has done since it started."""

    hits: int = 0
    requests: int = 0
    stood_in: int = 0
    failed_renewals: int = 0


@dataclass(frozen=True, slots=True)
class Shelf:
    """The stored responses of one cache, and what it keeps of a response."""

    store: FailOpenStore
    strategy: CacheStrategy
    name: bytes
    max_body_bytes: int
    now_s: Callable[[], float]
    counts: Counts = field(default_factory=Counts)

    async def find(self, key: str, first: View | VarySets | None, headers: Headers) -> View | None:
        """Return the stored response that a request selects; `first` is what its target's key holds."""
        if not isinstance(first, VarySets):
            return first
        for names in first:
            entry = await self.store.get(variant_key(key, names, headers))
            if entry is not None and isinstance(entry.view, View):
                return entry.view
        return None

    async def look_up(self, key: str, headers: Headers) -> View | None:
        """Return the stored response for a target's key and a request's fields."""
        entry = await self.store.get(key)
        return await self.find(key, entry.view if entry is not None else None, headers)

    async def keep(self, errand: Errand, exchange: Exchange, body: bytes) -> View | None:
        """Store a response; return it, or None if the store did not take it."""
        stored = _with_length(described(exchange, self.strategy), body)
        tags = tags_of(
            errand.request.target,
            groups(stored.headers, b"cache-groups"),
            owner=errand.partition.owner,
        )
        key = variant_key(errand.key, stored.vary, errand.request.headers)
        if stored.vary:
            await self._list_names(errand, stored.vary)
        entry = stored_entry(stored, body)
        taken = await self._put(key, entry, tags=tags, errand=errand)
        return entry.view if taken and isinstance(entry.view, View) else None

    async def forget(self, errand: Errand) -> None:
        """Drop the stored response that a request selected."""
        if errand.found is not None:
            await self.store.delete(variant_key(errand.key, errand.found.stored.vary, errand.request.headers))

    async def _list_names(self, errand: Errand, names: tuple[bytes, ...]) -> None:
        listed = await self.store.get(errand.key)
        known = listed.view if listed is not None else None
        before = known if isinstance(known, VarySets) else VarySets()
        if before[:1] != (names,):
            after = vary_entry(before.with_newest(names))
            tags = tags_of(errand.request.target, owner=errand.partition.owner)
            await self._put(errand.key, after, tags=tags, errand=errand)

    async def _put(self, key: str, entry: Entry, *, tags: frozenset[str], errand: Errand) -> bool:
        return await self.store.put(key, entry, tags=tags, as_of=errand.as_of)


def _with_length(stored: Stored, body: bytes) -> Stored:
    """Return a head that says how long the body is, as that is known now even if it came in parts."""
    if stored.status == 204 or values_of(stored.headers, b"content-length"):
        return stored
    return replace(stored, headers=(*stored.headers, (b"content-length", b"%d" % len(body))))
