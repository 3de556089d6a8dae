"""Numbers are read exactly and written as plain decimals that read as the same float64."""

from fractions import Fraction

import pytest

from vcci.engine.numbers import MOST_DECIMALS, exact_number, plain_decimal, plain_text


@pytest.mark.parametrize("text", ["0", "-0", "7", "-7.5", "0.1", "9" * 18, "0." + "0" * 17 + "1"])
def test_a_plain_decimal_is_a_number(text: str) -> None:
    assert exact_number(text) == Fraction(text)
    assert plain_decimal(text) == float(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "+1", ".5", "5.", "1e3", "1,5", "1_000", "0x1", "1/2", "NaN", "inf", "1\n", "٣", "9" * 19],
)
def test_any_other_text_is_no_number(text: str) -> None:
    assert (exact_number(text), plain_decimal(text)) == (None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(100), "100"),
        (Fraction(1, 10), "0.1"),
        (Fraction(1, 3), "0.3333333333333333"),
        (Fraction(-7, 2), "-3.5"),
        (Fraction(1, 10**18), "0.000000000000000001"),
        (Fraction(10**22), "10000000000000000000000"),
        (Fraction(-(10**22)), "-10000000000000000000000"),
        (Fraction("2.50"), "2.5"),
    ],
)
def test_a_value_is_written_without_exponent_or_idle_zeros(value: Fraction, text: str) -> None:
    assert plain_text(value) == text


@pytest.mark.parametrize("value", [Fraction(1, 10**19), Fraction(1, 10**40), Fraction(4, 10**19)])
def test_what_is_finer_than_the_last_decimal_is_nothing(value: Fraction) -> None:
    assert plain_text(value) == "0"


def test_what_is_too_fine_is_rounded_to_the_last_decimal() -> None:
    written = plain_text(Fraction("0.1234567890123456789") / 1000)
    assert written == "0.000123456789012346"
    assert len(written.partition(".")[2]) == MOST_DECIMALS


@pytest.mark.parametrize("value", [Fraction("0.1") + Fraction("0.2"), Fraction(2, 3), Fraction(10**17 + 1)])
def test_what_is_written_reads_as_the_nearest_float(value: Fraction) -> None:
    assert plain_decimal(plain_text(value)) == float(value)


def test_exact_sums_are_written_as_a_person_would() -> None:
    assert plain_text(Fraction("0.1") + Fraction("0.2")) == "0.3"  # floats alone give 0.30000000000000004
