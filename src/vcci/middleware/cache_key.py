"""Under what a response is kept: whose it is, its target, and the request fields that Vary names.

RFC 9111 sections 2 and 4.1. Keys are text, so that any store can have them; no credential is in them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from vcci.middleware.field_values import Headers, members, values_of
from vcci.middleware.http_caching import Audience

Scope = Mapping[str, Any]

UNORDERED_FIELDS: Final = frozenset({b"accept", b"accept-charset", b"accept-encoding", b"accept-language"})
"""Lists whose meaning is in their weights, not their order or case (RFC 9110 12.5)."""


EVERYTHING: Final = "everything"
"""The tag that all entries have."""

LONGEST_TARGET_BYTES: Final = 2048
"""Longer targets are not cached: made-up ones would fill what is remembered by key and by tag."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Who shares stored responses: a tenant with a set of rights, or one principal.

    `name` must differ wherever answers may differ by who asks; `audience` says how far it goes. What a write
    of one `owner` invalidates is what partitions of the same owner have; empty: what all have.
    """

    name: str
    audience: Audience = Audience.SCOPE
    owner: str = ""


EVERYONE: Final = Partition("", Audience.ANYONE)
"""The partition of whoever asks, where nothing of the asker is in the key."""

KeyFor = Callable[[Scope], Partition | None]
"""Gives a request's partition; None means that it is neither served from the cache nor stored."""


def everyone(_scope: Scope) -> Partition:
    """Put all requests in one partition: RFC 9111 3.5 keeps answers to credentials out, unless public."""
    return EVERYONE


def target_of(scope: Scope) -> bytes:
    """Return path and query as the client sent them."""
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path


def primary_key(partition: Partition, *, prefix: str, host: bytes, target: bytes) -> str:
    """Return the key of a target; the name's length goes before it, so no spelling makes two keys meet."""
    name = partition.name
    return f"{prefix}:{len(name)}:{name}://{(host + target).decode('latin-1')}"


def variant_key(primary: str, names: tuple[bytes, ...], headers: Headers) -> str:
    """Return the key of the variant that the request's fields select (9111 4.1)."""
    if not names:
        return primary
    digest = blake2b(digest_size=16)
    for name in names:
        value = normalised(name, values_of(headers, name))
        digest.update(b"%d:%b=%d:%b;" % (len(name), name, -1 if value is None else len(value), value or b""))
    return f"{primary}#{digest.hexdigest()}"


def normalised(name: bytes, lines: list[bytes]) -> bytes | None:
    """Return a field's value in one spelling: lines joined, no white space around commas; None if absent."""
    if not lines:
        return None
    parts = members(b",".join(lines))
    if name in UNORDERED_FIELDS:
        parts = sorted(b"".join(part.lower().split()) for part in parts)
    return b",".join(parts)


def tags_of(target: bytes, groups: frozenset[str] = frozenset(), *, owner: str = "") -> frozenset[str]:
    """Return what an entry can be found and dropped by: its target, its path and its groups (RFC 9875)."""
    path = target.decode("latin-1").partition("?")[0]
    named = {group_tag(name, owner=of) for name in groups for of in ("", owner)}
    return frozenset({EVERYTHING, target_tag(target, owner=owner), f"path:{path}", *named})


def target_tag(target: bytes, *, owner: str = "") -> str:
    """Return what an owner's entries for a target are dropped by."""
    return f"target:{owner}:{target.decode('latin-1')}"


def group_tag(name: str, *, owner: str = "") -> str:
    """Return what the entries of a group are dropped by, those of one owner or, without one, of all."""
    return f"group:{owner}:{name}"


def affected_targets(scope: Scope, headers: Headers) -> frozenset[bytes]:
    """Return what a successful unsafe request invalidates: its target, and Location's and Content-Location's.

    Another origin's targets are left alone (9111 section 4.4).
    """
    target = target_of(scope)
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    here = f"{scope.get('scheme', 'http')}://{host}{target.decode('latin-1')}"
    found = {target}
    for name in (b"location", b"content-location"):
        for value in values_of(headers, name):
            there = _same_origin_target(here, value.decode("latin-1"))
            found |= {there} if there else set()
    return frozenset(target for target in found if len(target) <= LONGEST_TARGET_BYTES)


def _same_origin_target(here: str, reference: str) -> bytes | None:
    try:
        own, other = urlsplit(here), urlsplit(urljoin(here, reference))
    except ValueError:
        return None
    if (own.scheme, own.netloc) != (other.scheme, other.netloc):
        return None
    target = (other.path or "/") + (f"?{other.query}" if other.query else "")
    return target.encode("latin-1", "replace")
