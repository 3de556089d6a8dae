import pytest
from tests.unit.middleware.heads import DATE, DAY_BEFORE, HOUR_LATER, NOW_S, stored

from vcci.middleware.freshness import CacheStrategy


@pytest.mark.parametrize(
    ("cache_control", "lifetime_s"),
    [
        ("max-age=60", 60),
        ("max-age=60, s-maxage=10", 10),
        ("s-maxage=600, max-age=0", 600),
        ("max-age=60, max-age=60", 60),
        ("max-age=60, max-age=70", 0),
        ("max-age=sixty", 0),
    ],
)
def test_cache_control_says_how_long_a_response_is_fresh(cache_control: str, lifetime_s: int) -> None:
    assert stored(cache_control=cache_control).lifetime_s == lifetime_s


def test_max_age_goes_before_expires() -> None:
    assert stored(cache_control="max-age=60", expires=HOUR_LATER, date=DATE).lifetime_s == 60
    assert stored(expires=HOUR_LATER, date=DATE).lifetime_s == 3600


@pytest.mark.parametrize("expires", ["0", "-1", "Tue, 14 Jul 2026", "\xff"])
def test_malformed_expires_is_stale(expires: str) -> None:
    assert stored(expires=expires, date=DATE, last_modified=DAY_BEFORE).lifetime_s == 0


def test_a_targeted_field_goes_before_cache_control() -> None:
    found = stored(cdn_cache_control="max-age=600", cache_control="no-cache, max-age=5", expires="0")
    assert (found.lifetime_s, found.must_validate) == (600, False)


def test_seconds_of_the_wrong_type_in_a_targeted_field_are_stale() -> None:
    assert stored(cdn_cache_control='max-age="600"', cache_control="max-age=5").lifetime_s == 0


def test_a_targeted_field_that_is_no_dictionary_is_passed_over() -> None:
    assert stored(cdn_cache_control="max-age=", cache_control="max-age=5").lifetime_s == 5


def test_a_tenth_of_the_time_since_the_last_change_counts_as_fresh_where_that_is_allowed() -> None:
    assert stored(date=DATE, last_modified=DAY_BEFORE).lifetime_s == 8640
    assert stored(CacheStrategy(), date=DATE, last_modified=DAY_BEFORE).lifetime_s == 0


def test_age_is_what_upstream_says_or_what_date_shows_whichever_is_more() -> None:
    assert stored(age="30", date=DATE).age_s(NOW_S + 5) == 35
    assert stored(age="30", date=DAY_BEFORE).age_s(NOW_S) == 86_400


@pytest.mark.parametrize(("age", "counted_s"), [("7, 9", 7), ("abc", 0), ("-5", 0), ("1.5", 0)])
def test_the_first_age_counts_and_a_malformed_one_does_not(age: str, counted_s: int) -> None:
    assert stored(age=age, date=DATE).initial_age_s == counted_s
