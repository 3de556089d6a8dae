"""Stored responses near, and behind them those that processes share."""

from typing import Final

from vcci.middleware.cache_entry import Entry
from vcci.middleware.cache_store import CacheStore, FailOpenStore, MemoryStore, Tags

OF_SHARED: Final = 2**64
"""A moment has that of the near store above this, and that of the shared one below; 0 is none."""


class TieredStore:
    """A `CacheStore` of this process over a shared one; while that fails, this process goes on alone.

    What is taken from the shared one is kept near only if nothing of it was invalidated meanwhile.
    """

    def __init__(self, near: MemoryStore, shared: CacheStore) -> None:
        self._near = near
        self._shared = FailOpenStore(shared)

    async def get(self, key: str) -> Entry | None:
        """Return the entry, from near if it is there."""
        entry = await self._near.get(key)
        if entry is None:
            moment = await self._near.moment()
            entry = await self._shared.get(key)
            if entry is not None:
                await self._near.put(key, entry, tags=entry.tags, as_of=moment)
        return entry

    async def put(self, key: str, entry: Entry, *, tags: Tags, as_of: int) -> bool:
        """Keep an entry in both, each by its own moment."""
        near_moment, shared_moment = divmod(as_of, OF_SHARED)
        is_kept = await self._near.put(key, entry, tags=tags, as_of=near_moment)
        if is_kept and shared_moment:
            await self._shared.put(key, entry, tags=tags, as_of=shared_moment)
        return is_kept

    async def delete(self, key: str) -> None:
        """Drop an entry from both."""
        await self._near.delete(key)
        await self._shared.delete(key)

    async def delete_tagged(self, tags: Tags) -> int:
        """Drop what has one of the tags from both; returns how many were near."""
        dropped = await self._near.delete_tagged(tags)
        await self._shared.delete_tagged(tags)
        return dropped

    async def moment(self) -> int:
        """Return the moments of both in one number."""
        near_moment = await self._near.moment()
        return near_moment * OF_SHARED + max(0, await self._shared.moment())
