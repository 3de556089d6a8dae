"""Lines that share a factor err together; different factors err independently."""

import math

import pytest

from vcci.engine.uncertainty import Share, monte_carlo, rounded, spread

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


def test_credits_beyond_the_purchases_have_an_interval_below_zero() -> None:
    found = spread([share("a", -100)])
    assert found.low_mg_co2e < -100 * TONNE < found.high_mg_co2e < 0


def test_draws_agree_with_the_formula() -> None:
    shares = [share(f"f{n}", n, 0.1 + n / 100) for n in range(1, 30)]
    drawn, worked_out = monte_carlo({"all": shares}, run_digest="r")["all"], spread(shares)
    assert drawn.low_mg_co2e == pytest.approx(worked_out.low_mg_co2e, rel=0.02)
    assert drawn.high_mg_co2e == pytest.approx(worked_out.high_mg_co2e, rel=0.02)


def test_another_run_draws_other_numbers_and_the_same_run_the_same() -> None:
    shares = [share("a", 1), share("b", 2)]
    first, again, other = (monte_carlo({"all": shares}, run_digest=d)["all"] for d in ("r", "r", "s"))
    assert first == again != other


def test_rounding_keeps_six_digits() -> None:
    assert (rounded(123_456_789.0), rounded(-0.4), rounded(0.0)) == (123_457_000, 0, 0)
