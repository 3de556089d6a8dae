"""Bars stand where their totals say, and keep what they lead to."""

from vcci.reports.bar_chart import BARS_FROM, BARS_WIDTH
from vcci.web.charts import Bar, bar_rows


def test_bars_keep_their_figures_and_links_in_order() -> None:
    drawn = bar_rows([Bar("Goods", 2**62, "/c/1"), Bar("Travel", 1)])
    assert [(row.bar.label, row.bar.href, row.y) for row in drawn.rows] == [
        ("Goods", "/c/1", 0),
        ("Travel", "", 30),
    ]
    assert drawn.total_mg == 2**62 + 1
    assert drawn.has_links


def test_a_bar_below_zero_ends_at_the_zero_line() -> None:
    goods, back = bar_rows([Bar("Goods", 300), Bar("Back", -100)]).rows
    assert (goods.x, goods.width) == (BARS_FROM + BARS_WIDTH / 4, BARS_WIDTH * 3 / 4)
    assert (back.x, back.width) == (BARS_FROM, BARS_WIDTH / 4)


def test_no_bars_and_bars_of_nothing_are_drawn_too() -> None:
    assert (bar_rows([]).rows, bar_rows([]).total_mg, bar_rows([]).height) == ((), 0, 0)
    assert [row.width for row in bar_rows([Bar("Goods", 0)]).rows] == [0.0]


def test_unseen_characters_of_a_label_are_written_out() -> None:
    (row,) = bar_rows([Bar("A\u202eB", 1)]).rows
    assert row.short == "A\\u202eB"
