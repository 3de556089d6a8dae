"""The cache's structured fields (RFC 9651): targeted control, groups, and the status it reports."""

from collections.abc import Mapping, Sequence
from typing import cast

import http_sf

from vcci.middleware.field_values import Headers, combined

Directives = dict[bytes, tuple[bytes | None, ...]]


def targeted_directives(headers: Headers, name: bytes) -> Directives | None:
    """Return the directives of a targeted field such as CDN-Cache-Control (RFC 9213 2.1).

    None where the field is absent, empty or no dictionary: Cache-Control and Expires then hold.
    """
    value = combined(headers, name)
    if value is None:
        return None
    try:
        parsed = cast("Mapping[str, object]", http_sf.parse(value, tltype="dictionary"))
    except (http_sf.StructuredFieldError, ValueError, RecursionError):
        return None
    found: Directives = {str(key).lower().encode(): (_argument(item),) for key, item in parsed.items()}
    return found or None


def _argument(member: object) -> bytes | None:
    """Return a member's bare value; `true` is a directive without one.

    A string keeps its quotes: seconds in a string are of the wrong type, and so none (RFC 9213 2.1).
    """
    bare = member[0] if isinstance(member, tuple) else member
    match bare:
        case True:
            return None
        case int():
            return str(bare).encode()
        case str():
            return f'"{bare}"'.encode("latin-1", "replace")
        case _:
            return b""


def groups(headers: Headers, name: bytes) -> frozenset[str]:
    """Return the strings of Cache-Groups or Cache-Group-Invalidation (RFC 9875), and nothing else in them."""
    value = combined(headers, name)
    if value is None:
        return frozenset()
    try:
        parsed = cast("Sequence[object]", http_sf.parse(value, tltype="list"))
    except (http_sf.StructuredFieldError, ValueError, RecursionError):
        return frozenset()
    bare = (member[0] if isinstance(member, tuple) else member for member in parsed)
    return frozenset(text for text in bare if type(text) is str)


def status_of_hit(cache: bytes, *, ttl_s: int) -> bytes:
    """Return Cache-Status of a response from the store (RFC 9211); a negative `ttl_s` is a stale one."""
    return b"%b; hit; ttl=%d" % (cache, ttl_s)


def status_of_forward(cache: bytes, reason: str, *, status: int | None = None, mark: str = "") -> bytes:
    """Return Cache-Status of a request that went to the application, with the reason of RFC 9211 2.2.

    `status` is the application's, where it is not that of the answer; `mark` is `stored` or `collapsed`.
    """
    told = f"; fwd={reason}" + (f"; fwd-status={status}" if status else "") + (f"; {mark}" if mark else "")
    return cache + told.encode()
