"""What a store of responses must do: the same for the one in memory and the one over a real Valkey."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from tests.support.valkey import running_valkey
from tests.unit.middleware.heads import stored

from vcci.middleware.cache_entry import Entry, VarySets, stored_entry, vary_entry
from vcci.middleware.cache_store import CacheStore, MemoryStore
from vcci.middleware.redis_store import RedisStore

A, B = frozenset({"group::a"}), frozenset({"group::b"})
ENTRY = stored_entry(stored(cache_control="max-age=60"), b"the body")


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest_asyncio.fixture(params=["memory", "valkey"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[CacheStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    async with Redis.from_url(request.getfixturevalue("valkey")) as client:
        await client.flushall()
        yield RedisStore(client, prefix="test")


def told(entry: Entry | None) -> Any:
    return None if entry is None else (entry.head, entry.body)


async def test_what_was_put_is_got_byte_for_byte(store: CacheStore) -> None:
    assert await store.put("key", ENTRY, tags=A, as_of=await store.moment())
    assert told(await store.get("key")) == told(ENTRY)
    assert await store.get("another") is None


async def test_lists_of_names_that_vary_are_kept_too(store: CacheStore) -> None:
    names = vary_entry(VarySets(((b"accept",),)))
    await store.put("key", names, tags=A, as_of=await store.moment())
    assert told(await store.get("key")) == told(names)


async def test_tag_drops_its_entries_and_no_others(store: CacheStore) -> None:
    for key, tags in (("one", A), ("two", A | B), ("three", B)):
        await store.put(key, ENTRY, tags=tags, as_of=await store.moment())
    assert await store.delete_tagged(A) == 2
    assert [await store.get(key) is not None for key in ("one", "two", "three")] == [False, False, True]


async def test_fetch_that_began_before_an_invalidation_is_not_kept(store: CacheStore) -> None:
    before = await store.moment()
    await store.delete_tagged(A)
    assert not await store.put("late", ENTRY, tags=A, as_of=before)
    assert await store.put("other", ENTRY, tags=B, as_of=before)
    assert await store.put("later", ENTRY, tags=A, as_of=await store.moment())


async def test_deleted_entry_is_gone(store: CacheStore) -> None:
    await store.put("key", ENTRY, tags=A, as_of=await store.moment())
    await store.delete("key")
    assert await store.get("key") is None


async def test_shared_entries_end_by_themselves(valkey: str) -> None:
    async with Redis.from_url(valkey) as client:
        await client.flushall()
        store = RedisStore(client, prefix="test")
        await store.put("key", ENTRY, tags=A, as_of=await store.moment())
        left_ms = [await client.pttl(key) for key in await client.keys()]
    assert len(left_ms) == 2
    assert all(0 < ms <= 1_000 * (60 + 86_400) for ms in left_ms)
