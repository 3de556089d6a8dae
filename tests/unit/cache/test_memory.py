"""The near layer is bounded in bytes."""

from hypothesis import given
from hypothesis import strategies as st

from vcci.cache.entry import OVERHEAD_BYTES, Entry
from vcci.cache.memory import LRUCache


def entry(size: int = 100) -> Entry:
    return Entry(b"x" * size, 0, frozenset(), 0.0, 0.0, 0.0)


def test_the_least_recently_used_goes_first() -> None:
    cache = LRUCache(max_bytes=3 * (100 + OVERHEAD_BYTES))
    for key in "abc":
        cache.put(key, entry())
    cache.get("a")
    cache.put("d", entry())
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]
    assert cache.evictions == 1


def test_a_value_larger_than_the_cache_is_not_kept_and_drives_nothing_out() -> None:
    cache = LRUCache(max_bytes=2_000)
    cache.put("small", entry())
    cache.put("large", entry(5_000))
    assert (cache.get("large"), len(cache)) == (None, 1)


def test_a_number_of_entries_bounds_it_as_well() -> None:
    cache = LRUCache(max_size=2)
    for key in "abc":
        cache.put(key, entry())
    assert [key for key in "abc" if cache.get(key)] == ["b", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 900), st.booleans())))
def test_its_size_is_what_its_entries_cost_and_never_above_the_bound(
    steps: list[tuple[str, int, bool]],
) -> None:
    cache, kept = LRUCache(max_bytes=3_000), "abcdef"
    for key, size, is_put in steps:
        if is_put:
            cache.put(key, entry(size))
        else:
            cache.drop(key)
        found = [cache.get(one) for one in kept]
        assert cache.size_bytes == sum(one.size_bytes for one in found if one) <= 3_000
