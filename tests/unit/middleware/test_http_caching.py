import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.middleware.heads import DATE, NOW_S, exchange, get, stored

from vcci.middleware.field_values import Headers
from vcci.middleware.freshness import STANDARD, CacheStrategy, Times
from vcci.middleware.http_caching import (
    Audience,
    Exchange,
    Request,
    Response,
    Use,
    decide_reuse,
    described,
    freshened,
    may_serve_instead_of_error,
    refusal_to_store,
)

NAMES = [
    b"cache-control",
    b"cdn-cache-control",
    b"expires",
    b"date",
    b"age",
    b"vary",
    b"etag",
    b"last-modified",
]
FIELDS: st.SearchStrategy[Headers] = st.lists(
    st.tuples(
        st.sampled_from([*NAMES, b"pragma", b"connection", b"cookie", b"x"]),
        st.binary(max_size=60) | st.sampled_from([b"max-age=9", b"private", b"no-cache", b"*", DATE, b'"a"']),
    ),
    max_size=8,
).map(tuple)


def any_exchange(request: Headers, response: Headers, audience: Audience = Audience.ANYONE) -> Exchange:
    head = Response(200, response)
    return Exchange(Request("GET", b"/", request), head, Times(NOW_S, NOW_S + 1), audience)


@pytest.mark.parametrize(
    ("cache_control", "refusal"),
    [
        ("max-age=60", None),
        ("no-store, max-age=60", "no-store"),
        ("private, max-age=60", "private"),
        ('private="set-cookie", max-age=60', None),
        ("no-cache", "no freshness"),
        ("max-age=0", "no freshness"),
        ("max-age=0, stale-if-error=60", None),
        ("max-age=60, no-store, must-understand", None),
    ],
)
def test_what_a_response_says_of_storing_is_done(cache_control: str, refusal: str | None) -> None:
    assert refusal_to_store(exchange(cache_control=cache_control), CacheStrategy()) == refusal


@pytest.mark.parametrize("credential", ["authorization", "cookie"])
@pytest.mark.parametrize(
    ("word", "refusal"), [("", "credentials"), (", public", None), (", must-revalidate", None)]
)
def test_an_answer_to_credentials_is_stored_only_if_it_says_so(
    credential: str, word: str, refusal: str | None
) -> None:
    given_ = exchange(get(**{credential: "secret"}), cache_control="max-age=60" + word)
    assert refusal_to_store(given_, CacheStrategy()) == refusal


def test_in_a_partition_of_equal_rights_an_answer_to_credentials_is_stored_but_a_private_one_is_not() -> None:
    request = get(authorization="secret")
    plain = exchange(request, cache_control="max-age=60", audience=Audience.SCOPE)
    private = exchange(request, cache_control="private, max-age=60", audience=Audience.SCOPE)
    assert refusal_to_store(plain, CacheStrategy()) is None
    assert refusal_to_store(private, CacheStrategy()) == "private"


def test_a_status_that_is_not_understood_is_not_stored_where_it_must_be() -> None:
    assert refusal_to_store(exchange(status=599, cache_control="max-age=60"), CacheStrategy()) is None
    unknown = exchange(status=599, cache_control="max-age=60, must-understand")
    assert refusal_to_store(unknown, CacheStrategy()) == "status"


def test_cookies_are_stored_only_where_the_strategy_says_so() -> None:
    found = exchange(cache_control="max-age=60", set_cookie="a=b")
    assert (refusal_to_store(found, CacheStrategy()), refusal_to_store(found, STANDARD)) == (
        "set-cookie",
        None,
    )


def test_a_targeted_field_names_fields_too() -> None:
    found = stored(a="1", b="2", cdn_cache_control='max-age=9, private="a, x"')
    assert [name for name, _ in found.headers] == [b"b", b"cdn-cache-control"]


def test_fields_of_the_connection_are_not_kept_nor_those_that_a_directive_names() -> None:
    found = stored(connection="a", a="1", b="2", c="3", age="5", cache_control='max-age=9, no-cache="b"')
    assert [name for name, _ in found.headers] == [b"c", b"cache-control"]


