"""What this process keeps: bounded in bytes, the least recently used go first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from vcci.cache.entry import Entry

MOST_BYTES: Final = 64 * 2**20


class LRUCache:
    """Entries by key. `max_size` bounds their number as well, `max_bytes` what they cost in memory."""

    def __init__(self, max_size: int | None = None, *, max_bytes: int = MOST_BYTES) -> None:
        self.max_size = max_size
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self.evictions = 0
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Entry | None:
        """Return an entry, and count it as used."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Hashable, entry: Entry) -> None:
        """Keep an entry in the place of the least recently used ones; one that is too large is not kept."""
        self.drop(key)
        if entry.size_bytes > self.max_bytes:
            return
        self._entries[key] = entry
        self.size_bytes += entry.size_bytes
        while self.size_bytes > self.max_bytes or len(self) > (self.max_size or len(self)):
            _, gone = self._entries.popitem(last=False)
            self.size_bytes -= gone.size_bytes
            self.evictions += 1

    def drop(self, key: Hashable) -> None:
        """Forget an entry, if it is there."""
        gone = self._entries.pop(key, None)
        if gone is not None:
            self.size_bytes -= gone.size_bytes

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.size_bytes = 0
