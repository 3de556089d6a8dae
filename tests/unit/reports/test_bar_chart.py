"""Bars stand where their totals say."""

from hypothesis import given
from hypothesis import strategies as st

from vcci.reports.bar_chart import BARS_FROM, BARS_WIDTH, Bar, bar_chart, shortened


def test_bars_share_a_scale_that_starts_at_zero() -> None:
    drawn = bar_chart([Bar("a", 400), Bar("b", 100)])
    assert [(bar.x, bar.width) for bar in drawn.bars] == [(264.0, 372.0), (264.0, 93.0)]
    assert drawn.zero_x == 264.0


def test_a_total_below_zero_ends_at_the_zero_line_from_the_left() -> None:
    drawn = bar_chart([Bar("purchases", 300), Bar("refunds", -100)])
    purchases, refunds = drawn.bars
    assert refunds.x + refunds.width == drawn.zero_x == purchases.x


def test_a_long_label_is_cut_with_an_ellipsis_and_kept_whole_beside() -> None:
    (bar,) = bar_chart([Bar("Upstream transportation and distribution services", 1)]).bars
    assert bar.short == "Upstream transportation and distrib…"
    assert bar.label == "Upstream transportation and distribution services"


def test_wide_characters_take_two_cells() -> None:
    assert shortened("株式会社日立製作所", cells=10) == "株式会社…"
    assert shortened("株式会社", cells=8) == "株式会社"


def test_no_bars_and_bars_of_nothing_are_charts_too() -> None:
    assert bar_chart([]).height == 0
    assert [bar.width for bar in bar_chart([Bar("a", 0)]).bars] == [0.0]


@given(st.lists(st.integers(-(2**62), 2**62)))
def test_no_bar_leaves_its_place(totals: list[int]) -> None:
    for bar in bar_chart([Bar("x", total) for total in totals]).bars:
        assert bar.x >= BARS_FROM
        assert bar.width >= 0
        assert bar.x + bar.width <= BARS_FROM + BARS_WIDTH + 0.2
