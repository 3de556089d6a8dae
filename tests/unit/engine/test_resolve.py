"""The resolver chooses factors, brings prices to their year, and says why when it cannot."""

from dataclasses import replace

import pytest
from tests.support.ledgers import calculator, factor

from vcci.domain.factor import OwnFactor, PriceBasis
from vcci.domain.selection import FactorKey, Multiplier, Unresolved

SOFTWARE = factor("541511", "0.084")


def resolve(key: FactorKey, *factors: object, **given: object) -> Multiplier | Unresolved:
    return calculator(*factors, **given).resolver.resolve(key)  # type: ignore[arg-type]


def test_prices_of_the_factor_year_are_not_deflated() -> None:
    answer = resolve(FactorKey(1, "naics2017:541511", "US", "USD", 2022), SOFTWARE)
    assert isinstance(answer, Multiplier)
    assert (answer.mg_co2e_per_unit, answer.notices) == (84_000.0, ())


def test_earlier_prices_are_brought_to_the_factor_year_by_the_industry_index() -> None:
    answer = resolve(FactorKey(1, "naics2017:541511", "US", "USD", 2015), SOFTWARE)
    assert isinstance(answer, Multiplier)
    assert answer.mg_co2e_per_unit == 92_400.0  # 0.084 x 104.5 / 95
    assert "prices of 2015 to 2022: 104.5 / 95 (industry index 5415)" in answer.steps


def test_past_the_industry_index_consumer_prices_carry_on_with_a_notice() -> None:
    answer = resolve(FactorKey(1, "naics2017:541511", "US", "USD", 2024), SOFTWARE)
    assert isinstance(answer, Multiplier)
    assert answer.notices == ("deflated_with_cpi",)
    assert answer.mg_co2e_per_unit == pytest.approx(84_000 * (304.702 / 313.689) * (104.5 / 110), rel=1e-15)


def test_missing_price_index_is_a_finding_not_a_guess() -> None:
    answer = resolve(FactorKey(1, "naics2017:541511", "US", "USD", 1995), SOFTWARE)
    assert isinstance(answer, Unresolved)
    assert answer.reason == "price_index_missing"


def test_a_factor_of_another_region_carries_a_notice() -> None:
    answer = resolve(FactorKey(1, "naics2017:541511", "GB", "USD", 2022), SOFTWARE)
    assert isinstance(answer, Multiplier)
    assert answer.notices == ("factor_of_other_region",)


def test_basic_prices_take_the_factor_for_basic_prices() -> None:
    basic = factor("541511", "0.05", price_basis=PriceBasis.BASIC)
    key = FactorKey(1, "naics2017:541511", "US", "USD", 2022, PriceBasis.BASIC)
    answer = resolve(key, SOFTWARE, basic)
    assert isinstance(answer, Multiplier)
    assert answer.factor_value == "0.05"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (FactorKey(1, "", "US", "USD", 2022), "commodity_unknown"),
        (FactorKey(1, "naics2017:999999", "US", "USD", 2022), "factor_not_found"),
        (FactorKey(17, "naics2017:541511", "US", "USD", 2022), "category_unknown"),
        (FactorKey(15, "naics2017:541511", "US", "USD", 2022), "method_missing"),
        (FactorKey(1, "naics2017:541511", "US", "ZZZ", 2022), "unit_unknown"),
        (FactorKey(1, "naics2017:541511", "US", "", 2022), "unit_missing"),
        (FactorKey(1, "naics2017:541511", "US", "kg", 2022), "unit_does_not_fit"),
        (FactorKey(1, "naics2017:541511", "US", "USD", None), "date_missing"),
        (
            FactorKey(1, "naics2017:541511", "US", "USD", 2022, gwp_set="AR6"),
            "gwp_not_available",
        ),
        (FactorKey(1, "own:nothing", "US", "USD", 2022), "factor_not_found"),
    ],
)
def test_what_cannot_be_answered_has_a_reason(key: FactorKey, reason: str) -> None:
    answer = resolve(key, SOFTWARE)
    assert isinstance(answer, Unresolved)
    assert answer.reason == reason


def test_the_callers_own_factor_goes_the_same_way() -> None:
    own = {"steel": OwnFactor("1.85", "t", "mill declaration 2023")}
    answer = resolve(FactorKey(1, "own:steel", "DE", "kg", 2023), own=own)
    assert isinstance(answer, Multiplier)
    assert (answer.mg_co2e_per_unit, answer.pack) == (1850.0, "mill declaration 2023")
    assert answer.notices == ("own_factor",)


def test_the_pack_named_first_wins() -> None:
    newer, older = factor("541511", "0.084"), factor("541511", "0.101", pack="older-pack")
    answer = resolve(FactorKey(1, "naics2017:541511", "US", "USD", 2022), older, newer)
    assert isinstance(answer, Multiplier)
    assert answer.pack == "older-pack"


def test_spend_on_waste_is_marked_as_outside_the_guidance() -> None:
    answer = resolve(FactorKey(5, "naics2017:541511", "US", "USD", 2022), SOFTWARE)
    assert isinstance(answer, Multiplier)
    assert answer.notices == ("method_outside_guidance",)


def test_commodity_of_several_price_indices_says_so_only_where_it_is_deflated() -> None:
    several = factor("541511", "0.125", has_several_price_indices=True)
    of_year = [resolve(FactorKey(1, "naics2017:541511", "US", "USD", year), several) for year in (2022, 2015)]
    assert [a.notices for a in of_year if isinstance(a, Multiplier)] == [(), ("deflator_of_first_industry",)]


def test_money_that_is_not_of_the_indices_currency_is_never_deflated_by_them() -> None:
    euros = replace(SOFTWARE, unit="EUR")
    assert isinstance(resolve(FactorKey(1, "naics2017:541511", "DE", "EUR", 2022), euros), Multiplier)
    other_year = resolve(FactorKey(1, "naics2017:541511", "DE", "EUR", 2015), euros)
    assert isinstance(other_year, Unresolved)
    assert other_year.reason == "price_index_missing"
