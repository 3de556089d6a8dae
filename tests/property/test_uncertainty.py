"""What is drawn for a factor depends on run and factor alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vcci.engine.uncertainty import Share, monte_carlo, spread

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
@given(SHARES, st.randoms(use_true_random=False))
def test_order_of_the_shares_is_of_no_account(shares: list[Share], random: object) -> None:
    shuffled = sorted(shares, key=lambda share: (share.emissions_mg_co2e, share.factor_id))
    drawn = [monte_carlo({"t": one}, run_digest="r", draws=200)["t"] for one in (shares, shuffled)]
    assert drawn[0] == drawn[1]


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
    assert found.without_mg_co2e == sum(s.emissions_mg_co2e for s in shares if s.ln_sigma is None)
