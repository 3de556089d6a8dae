"""Where entries are kept: what a store must do, the one in memory, and what a failing one looks like."""

from collections import OrderedDict
from typing import Final, Protocol

from vcci.middleware.cache_entry import Entry

Tags = frozenset[str]

ENTRY_OVERHEAD_BYTES: Final = 1000
"""What an entry costs in memory beside its bytes: objects, dictionary slots, sets of tags."""

TAGS_REMEMBERED: Final = 10_000
"""How many invalidated tags are remembered for fetches that began before; older ones refuse all of those."""


class CacheStore(Protocol):
    """A store of entries that can be dropped by tag. It may raise: the cache then lets requests through.

    A fetch asks for the `moment` before it begins and hands it to `put`: what was invalidated since is not
    stored, so that a slow read cannot put back what a write has just removed.
    """

    async def get(self, key: str) -> Entry | None:
        """Return the entry, or None."""
        ...

    async def put(self, key: str, entry: Entry, *, tags: Tags, as_of: int) -> bool:
        """Keep an entry; return False where it is too large, or a tag was invalidated after `as_of`."""
        ...

    async def delete(self, key: str) -> None:
        """Drop an entry, if it is there."""
        ...

    async def delete_tagged(self, tags: Tags) -> int:
        """Drop all entries with one of these tags; return how many."""
        ...

    async def moment(self) -> int:
        """Return a number that grows with each invalidation."""
        ...


class MemoryStore:
    """Entries of this process, bounded in bytes; the least recently used go first. Each call is atomic."""

    def __init__(self, max_bytes: int = 64 * 2**20) -> None:
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self._entries: OrderedDict[str, tuple[Entry, Tags, int]] = OrderedDict()
        self._tagged: dict[str, set[str]] = {}
        self._moment = 0
        self._forgotten = 0
        self._invalidated: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: str) -> Entry | None:
        """Return the entry and count it as used."""
        kept = self._entries.get(key)
        if kept is None:
            return None
        self._entries.move_to_end(key)
        return kept[0]

    async def put(self, key: str, entry: Entry, *, tags: Tags, as_of: int) -> bool:
        """Keep an entry in place of the least recently used ones."""
        cost = entry.size_bytes + 2 * len(key) + sum(map(len, tags)) + ENTRY_OVERHEAD_BYTES
        known = max((self._invalidated.get(tag, 0) for tag in tags), default=0)
        if cost > self.max_bytes or as_of < max(self._forgotten, known):
            return False
        self._drop(key)
        self._entries[key] = (entry, tags, cost)
        self.size_bytes += cost
        for tag in tags:
            self._tagged.setdefault(tag, set()).add(key)
        while self.size_bytes > self.max_bytes:
            self._drop(next(iter(self._entries)))
        return True

    async def delete(self, key: str) -> None:
        """Drop an entry."""
        self._drop(key)

    async def delete_tagged(self, tags: Tags) -> int:
        """Drop what has one of the tags, and remember it for fetches that are on their way."""
        self._moment += 1
        for tag in tags:
            self._invalidated[tag] = self._moment
            self._invalidated.move_to_end(tag)
        while len(self._invalidated) > TAGS_REMEMBERED:
            self._forgotten = self._invalidated.popitem(last=False)[1]
        keys = {key for tag in tags for key in self._tagged.get(tag, ())}
        for key in keys:
            self._drop(key)
        return len(keys)

    async def moment(self) -> int:
        """Return how many invalidations there have been."""
        return self._moment

    def _drop(self, key: str) -> None:
        kept = self._entries.pop(key, None)
        if kept is None:
            return
        _, tags, cost = kept
        self.size_bytes -= cost
        for tag in tags:
            self._tagged[tag].discard(key)
            if not self._tagged[tag]:
                del self._tagged[tag]


class FailOpenStore:
    """A store whose failures are counted and look like absence.

    A failed invalidation is not forgotten: until it succeeds nothing is read or kept, it might be outdated.
    """

    def __init__(self, store: CacheStore) -> None:
        self._store = store
        self._owed: Tags = frozenset()
        self.errors = 0

    async def get(self, key: str) -> Entry | None:
        """Return the entry, or None where the store fails or still owes an invalidation."""
        try:
            if self._owed and not await self._settled():
                return None
            return await self._store.get(key)
        except Exception:
            self.errors += 1
            return None

    async def put(self, key: str, entry: Entry, *, tags: Tags, as_of: int) -> bool:
        """Keep an entry if the store can."""
        try:
            return await self._settled() and await self._store.put(key, entry, tags=tags, as_of=as_of)
        except Exception:
            self.errors += 1
            return False

    async def delete(self, key: str) -> None:
        """Drop an entry if the store can."""
        try:
            await self._store.delete(key)
        except Exception:
            self.errors += 1

    async def delete_tagged(self, tags: Tags) -> int:
        """Drop what has the tags, now or before anything else is read."""
        self._owed |= tags
        try:
            owed, dropped = self._owed, await self._store.delete_tagged(self._owed)
        except Exception:
            self.errors += 1
            return 0
        self._owed -= owed
        return dropped

    async def moment(self) -> int:
        """Return the store's moment; a fetch that cannot have it will not be stored."""
        try:
            return await self._store.moment()
        except Exception:
            self.errors += 1
            return -1

    async def _settled(self) -> bool:
        if self._owed:
            await self.delete_tagged(frozenset())
        return not self._owed
