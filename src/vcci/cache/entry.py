"""A value as it is kept: its bytes, when it ends, and what it was known to be current with."""

import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from vcci.errors import RemoteError

FORMAT: Final = 1
HEAD: Final = struct.Struct(">QBBdddH")
"""Number, format, flags, fresh until, stale until, cost of loading in seconds, length of the groups."""

COMPRESSED = 1
MOST_BYTES: Final = 64 * 2**20
"""A value that unpacks to more is refused."""

OVERHEAD_BYTES: Final = 400
"""What an entry costs in memory beside its texts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in JSON; null says that there is no such value. Times are in seconds since 1970.

    `number` is that of the newest announcement when its loading began; see `coherence`.
    """

    value: bytes
    number: int
    groups: frozenset[str]
    fresh_until_s: float
    stale_until_s: float
    cost_s: float

    @property
    def size_bytes(self) -> int:
        """What it costs in memory, in bytes."""
        return len(self.value) + OVERHEAD_BYTES


def written(value: Any) -> bytes:
    """Return a value in JSON; raises `TypeError` for what JSON cannot say: it would come back changed."""
    encoded = orjson.dumps(value)
    if b"null" in encoded and not _is_finite(value):
        raise TypeError("JSON has no infinite numbers, and no NaN")
    return encoded


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return all(map(_is_finite, value)) if isinstance(value, list | tuple) else True


def packed(entry: Entry, *, compress_above_bytes: int | None) -> bytes:
    """Return an entry as Redis keeps it."""
    body, flags = entry.value, 0
    if compress_above_bytes is not None and len(body) > compress_above_bytes:
        body, flags = zlib.compress(body, 1), COMPRESSED
    groups = "\n".join(sorted(entry.groups)).encode()
    times = (entry.fresh_until_s, entry.stale_until_s, entry.cost_s)
    return HEAD.pack(entry.number, FORMAT, flags, *times, len(groups)) + groups + body


def unpacked(data: bytes) -> Entry | None:
    """Return the entry of what Redis has kept; None for another format. Raises `RemoteError` if damaged."""
    if len(data) < HEAD.size or data[8] != FORMAT:
        return None
    number, _, flags, fresh, stale, cost, length = HEAD.unpack_from(data)
    start = HEAD.size + length
    groups = frozenset(_names(data[HEAD.size : start]))
    body = _inflated(data[start:]) if flags & COMPRESSED else data[start:]
    return Entry(body, number, groups, fresh, stale, cost)


def _names(groups: bytes) -> Iterable[str]:
    return filter(None, groups.decode().split("\n"))


def _inflated(body: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(body, MOST_BYTES)
        is_whole = reader.eof
    except zlib.error:
        is_whole = False
    if not is_whole:
        raise RemoteError(
            "A compressed value in the cache is damaged, or unpacks to too much.",
            remedy="It is loaded anew; if this goes on, see who else writes to this Redis.",
            code="cache_value_damaged",
        )
    return found
