"""One process of the check: it reads through the cache, writes past it, and tells both with their times.

    python -m tests.coherence.node '{"seed": 1, ...}'

Every value is a version number. Times are of the machine's monotonic clock, which all processes share.
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from tests.coherence import faults

from vcci.cache.coherence import Coherence
from vcci.cache.config import CacheConfig
from vcci.cache.keeping_current import check
from vcci.cache.memory import LRUCache
from vcci.cache.redis import RedisCache
from vcci.database.announcements import (
    OUTDATED,
    DatabaseAuthority,
    announce_outdated,
    announcement_of,
)
from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.notifications import listening
from vcci.database.pool_options import PoolOptions
from vcci.database.tenants import Role
from vcci.errors import VcciError

READERS, WRITERS = 4, 1
KINDS = {"checked": CacheConfig(ttl=4.0, prefix="checked", early=0.2, stale=30.0, soft_timeout=0.2)}
READ = "SELECT version FROM coherence_truth WHERE tenant_id = $1 AND key = $2"
WRITE = "UPDATE coherence_truth SET version = version + 1 WHERE tenant_id = $1 AND key = $2 RETURNING version"


@dataclass
class Node:
    """The process."""

    told: dict[str, Any]
    pool: ConnectionPool
    cache: Any
    coherence: Coherence
    chooser: Random
    log: list[tuple[Any, ...]] = field(default_factory=list)

    async def read(self) -> None:
        """Read one value and note what came, or that nothing did."""
        owner, key = self.chosen()
        began_s = monotonic()
        try:
            version = await self.cache.get_or_set(
                cache_type="checked",
                key=key,
                fetcher=lambda: self._load(owner, key),
                owner=owner,
                groups=[group_of(key)],
            )
        except (VcciError, OSError):
            self.log.append(("failed", owner, key, None, began_s, monotonic()))
            return
        self.log.append(("read", owner, key, version, began_s, monotonic()))

    async def write(self) -> None:
        """Make the next version of a value, and announce it in the same transaction."""
        owner, key = self.chosen()
        tenant_id = UUID(owner)
        with suppress(VcciError):
            async with self.pool.transaction(tenant_id, role=Role.LOADER) as tx:
                version = await tx.fetchval(WRITE, tenant_id, key)
                said = await announce_outdated(tx, tenant_id, [group_of(key)])
            self.log.append(("write", owner, key, version, monotonic(), monotonic()))
            if said is not None:
                self.coherence.heard(said.number, owner, said.groups)

    async def _load(self, owner: str, key: str) -> int:
        tenant_id, chance = UUID(owner), self.chooser.random()
        async with self.pool.transaction(tenant_id) as tx:
            version: int = await tx.fetchval(READ, tenant_id, key)
            self.log.append(("load", owner, key, version, monotonic(), monotonic()))
        if chance < self.told["slow_loads"]:
            await asyncio.sleep(self.chooser.uniform(0.5, 4.0) * self.coherence.bound_s)
        elif chance < 0.5:
            await asyncio.sleep(self.chooser.uniform(0, 0.02))
        if self.chooser.random() < self.told["failing_loads"]:
            raise OSError("the truth could not be read")
        return version

    def chosen(self) -> tuple[str, str]:
        """Return an owner and a key at random."""
        return self.chooser.choice(self.told["owners"]), self.chooser.choice(self.told["keys"])

    async def go_on(self, what: Any, *, pause_s: tuple[float, float]) -> None:
        """Do something again and again until the end."""
        while monotonic() < self.told["ends_s"]:
            await what()
            await asyncio.sleep(self.chooser.uniform(*pause_s))


def group_of(key: str) -> str:
    """Return the group that a key is of: two keys each."""
    return f"group {int(key) // 2}"


class Channel:
    """Hands on what is heard, some of it late, twice, or not at all."""

    def __init__(self, told: dict[str, Any], coherence: Coherence) -> None:
        self._told = told
        self._coherence = coherence
        self._chooser = Random(told["seed"] * 7919 + 1)

    def heard(self, payload: str) -> None:
        """Take a message of PostgreSQL."""
        loop, chance = asyncio.get_running_loop(), self._chooser.random()
        dropped, doubled, delayed = self._told["messages"]
        if chance < dropped:
            return
        if chance < dropped + doubled:
            loop.call_soon(self._deliver, payload)
        if chance > 1 - delayed:
            loop.call_later(self._chooser.uniform(0, 2 * self._coherence.bound_s), self._deliver, payload)
            return
        self._deliver(payload)

    def _deliver(self, payload: str) -> None:
        said = announcement_of(payload)
        self._coherence.heard(said.number, str(said.tenant_id), said.groups)


async def keep(coherence: Coherence, authority: Any, *, beat_s: float) -> None:
    """Keep current as the service does, at a faster beat."""
    while True:
        await check(coherence, authority)
        await asyncio.sleep(beat_s)


async def run(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Read and write until the end; returns what was read and written."""
    parts = faults.parts(told["planted"])
    coherence: Coherence = parts.coherence(bound_s=told["bound_s"])
    client = Redis.from_url(told["redis"])
    async with opened_pool(told["database"], PoolOptions(size=6)) as pool:
        authority = DatabaseAuthority(pool)
        shared = RedisCache(client, prefix="checked")
        cache = parts.cache(LRUCache(), shared, KINDS, authority=authority, coherence=coherence)
        node = Node(told, pool, cache, coherence, Random(told["seed"]))
        channel = Channel(told, coherence)

        async def begun() -> None:
            await check(coherence, authority)

        async with listening(told["database"], {OUTDATED: channel.heard}, on_gap=begun) as notifications:
            authority.notifications = notifications
            keeping = asyncio.create_task(keep(coherence, authority, beat_s=told["bound_s"] / 4))
            works = [node.go_on(node.read, pause_s=(0, 0.01)) for _ in range(READERS)]
            pause_s = (0.01, told["write_pause_s"])
            works += [node.go_on(node.write, pause_s=pause_s) for _ in range(WRITERS)]
            await asyncio.gather(*works)
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await cache.aclose()
    with suppress(Exception):
        await client.aclose()
    return node.log


def main() -> None:
    """Run, and print what was read and written as JSON."""
    sys.stdout.write(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
