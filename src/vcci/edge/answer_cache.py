"""The response cache of the API: whose answers are kept apart, and what drops them.

Answers are private to a tenant and a set of permissions. A write announces the groups that it makes outdated
in its own transaction, so one that is rolled back drops nothing, and one that commits drops them in every
process; in its own before its reply goes out. While it is not certain that all announcements were heard
(`cache.coherence`), nothing is taken from here: no answer is outdated for longer than that bound.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Scope

from vcci.cache.coherence import Coherence
from vcci.database.announcements import announcement_of
from vcci.domain.access import Permission, Principal
from vcci.edge.authentication import principal_in
from vcci.middleware.cache_key import Partition
from vcci.middleware.cache_store import CacheStore
from vcci.middleware.freshness import CacheStrategy
from vcci.middleware.http_caching import Audience
from vcci.middleware.response_cache import ResponseCacheMiddleware


@dataclass(slots=True)
class AnswerCache:
    """Wraps the routes in the response cache, and hears what is outdated."""

    app: ASGIApp
    coherence: Coherence
    store: InitVar[CacheStore | None] = None
    strategy: InitVar[CacheStrategy | str | None] = None
    middleware: ResponseCacheMiddleware = field(init=False)
    _partitions: dict[tuple[UUID, frozenset[Permission]], Partition] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self, store: CacheStore | None, strategy: CacheStrategy | str | None) -> None:
        """Put the middleware around the routes."""
        self.middleware = ResponseCacheMiddleware(
            self.app, default_strategy=strategy, key_for=self.partition, cache_prefix="vcci", store=store
        )

    async def outdated(self, tenant_id: UUID, groups: Iterable[str]) -> None:
        """Drop a tenant's answers of these groups."""
        await self.middleware.invalidator.invalidate_groups(groups, owner=tenant_id.hex)

    def heard(self, payload: str) -> None:
        """Take an announcement; it counts as heard once what it names is dropped."""
        task = asyncio.ensure_future(self._heard(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _heard(self, payload: str) -> None:
        said = announcement_of(payload)
        await self.outdated(said.tenant_id, said.groups)
        self.coherence.heard(said.number, str(said.tenant_id), said.groups)

    async def on_gap(self) -> None:
        """Drop everything: some announcements were missed."""
        await self.middleware.invalidator.invalidate_all()

    def partition(self, scope: Scope | Any) -> Partition | None:
        """Return whose answers a request may share; None where it has to be answered afresh."""
        principal = principal_in(scope)
        if principal is None or not self.coherence.is_current():
            return None
        return self._partition_of(principal)

    def _partition_of(self, principal: Principal) -> Partition:
        whose = principal.tenant_id, principal.permissions
        found = self._partitions.get(whose)
        if found is None:
            rights = "+".join(sorted(principal.permissions))
            owner = principal.tenant_id.hex
            found = self._partitions[whose] = Partition(f"{owner}/{rights}", Audience.PRINCIPAL, owner)
        return found
