"""Kept answers: whose they are, and that a write is seen by the next read, in every process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio
from tests.support.waiting import until

from vcci.cache.coherence import Coherence
from vcci.database.announcements import OUTDATED, DatabaseAuthority, announce_outdated
from vcci.database.connection_pool import opened_pool
from vcci.database.connections import connected
from vcci.database.tenants import Role as DatabaseRole
from vcci.database.tenants import tenant_transaction
from vcci.domain.access import Permission, Principal, Role
from vcci.edge.answer_cache import AnswerCache
from vcci.middleware.cache_store import MemoryStore
from vcci.runtime.value_cache import hearing

OURS, THEIRS = UUID(int=1), UUID(int=2)
KEEP = "ON CONFLICT DO NOTHING"


class Numbers:
    """An application whose every answer has the next number, and may be kept by who asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        headers = [(b"cache-control", b"private, max-age=60"), (b"cache-groups", b'"numbers"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": str(self.asked).encode()})


async def get(cache: AnswerCache, tenant: UUID = OURS, rights: tuple[Permission, ...] = ()) -> str:
    principal = Principal(tenant, UUID(int=9), Role.ADMIN, frozenset(rights))
    scope = {"type": "http", "method": "GET", "path": "/n", "raw_path": b"/n", "query_string": b""}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asked = scope | {"headers": [], "state": {"principal": principal}, "scheme": "http"}
    await cache.middleware(asked, receive, send)
    return b"".join(message.get("body", b"") for message in sent).decode()


@asynccontextmanager
async def process(url: str) -> AsyncIterator[AnswerCache]:
    """A cache as a worker has it, listening."""
    coherence = Coherence()
    cache = AnswerCache(Numbers(), coherence)
    async with (
        opened_pool(url) as pool,
        hearing(
            url,
            {OUTDATED: cache.heard},
            DatabaseAuthority(pool),
            coherence=coherence,
            on_gap=cache.on_gap,
        ),
    ):
        await until(coherence.is_current)
        yield cache
        await cache.middleware.aclose()


@pytest_asyncio.fixture
async def two(url: str) -> AsyncIterator[tuple[AnswerCache, AnswerCache]]:
    async with AsyncExitStack() as stack:
        yield tuple([await stack.enter_async_context(process(url)) for _ in range(2)])  # type: ignore[misc]


def kept(cache: AnswerCache) -> int:
    store = cache.middleware._shelf.store._store
    assert isinstance(store, MemoryStore)
    return len(store)


class RolledBackError(Exception):
    """Ends a transaction without effect."""


async def announce(url: str, *, commits: bool = True, tenant: UUID = OURS) -> None:
    async with connected(url) as connection:
        await connection.execute(f"INSERT INTO vcci.tenants VALUES ('{tenant}', '{tenant}', '') {KEEP}")
        with suppress(RolledBackError):
            async with tenant_transaction(connection, tenant_id=tenant, role=DatabaseRole.LOADER) as tx:
                await announce_outdated(tx, tenant, ["numbers"])
                if not commits:
                    raise RolledBackError


async def test_answer_is_kept_for_its_tenant_and_rights_only(two: tuple[AnswerCache, AnswerCache]) -> None:
    cache = two[0]
    assert [await get(cache), await get(cache)] == ["1", "1"]
    assert await get(cache, THEIRS) == "2"
    assert await get(cache, rights=(Permission.READ,)) == "3"


async def test_committed_write_drops_answers_in_every_process(
    url: str, two: tuple[AnswerCache, AnswerCache]
) -> None:
    assert [await get(cache) for cache in two] == ["1", "1"]
    await announce(url, commits=True)
    await until(lambda: [kept(cache) for cache in two] == [0, 0])
    assert [await get(cache) for cache in two] == ["2", "2"]


async def test_write_that_is_rolled_back_drops_nothing(
    url: str, two: tuple[AnswerCache, AnswerCache]
) -> None:
    assert await get(two[0], THEIRS) == "1"
    assert await get(two[0]) == "2"
    await announce(url, commits=False)
    await announce(url, tenant=THEIRS)  # arrives after what was rolled back
    await until(lambda: kept(two[0]) == 1)
    assert await get(two[0]) == "2"


async def test_nothing_is_taken_from_the_cache_while_announcements_are_missed(
    url: str, two: tuple[AnswerCache, AnswerCache]
) -> None:
    cache = two[0]
    assert await get(cache) == "1"
    await cut(url)
    cache.coherence.current_until_s = 0.0  # the bound has passed
    assert await get(cache) == "2"
    await announce(url)
    await until(cache.coherence.is_current)
    assert [await get(cache), await get(cache)] == ["3", "3"]


async def cut(url: str) -> None:
    """End every other connection to the database."""
    async with connected(url) as connection:
        ours: list[asyncpg.Record] = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert ours
