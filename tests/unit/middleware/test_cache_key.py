import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.middleware.heads import get

from vcci.middleware.cache_key import Partition, affected_targets, primary_key, variant_key

HOST = [(b"host", b"api.example")]
SCOPE = {"type": "http", "scheme": "https", "path": "/runs/7", "query_string": b"", "headers": HOST}
NAME = st.text(max_size=12)
TARGET = st.binary(max_size=12)


@given(NAME, NAME, TARGET, TARGET)
def test_two_partitions_never_meet_in_a_key(one: str, other: str, here: bytes, there: bytes) -> None:
    keys = [
        primary_key(Partition(name), prefix="p", host=b"h", target=b"/" + target)
        for name, target in ((one, here), (other, there))
    ]
    assert (keys[0] == keys[1]) == ((one, here) == (other, there))


def test_a_host_that_spells_like_a_key_does_not_reach_another_partition() -> None:
    inner = primary_key(Partition("a"), prefix="p", host=b"b://c", target=b"/")
    outer = primary_key(Partition("a://b"), prefix="p", host=b"c", target=b"/")
    assert inner != outer


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"accept": "a, b"}, {"accept": "B,a"}, True),
        ({"foo": "1,2"}, {"foo": " 1, 2 "}, True),
        ({"foo": "a"}, {"foo": "A"}, False),
        ({"foo": ""}, {}, False),
    ],
)
def test_a_variant_is_selected_by_what_a_field_means(
    one: dict[str, str], other: dict[str, str], *, same: bool
) -> None:
    names = (b"accept", b"foo")
    keys = {variant_key("k", names, get(**fields).headers) for fields in (one, other)}
    assert len(keys) == (1 if same else 2)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        (b"/runs/8", b"/runs/8"),
        (b"8", b"/runs/8"),
        (b"https://api.example/x?y", b"/x?y"),
        (b"https://other/x", None),
    ],
)
def test_a_write_affects_what_it_points_to_on_its_own_origin(location: bytes, found: bytes | None) -> None:
    targets = affected_targets(SCOPE, ((b"location", location),))
    assert targets == {b"/runs/7", *([found] if found else [])}


@given(st.binary(max_size=40))
def test_any_location_is_read_without_an_error(location: bytes) -> None:
    assert b"/runs/7" in affected_targets(SCOPE, ((b"location", location),))
