"""What is drawn for a factor depends on run and factor alone."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vcci.engine.uncertainty import Z_95, Share, monte_carlo, spread

SHARES = st.lists(
    st.builds(
        Share,
        st.sampled_from(["a", "b", "c", "own:x"]),
        st.integers(0, 10**15),
        st.sampled_from([None, 0.05, 0.2, 0.4]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(SHARES.flatmap(lambda shares: st.tuples(st.just(shares), st.permutations(shares))))
def test_order_of_the_shares_is_of_no_account(orders: tuple[list[Share], list[Share]]) -> None:
    first, second = (monte_carlo({"t": one}, run_digest="r", draws=200)["t"] for one in orders)
    assert first == second
    first, second = (spread(one) for one in orders)
    assert first == second


@settings(max_examples=40)
@given(SHARES, st.integers(2, 5))
def test_splitting_lines_is_of_no_account(shares: list[Share], pieces: int) -> None:
    split = [
        replace(share, emissions_mg_co2e=(share.emissions_mg_co2e + piece) // pieces)
        for share in shares
        for piece in range(pieces)
    ]
    drawn = [monte_carlo({"t": one}, run_digest="r", draws=200)["t"] for one in (shares, split)]
    assert drawn[0] == drawn[1]
    assert spread(shares) == spread(split)


@settings(max_examples=40)
@given(SHARES, SHARES)
def test_other_totals_beside_it_do_not_change_a_total(shares: list[Share], others: list[Share]) -> None:
    alone = monte_carlo({"t": shares}, run_digest="r", draws=200)["t"]
    beside = monte_carlo({"s": others, "t": shares}, run_digest="r", draws=200)["t"]
    assert alone == beside


@given(SHARES)
def test_interval_holds_the_figure_of_the_ledger(shares: list[Share]) -> None:
    found, total = spread(shares), sum(share.emissions_mg_co2e for share in shares)
    assert found.low_mg_co2e <= total * 1.00001 + 1
    assert total * 0.99999 - 1 <= found.high_mg_co2e
    assert found.low_mg_co2e >= 0
    assert found.without_mg_co2e == sum(s.emissions_mg_co2e for s in shares if s.ln_sigma is None)


@given(SHARES)
def test_interval_of_credits_mirrors_that_of_purchases(shares: list[Share]) -> None:
    credits_only = [replace(share, emissions_mg_co2e=-share.emissions_mg_co2e) for share in shares]
    found, mirrored = spread(shares), spread(credits_only)
    assert (mirrored.low_mg_co2e, mirrored.high_mg_co2e) == (-found.high_mg_co2e, -found.low_mg_co2e)


@given(st.sampled_from([0.01, 0.2, 0.7]), st.integers(10**9, 10**15))
def test_interval_of_one_factor_is_exact(ln_sigma: float, mg_co2e: int) -> None:
    found = spread([Share("a", mg_co2e, ln_sigma)])
    assert found.high_mg_co2e == pytest.approx(mg_co2e * math.exp(Z_95 * ln_sigma), rel=1e-5)
    assert found.low_mg_co2e == pytest.approx(mg_co2e / math.exp(Z_95 * ln_sigma), rel=1e-5)
