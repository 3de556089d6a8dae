"""Lines that share a factor err together; different factors err independently."""

import math

import pytest

from vcci.engine.uncertainty import Share, Spread, monte_carlo, rounded, spread

TONNE = 10**9


def share(factor: str, tonnes: float, ln_sigma: float | None = 0.2) -> Share:
    return Share(factor, round(tonnes * TONNE), ln_sigma)


def width(*shares: Share) -> float:
    found = spread(shares)
    return (found.high_mg_co2e - found.low_mg_co2e) / TONNE


def test_interval_of_one_factor_is_that_of_its_lognormal() -> None:
    found = spread([share("a", 100)])
    assert found.low_mg_co2e / TONNE == pytest.approx(100 / math.exp(1.96 * 0.2), rel=1e-4)
    assert found.high_mg_co2e / TONNE == pytest.approx(100 * math.exp(1.96 * 0.2), rel=1e-4)
    assert found.mean_mg_co2e / TONNE == pytest.approx(100 * math.exp(0.02), rel=1e-5)


def test_splitting_a_line_changes_nothing_while_two_factors_cancel_out_in_part() -> None:
    whole, split = width(share("a", 100)), width(share("a", 60), share("a", 40))
    apart = width(share("a", 60), share("b", 40))
    assert split == pytest.approx(whole)
    assert apart < 0.8 * whole


def test_part_without_known_uncertainty_stands_in_the_interval_as_it_is() -> None:
    found = spread([share("a", 100), share("own:x", 50, None)])
    assert found.without_mg_co2e == 50 * TONNE
    alone = spread([share("a", 100)]).low_mg_co2e
    assert found.low_mg_co2e == pytest.approx(alone + 50 * TONNE, rel=1e-5)


def test_nothing_known_is_no_interval_at_all() -> None:
    found = spread([share("own:x", 50, None)])
    assert found.low_mg_co2e == found.high_mg_co2e == 50 * TONNE


def test_interval_of_a_credit_is_that_of_the_purchase_below_zero() -> None:
    credit, purchase = spread([share("a", -100)]), spread([share("a", 100)])
    assert (credit.low_mg_co2e, credit.high_mg_co2e) == (-purchase.high_mg_co2e, -purchase.low_mg_co2e)


def test_credits_under_another_factor_do_not_take_its_uncertainty_away() -> None:
    bought, returned = share("a", 100), share("b", -80)
    assert width(bought, returned) > width(bought)
    assert spread([bought, returned]).low_mg_co2e < 0


@pytest.mark.parametrize(
    "shares",
    [
        [share(f"f{n}", n, 0.1 + n / 100) for n in range(1, 30)],
        [share("a", 100, 0.1), share("a", 100, 0.4)],
        [share("a", 100, 0.4), *(share(f"f{n}", 1) for n in range(50))],
        [share("a", 100), share("b", -80)],
        [share("a", 100), share("a", -60), share("b", -30, 0.3)],
    ],
    ids=["many factors", "one factor, two sigmas", "one outweighs", "credits", "credits of the same factor"],
)
def test_formula_agrees_with_the_draws_within_two_percent_of_the_width(shares: list[Share]) -> None:
    drawn = monte_carlo({"all": shares}, run_digest="r", draws=100_000)["all"]
    near = 0.02 * (drawn.high_mg_co2e - drawn.low_mg_co2e)
    found = spread(shares)
    assert found.low_mg_co2e == pytest.approx(drawn.low_mg_co2e, abs=near)
    assert found.high_mg_co2e == pytest.approx(drawn.high_mg_co2e, abs=near)


def test_draws_stay_what_they_were_when_runs_were_published() -> None:
    shares = [share("a", 100), share("b", 50, 0.4), share("own:x", 7, None)]
    assert monte_carlo({"all": shares}, run_digest="r")["all"] == Spread(
        112_765_000_000, 232_028_000_000, 163_157_000_000, 7_000_000_000
    )


def test_another_run_draws_other_numbers_and_the_same_run_the_same() -> None:
    shares = [share("a", 1), share("b", 2)]
    first, again, other = (monte_carlo({"all": shares}, run_digest=d)["all"] for d in ("r", "r", "s"))
    assert first == again != other


def test_rounding_keeps_six_digits() -> None:
    assert (rounded(123_456_789.0), rounded(-0.4), rounded(0.0)) == (123_457_000, 0, 0)
