"""Entries as Redis keeps them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.cache.entry import MOST_BYTES, Entry, packed, unpacked, written
from vcci.errors import RemoteError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def entry(value: bytes = b'"x"', **other: object) -> Entry:
    told = {
        "number": 7,
        "groups": frozenset({"runs", "suppliers"}),
        "fresh_until_s": 1.5,
        "stale_until_s": 2.5,
    }
    return Entry(value, **{**told, "cost_s": 0.25, **other})  # type: ignore[arg-type]


@given(JSON, st.sampled_from([None, 0, 10]))
def test_a_value_comes_back_as_it_was_with_all_that_is_known_of_it(value: object, above: int | None) -> None:
    before = entry(written(value))
    after = unpacked(packed(before, compress_above_bytes=above))
    assert after == before
    assert after is not None
    assert orjson.loads(after.value) == value


def test_a_text_of_digits_comes_back_as_a_text() -> None:
    assert written("123") == b'"123"'


@pytest.mark.parametrize("value", [{1, 2}, float("inf"), {"n": [1.0, float("nan")]}])
def test_what_json_cannot_say_is_refused_when_it_is_kept(value: object) -> None:
    with pytest.raises(TypeError):
        written(value)


def test_large_values_are_smaller_when_they_are_compressed() -> None:
    large = entry(written(["the same text"] * 1_000))
    assert len(packed(large, compress_above_bytes=1_024)) < len(large.value) / 20


def test_another_format_is_no_entry() -> None:
    data = bytearray(packed(entry(), compress_above_bytes=None))
    data[8] = 99
    assert (unpacked(bytes(data)), unpacked(b"short")) == (None, None)


@pytest.mark.parametrize("cut", [1, 5])
def test_a_damaged_value_is_refused(cut: int) -> None:
    data = packed(entry(written("x" * 5_000)), compress_above_bytes=10)
    with pytest.raises(RemoteError, match="damaged"):
        unpacked(data[:-cut])


def test_a_value_that_unpacks_to_too_much_is_refused() -> None:
    data = packed(entry(b"0" * (MOST_BYTES + 1)), compress_above_bytes=10)
    assert len(data) < 500_000
    with pytest.raises(RemoteError, match="too much"):
        unpacked(data)


def test_entries_of_higher_numbers_sort_after_those_of_lower_ones() -> None:
    heads = [packed(entry(number=n), compress_above_bytes=None)[:8] for n in (0, 1, 255, 256, 2**40, 2**60)]
    assert heads == sorted(heads)