@pytest.mark.parametrize(
    ("cache_control", "later_s", "use"),
    [
        ("max-age=60", 59, Use.FRESH),
        ("max-age=60", 60, Use.VALIDATE),
        ("max-age=60, stale-while-revalidate=30", 89, Use.STALE_WHILE_REVALIDATE),
        ("max-age=60, stale-while-revalidate=30", 90, Use.VALIDATE),
        ("max-age=60, stale-while-revalidate=30, must-revalidate", 61, Use.VALIDATE),
        ("max-age=60, no-cache", 1, Use.VALIDATE),
    ],
)
def test_what_a_stored_response_is_good_for(cache_control: str, later_s: int, use: Use) -> None:
    found = stored(cache_control=cache_control)
    assert decide_reuse(get(), found, NOW_S + later_s, strategy=CacheStrategy()).use is use


@pytest.mark.parametrize(
    ("cache_control", "use"),
    [
        ("no-cache", Use.VALIDATE),
        ("max-age=5", Use.VALIDATE),
        ("min-fresh=55", Use.VALIDATE),
        ("min-fresh=40", Use.FRESH),
        ("max-stale", Use.FRESH),
    ],
)
def test_what_a_client_may_ask_for(cache_control: str, use: Use) -> None:
    found, request = stored(cache_control="max-age=60"), get(cache_control=cache_control)
    assert decide_reuse(request, found, NOW_S + 10, strategy=STANDARD).use is use
    assert decide_reuse(request, found, NOW_S + 10, strategy=CacheStrategy()).use is Use.FRESH


def test_a_client_that_takes_stale_responses_gets_them_within_its_limit() -> None:
    found, request = stored(cache_control="max-age=60"), get(cache_control="max-stale=30")
    assert decide_reuse(request, found, NOW_S + 90, strategy=STANDARD).use is Use.STALE
    assert decide_reuse(request, found, NOW_S + 91, strategy=STANDARD).use is Use.VALIDATE


def test_stale_stands_in_for_an_error_only_as_long_as_was_said() -> None:
    found = stored(CacheStrategy(), cache_control="max-age=60, stale-if-error=30")
    assert may_serve_instead_of_error(get(), found, NOW_S + 89)
    assert not may_serve_instead_of_error(get(), found, NOW_S + 90)
    strict = stored(cache_control="max-age=60, stale-if-error=30, must-revalidate")
    assert not may_serve_instead_of_error(get(), strict, NOW_S + 61, disconnected=True)


def test_a_304_updates_the_head_but_not_what_describes_the_body() -> None:
    found = stored(cache_control="max-age=1", etag='"a"', content_length="9", x="old")
    news = exchange(
        status=304, cache_control="max-age=60", etag='"a"', content_length="0", x="new", date=DATE
    )
    fresh = freshened(found, news, STANDARD)
    assert fresh is not None
    assert (fresh.lifetime_s, dict(fresh.headers)[b"x"]) == (60, b"new")
    assert dict(fresh.headers)[b"content-length"] == b"9"


def test_a_304_with_another_validator_is_about_another_response() -> None:
    found = stored(cache_control="max-age=1", etag='"a"')
    assert freshened(found, exchange(status=304, etag='"b"'), STANDARD) is None
    assert freshened(found, exchange(status=304, etag='W/"a"'), STANDARD) is not None


@given(FIELDS, FIELDS, st.integers(0, 10**6))
def test_any_header_bytes_are_decided_without_an_error(
    request: Headers, response: Headers, later_s: int
) -> None:
    given_ = any_exchange(request, response)
    refusal_to_store(given_, STANDARD)
    found = described(given_, STANDARD)
    decide_reuse(given_.request, found, NOW_S + later_s, strategy=STANDARD)
    may_serve_instead_of_error(given_.request, found, NOW_S + later_s, disconnected=True)
    freshened(found, given_, STANDARD)


@given(FIELDS, st.sampled_from([b"no-store", b"max-age=9, No-Store", b'x="a", no-store', b"public,no-store"]))
def test_no_store_is_never_stored(fields: Headers, control: bytes) -> None:
    others = tuple(field for field in fields if field[0] not in (b"cache-control", b"cdn-cache-control"))
    given_ = any_exchange((), (*others, (b"cache-control", control)))
    assert refusal_to_store(given_, STANDARD) is not None


@given(FIELDS, st.floats(-1e6, 1e9), st.floats(0, 1e6))
def test_age_is_never_negative_and_freshness_only_ends(fields: Headers, at_s: float, later_s: float) -> None:
    found = described(any_exchange((), fields), STANDARD)
    assert found.age_s(NOW_S + at_s) >= 0
    assert found.fresh_for_s(NOW_S + at_s) >= found.fresh_for_s(NOW_S + at_s + later_s)
