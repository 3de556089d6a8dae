import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.middleware.heads import headers, stored

from vcci.middleware.cache_entry import Entry, VarySets, View, stored_entry, vary_entry
from vcci.middleware.cache_store import ENTRY_OVERHEAD_BYTES, FailOpenStore, MemoryStore

NO_TAGS: frozenset[str] = frozenset()
TAG = frozenset({"path:/a"})


class DownStore(MemoryStore):
    down = True

    async def get(self, key: str) -> Entry | None:
        if self.down:
            raise ConnectionError
        return await super().get(key)

    async def delete_tagged(self, tags: frozenset[str]) -> int:
        if self.down:
            raise ConnectionError
        return await super().delete_tagged(tags)


async def test_the_least_recently_used_entry_goes_first() -> None:
    store = MemoryStore(max_bytes=3 * (ENTRY_OVERHEAD_BYTES + 110))
    for key in "abc":
        await store.put(key, Entry(b"", b"x" * 100), tags=NO_TAGS, as_of=0)
    await store.get("a")
    await store.put("d", Entry(b"", b"x" * 100), tags=NO_TAGS, as_of=0)
    assert [await store.get(key) is not None for key in "abcd"] == [True, False, True, True]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3000)), max_size=40))
async def test_the_store_keeps_within_its_bytes(puts: list[tuple[str, int]]) -> None:
    store = MemoryStore(max_bytes=6000)
    for key, size in puts:
        await store.put(key, Entry(b"", b"x" * size), tags=frozenset({key}), as_of=0)
        assert store.size_bytes <= 6000
    await store.delete_tagged(frozenset("abcdef"))
    assert (len(store), store.size_bytes) == (0, 0)


@pytest.mark.parametrize("fields", [1, 30])
async def test_an_entry_counts_for_at_least_the_memory_that_it_takes(fields: int) -> None:
    many = headers(cache_control="max-age=60", **{f"field_{number}": "value" * 6 for number in range(fields)})
    store, head = MemoryStore(), replace(stored(cache_control="max-age=60"), headers=many)
    tracemalloc.start()
    for number in range(300):
        entry = Entry(stored_entry(replace(head, etag=b'"%d"' % number), b"").head, bytes(500))
        assert isinstance(entry.view, View)
        entry.view.head_fields(2e9, b"vcci")
        await store.put(f"vcci:0:://host/{number}", entry, tags=frozenset({f"a{number}", "b"}), as_of=0)
    taken_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * store.size_bytes < taken_bytes < store.size_bytes


async def test_what_was_read_before_an_invalidation_is_not_stored_after_it() -> None:
    store = MemoryStore()
    before = await store.moment()
    await store.delete_tagged(TAG)
    assert not await store.put("k", Entry(b"", b"old"), tags=TAG, as_of=before)
    assert await store.put("k", Entry(b"", b"new"), tags=TAG, as_of=await store.moment())


async def test_a_failed_invalidation_is_made_up_for_before_anything_is_read() -> None:
    down = DownStore()
    store = FailOpenStore(down)
    await store.put("k", Entry(b"", b"old"), tags=TAG, as_of=0)
    await store.delete_tagged(TAG)
    assert await store.get("k") is None
    down.down = False
    assert (await store.get("k"), len(down)) == (None, 0)
    assert store.errors == 2


def test_an_entry_is_bytes_and_reads_back_as_it_was() -> None:
    found = stored(cache_control="max-age=60", etag=b'"\xfc"', vary="accept", x=b"\xff")
    written = stored_entry(found, b"body")
    read = Entry(written.head, written.body).view
    assert isinstance(read, View)
    assert (read.stored, read.body) == (found, b"body")


def test_an_entry_of_another_format_is_read_as_absent() -> None:
    assert Entry(b'{"format": 0}', b"").view is None
    assert Entry(b"\xff", b"").view is None


def test_the_newest_of_four_vary_fields_is_looked_up_first() -> None:
    names = VarySets()
    for name in (b"a", b"b", b"c", b"d", b"e", b"c"):
        names = names.with_newest((name,))
    assert vary_entry(names).view == ((b"c",), (b"e",), (b"d",), (b"b",))
