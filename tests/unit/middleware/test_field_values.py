import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.middleware.field_values import GREATEST_DELTA_SECONDS, directives, http_date, members, seconds

NOV_1994 = 784_111_777


@pytest.mark.parametrize(
    "text",
    [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"],
)
def test_the_three_date_formats_of_http_are_one_time(text: bytes) -> None:
    assert http_date(text, now_s=1.8e9) == NOV_1994


@pytest.mark.parametrize(
    "text",
    [
        b"0",
        b"",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 94 08:49:37 GMT",
    ],
)
def test_what_is_no_date_of_http_is_none(text: bytes) -> None:
    assert http_date(text, now_s=1.8e9) is None


def test_two_digits_of_a_year_are_at_most_fifty_years_ahead() -> None:
    assert http_date(b"Thursday, 18-Aug-50 02:01:18 GMT", now_s=1.8e9) == 2_544_400_878
    assert (http_date(b"Thursday, 18-Aug-94 02:01:18 GMT", now_s=1.8e9) or 0) < NOV_1994


def test_a_comma_in_a_quoted_string_does_not_end_a_directive() -> None:
    found = directives(b'ext="max-age=1, no-store", Max-Age="60", no-cache="a, b", ,public')
    assert found == {
        b"ext": (b"max-age=1, no-store",),
        b"max-age": (b"60",),
        b"no-cache": (b"a, b",),
        b"public": (None,),
    }


def test_a_space_before_the_equals_sign_makes_it_no_directive() -> None:
    assert directives(b"max-age =60") == {}


@pytest.mark.parametrize(
    ("text", "known"), [(b"007", 7), (b"1.5", None), (b"-1", None), (b"9" * 400, GREATEST_DELTA_SECONDS)]
)
def test_delta_seconds_are_digits_and_nothing_else(text: bytes, known: int | None) -> None:
    assert seconds(text) == known


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    members(text)
    directives(text)
    http_date(text, now_s=1.8e9)
    seconds(text)
