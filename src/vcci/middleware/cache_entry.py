"""What a store holds: bytes, that any store can keep, and the ready view that answers without parsing."""

import json
from dataclasses import asdict
from typing import Any, Final

from vcci.middleware.field_values import Headers
from vcci.middleware.http_caching import Stored
from vcci.middleware.structured_fields import status_of_hit

VARY_SETS_KEPT: Final = 4
"""How many different Vary fields of one target are looked up, newest first; the rest would be chance."""

HEAD_COST: Final = 5
"""What a byte of the head costs in memory once it has been read: measured 4.2 on heads of 4 to 30 fields."""

FORMAT: Final = 1
"""Raised when the head's layout changes, so that an older process's entries are read as absent."""


class Entry:
    """A stored response, or under a target that varies the lists of names to select by, as two byte strings.

    `head` is JSON, `body` is the encoded body. What they say is read once and kept beside them. A store that
    others share says by which tags an entry of theirs is dropped.
    """

    __slots__ = ("_view", "body", "head", "tags")

    def __init__(self, head: bytes, body: bytes, tags: frozenset[str] = frozenset()) -> None:
        self.head = head
        self.body = body
        self.tags = tags
        self._view: View | VarySets | None = None

    @property
    def size_bytes(self) -> int:
        """Return what the entry counts for in a bounded store, its view included."""
        return HEAD_COST * len(self.head) + len(self.body)

    @property
    def view(self) -> "View | VarySets | None":
        """Return the entry as read; None if another version of the format wrote it."""
        if self._view is None:
            self._view = _read(self.head, self.body)
        return self._view


class View:
    """A stored response ready to be sent: its head of this second is made once, not for each request.

    A `plain` one may be sent without another thought until `stale_from_s`.
    """

    __slots__ = ("_head_fields", "_second", "body", "plain", "stale_from_s", "status", "stored")

    def __init__(self, stored: Stored, body: bytes) -> None:
        self.stored = stored
        self.body = body
        self.status = stored.status
        self.plain = not stored.must_validate and stored.lifetime_s > stored.initial_age_s
        self.stale_from_s = stored.received_s - stored.initial_age_s + stored.lifetime_s
        self._second = -1
        self._head_fields: list[tuple[bytes, bytes]] = []

    def head_fields(self, now_s: float, cache: bytes) -> list[tuple[bytes, bytes]]:
        """Return the fields of a hit, with Age and Cache-Status, in a list that others may change."""
        second = int(now_s)
        if second != self._second:
            self._head_fields = hit_fields(self.stored, self.stored.headers, now_s=now_s, cache=cache)
            self._second = second
        return self._head_fields.copy()


class VarySets(tuple[tuple[bytes, ...], ...]):
    """The lists of names that a target's responses vary by, newest first."""

    __slots__ = ()

    def with_newest(self, names: tuple[bytes, ...]) -> "VarySets":
        """Return the lists with one at the front."""
        return VarySets((names, *(known for known in self if known != names))[:VARY_SETS_KEPT])


def hit_fields(stored: Stored, headers: Headers, *, now_s: float, cache: bytes) -> list[tuple[bytes, bytes]]:
    """Return the fields of an answer from the store, with Age (9111 5.1) and Cache-Status (9211)."""
    age_s = int(stored.age_s(now_s))
    status = status_of_hit(cache, ttl_s=stored.lifetime_s - age_s)
    return [*headers, (b"age", b"%d" % age_s), (b"cache-status", status)]


def stored_entry(stored: Stored, body: bytes) -> Entry:
    """Return a response as an entry."""
    fields = {name: _as_text(value) for name, value in asdict(stored).items()}
    return Entry(json.dumps({"format": FORMAT, "stored": fields}).encode(), body)


def vary_entry(names: VarySets) -> Entry:
    """Return the entry that says by what a target's responses are selected."""
    return Entry(json.dumps({"format": FORMAT, "vary": _as_text(tuple(names))}).encode(), b"")


def _read(head: bytes, body: bytes) -> View | VarySets | None:
    try:
        read = json.loads(head)
        if read["format"] != FORMAT:
            return None
        if "vary" in read:
            return VarySets(_as_bytes(read["vary"]))
        return View(_stored_of(read["stored"]), body)
    except (ValueError, KeyError, TypeError):
        return None


def _stored_of(fields: dict[str, Any]) -> Stored:
    bytes_fields = {name: _as_bytes(fields[name]) for name in ("headers", "etag", "last_modified", "vary")}
    return Stored(**{**fields, **bytes_fields})


def _as_text(value: Any) -> Any:
    """Return bytes as text of the same code points, in tuples too, for JSON."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return [_as_text(part) for part in value] if isinstance(value, tuple) else value


def _as_bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("latin-1")
    return tuple(_as_bytes(part) for part in value) if isinstance(value, list) else value
