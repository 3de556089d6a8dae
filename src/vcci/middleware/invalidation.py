"""What writes do to stored responses: RFC 9111 section 4.4, RFC 9875, and the calls of the service itself."""

from collections.abc import Iterable

from vcci.middleware.cache_key import EVERYTHING, Scope, affected_targets, group_tag, target_tag
from vcci.middleware.cache_store import CacheStore, Tags
from vcci.middleware.field_values import Headers
from vcci.middleware.http_caching import SAFE_METHODS
from vcci.middleware.structured_fields import groups


class CacheInvalidator:
    """Drops stored responses, in every partition, whatever their Vary."""

    def __init__(self, store: CacheStore) -> None:
        self._store = store

    async def invalidate_by_path(self, path: str) -> int:
        """Drop all responses to a path, with any query; return how many. The path is as clients send it."""
        return await self._store.delete_tagged(frozenset({f"path:{path}"}))

    async def invalidate_groups(self, names: Iterable[str], *, owner: str = "") -> int:
        """Drop responses, of an owner or of all, whose Cache-Groups has one of the names; return how many."""
        return await self._store.delete_tagged(frozenset(group_tag(name, owner=owner) for name in names))

    async def invalidate_all(self) -> int:
        """Drop everything, and what is on its way; return how many."""
        return await self._store.delete_tagged(frozenset({EVERYTHING}))


def invalidated_tags(scope: Scope, *, status: int, headers: Headers, owner: str = "") -> Tags:
    """Return what a response invalidates: nothing unless it answers an unsafe method without error."""
    if scope["method"] in SAFE_METHODS or not 200 <= status < 400:
        return frozenset()
    targets = {target_tag(target, owner=owner) for target in affected_targets(scope, headers)}
    named = groups(headers, b"cache-group-invalidation")
    return frozenset(targets | {group_tag(name, owner=owner) for name in named})
