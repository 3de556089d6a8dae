from hypothesis import given
from hypothesis import strategies as st

from vcci.middleware.structured_fields import groups, status_of_forward, status_of_hit, targeted_directives


def test_groups_are_the_strings_of_the_list() -> None:
    assert groups(((b"cache-groups", b'"factors", token'), (b"cache-groups", b'"a b"')), b"cache-groups") == {
        "factors",
        "a b",
    }


def test_a_list_that_does_not_parse_names_no_group() -> None:
    assert groups(((b"cache-groups", b'"factors'),), b"cache-groups") == frozenset()


def test_cache_status_says_hit_or_why_it_was_forwarded() -> None:
    assert status_of_hit(b"vcci", ttl_s=-3) == b"vcci; hit; ttl=-3"
    assert status_of_forward(b"vcci", "stale", status=304) == b"vcci; fwd=stale; fwd-status=304"


@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_an_error(value: bytes) -> None:
    groups(((b"g", value),), b"g")
    targeted_directives(((b"t", value),), b"t")
