"""Numbers in the style that a person chose, exact to the last digit."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.display import exact_tonnes
from vcci.web.formats import SEPARATORS, EmissionUnit, Format, Numbers

MG = 1_234_567_890_123_456
KILOGRAMS = Format(unit=EmissionUnit.KILOGRAMS)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        (Numbers.ENGLISH, "1,234,567.890"),
        (Numbers.GERMAN, "1.234.567,890"),
        (Numbers.FRENCH, "1\u202f234\u202f567,890"),
        (Numbers.SWISS, "1’234’567.890"),
        (Numbers.INDIAN, "12,34,567.890"),
    ],
)
def test_tonnes_are_shown_to_the_kilogram_in_each_style(numbers: Numbers, shown: str) -> None:
    assert Format(numbers).emissions(MG) == shown


def test_kilograms_are_shown_to_the_gram() -> None:
    assert KILOGRAMS.emissions(1_234_567_890) == "1,234.568"
    assert KILOGRAMS.exact(-1_234_567_890) == "-1,234.567890"


def test_interval_is_of_three_digits_in_the_unit() -> None:
    assert Format().interval(41_234_000_000_000, 68_301_000_000_000) == "41,234 to 68,301"
    assert KILOGRAMS.interval(1_234_000, 2_345_000) == "1.23 to 2.35"
    assert Format().interval(None, 1) == ""


def test_moments_are_told_in_utc_and_none_is_told_as_nothing() -> None:
    assert Format().moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02 03:04 UTC"
    assert Format().moment(None) == ""


@given(st.integers(-(10**18), 10**18), st.sampled_from(Numbers))
def test_exact_tonnes_are_the_same_number_in_every_style(mg: int, numbers: Numbers) -> None:
    group, mark = SEPARATORS[numbers]
    assert Format(numbers).exact(mg).replace(group, "").replace(mark, ".") == exact_tonnes(mg)
