"""Money is brought to the factor's currency by the published rate of its date."""

from tests.support.ledgers import calculator

from vcci.domain.selection import PARITY, Rate, Unresolved

EXCHANGE = calculator().exchange


def test_a_rate_is_the_ratio_of_two_published_rates_rounded_once() -> None:
    assert EXCHANGE.rate("GBP", "2022-03-01", to="USD") == Rate(1.1162 / 0.8335, "2022-03-01")


def test_a_weekend_takes_the_last_business_day_and_says_so() -> None:
    answer = EXCHANGE.rate("EUR", "2022-03-06", to="USD")
    assert answer == Rate(1.0929, "2022-03-04", ("rate_of_earlier_day",))


def test_the_same_currency_needs_neither_rate_nor_date() -> None:
    assert EXCHANGE.rate("USD", "", to="USD") == PARITY


def test_a_physical_unit_has_the_rate_one_on_any_date() -> None:
    assert EXCHANGE.rate("kWh", "2031-01-01", to="") == PARITY


def test_a_day_far_from_any_rate_is_a_finding() -> None:
    answer = EXCHANGE.rate("GBP", "2031-01-01", to="USD")
    assert isinstance(answer, Unresolved)
    assert answer.reason == "date_outside_rates"


def test_an_impossible_date_is_a_finding_for_every_unit() -> None:
    reasons = [EXCHANGE.rate(unit, "2022-02-30", to="USD") for unit in ("GBP", "USD", "kWh")]
    assert {a.reason for a in reasons if isinstance(a, Unresolved)} == {"date_not_a_date"}


def test_a_missing_date_is_a_finding_where_a_rate_is_needed() -> None:
    answer = EXCHANGE.rate("GBP", "", to="USD")
    assert isinstance(answer, Unresolved)
    assert answer.reason == "date_missing"
