"""A bridge adds up to the milligram at every step, or is not drawn."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.reports.bar_chart import BARS_FROM, BARS_WIDTH
from vcci.web.charts import Step, bridge_rows

MG = st.integers(-(2**62), 2**62)


@given(MG, st.lists(MG, max_size=12))
def test_each_step_begins_where_the_last_one_ended_and_the_sum_is_the_end(
    start: int, changes: list[int]
) -> None:
    end = start + sum(changes)
    rows = bridge_rows(start, [Step("x", mg) for mg in changes], end).rows
    assert [row.to_mg for row in rows[:-1]] == [row.from_mg for row in rows[1:-1]] + [end]
    assert rows[0].to_mg + sum(row.to_mg - row.from_mg for row in rows[1:-1]) == rows[-1].to_mg == end
    assert all(row.to_mg - row.from_mg == row.step.mg for row in rows)


@given(MG, st.lists(MG, max_size=12))
def test_no_bar_leaves_its_place_and_joints_meet(start: int, changes: list[int]) -> None:
    rows = bridge_rows(start, [Step("x", mg) for mg in changes], start + sum(changes)).rows
    assert all(row.width >= 0 and row.x >= BARS_FROM for row in rows)
    assert all(row.x + row.width <= BARS_FROM + BARS_WIDTH + 0.2 for row in rows)
    for row, after in pairwise(rows):
        edges = (after.x, after.x + after.width)
        assert min(abs(row.joint_x - edge) for edge in edges) < 0.11


def test_a_bridge_that_does_not_add_up_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="1 mg lack"):
        bridge_rows(100, [Step("volume", 20)], 121)


def test_rows_say_what_they_are_without_colour() -> None:
    drawn = bridge_rows(
        Step("2023", 100), [Step("more", 50), Step("none", 0), Step("less", -150)], Step("2024", 0)
    )
    assert [row.kind for row in drawn.rows] == ["total", "up", "level", "down", "total"]
    assert [row.step.label for row in drawn.rows] == ["2023", "more", "none", "less", "2024"]


def test_a_bridge_below_zero_crosses_the_zero_line() -> None:
    first, step, last = bridge_rows(-100, [Step("more", 200)], 100).rows
    middle = BARS_FROM + BARS_WIDTH / 2
    assert (first.x, first.x + first.width) == (BARS_FROM, middle)
    assert (step.x, step.width) == (BARS_FROM, BARS_WIDTH)
    assert (last.x, last.x + last.width) == (middle, BARS_FROM + BARS_WIDTH)


def test_a_bridge_of_nothing_is_drawn() -> None:
    drawn = bridge_rows(0, [], 0)
    assert [(row.step.label, row.width) for row in drawn.rows] == [("Before", 0.0), ("After", 0.0)]
