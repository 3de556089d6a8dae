import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.middleware.heads import DATE, DAY_BEFORE, HOUR_LATER, get, stored

from vcci.middleware.conditional import answer, byte_range, must_go_to_origin, validating_headers

KNOWN = stored(
    cache_control="max-age=60", etag='"a"', last_modified=DAY_BEFORE, date=DATE, content_length="10", x="1"
)


@pytest.mark.parametrize("tags", ['"a"', 'W/"a"', '"b", W/"a"', "*"])
def test_a_client_that_has_the_response_is_told_so(tags: str) -> None:
    made = answer(get(if_none_match=tags), KNOWN, 10)
    assert (made.status, made.stop) == (304, 0)
    assert {name for name, _ in made.headers} == {b"cache-control", b"etag", b"date"}


def test_an_entity_tag_goes_before_a_date() -> None:
    assert answer(get(if_none_match='"b"', if_modified_since=HOUR_LATER), KNOWN, 10).status == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [(DAY_BEFORE, 304), (HOUR_LATER, 304), (b"Sun, 12 Jul 2026 03:33:20 GMT", 200), (b"x", 200)],
)
def test_a_date_is_compared_with_the_last_modification(since: bytes, status: int) -> None:
    assert answer(get(if_modified_since=since), KNOWN, 10).status == status


def test_conditions_hold_for_successful_responses_only() -> None:
    missing = stored(status=404, cache_control="max-age=60", etag='"a"')
    assert answer(get(if_none_match='"a"'), missing, 10).status == 404


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        (b"bytes=0-1", (0, 2)),
        (b"bytes=8-", (8, 10)),
        (b"bytes=-3", (7, 10)),
        (b"bytes=-30", (0, 10)),
        (b"bytes=5-500", (5, 10)),
        (b"bytes=0-1,4-5", None),
        (b"bytes=3-2", None),
        (b"lines=1-2", None),
        (b"bytes=-", None),
    ],
)
def test_one_range_is_a_part_and_anything_else_the_whole(asked: bytes, span: tuple[int, int] | None) -> None:
    assert byte_range(asked, 10) == span


def test_a_part_says_where_it_belongs_and_one_past_the_end_is_refused() -> None:
    part, past = (answer(get(range=asked), KNOWN, 10) for asked in ("bytes=2-3", "bytes=10-"))
    assert (part.status, part.start, part.stop, dict(part.headers)[b"content-range"]) == (
        206,
        2,
        4,
        b"bytes 2-3/10",
    )
    assert (past.status, dict(past.headers)[b"content-range"]) == (416, b"bytes */10")


@pytest.mark.parametrize(
    ("condition", "status"), [('"a"', 206), ('W/"a"', 200), (DAY_BEFORE, 206), (DATE, 200)]
)
def test_a_range_of_another_version_is_answered_with_the_whole(condition: str | bytes, status: int) -> None:
    assert answer(get(range="bytes=0-1", if_range=condition), KNOWN, 10).status == status


def test_a_validation_asks_with_the_stored_validators_only() -> None:
    sent = validating_headers(get(if_none_match='"mine"', range="bytes=0-1", accept="x").headers, KNOWN)
    assert sent == ((b"accept", b"x"), (b"if-none-match", b'"a"'), (b"if-modified-since", DAY_BEFORE))


def test_a_request_with_a_body_or_a_precondition_of_the_origin_goes_there() -> None:
    assert must_go_to_origin(get(if_match='"a"'))
    assert must_go_to_origin(get(content_length="3"))
    assert not must_go_to_origin(get(content_length="0"))


@given(st.binary(max_size=40), st.integers(0, 100))
def test_a_range_lies_within_the_body(asked: bytes, length: int) -> None:
    span = byte_range(b"bytes=" + asked, length)
    assert span is None or (span[0] >= 0 and span[1] <= length)
