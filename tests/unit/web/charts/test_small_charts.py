"""Sparklines and intervals: values where they belong, and gaps where there are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.web.charts import chart_id, interval_line, spark_line

MG = st.integers(-(2**62), 2**62)


def test_a_sparkline_goes_from_the_lowest_at_the_bottom_to_the_highest_at_the_top() -> None:
    (run,) = spark_line([0, 10, 5]).runs
    assert [(point.x, point.y) for point in run] == [(3, 21), (48, 3), (93, 12)]


def test_a_sparkline_is_broken_where_a_value_is_missing() -> None:
    drawn = spark_line([1, None, 2, 3, None])
    assert [[point.value for point in run] for run in drawn.runs] == [[1], [2, 3]]
    assert [point.x for point in drawn.points] == [3, 48, 70.5]


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_a_sparkline_of_nothing_has_no_points(values: list[int | None]) -> None:
    assert spark_line(values).points == ()


def test_equal_values_stand_in_the_middle() -> None:
    assert [point.y for point in spark_line([7, 7]).points] == [12, 12]
    assert [point.y for point in spark_line([-7]).points] == [12]


@given(st.lists(st.one_of(st.none(), MG), max_size=30))
def test_a_sparkline_stays_in_its_place_and_keeps_every_value(values: list[int | None]) -> None:
    points = spark_line(values).points
    assert [point.value for point in points] == [value for value in values if value is not None]
    assert all(3 <= point.x <= 93 and 3 <= point.y <= 21 for point in points)


def test_an_interval_stands_around_its_total_on_a_scale_from_zero() -> None:
    drawn = interval_line(50, 75, 100)
    assert (drawn.zero_x, drawn.low_x, drawn.total_x, drawn.high_x) == (6, 120, 177, 234)


@given(MG, MG, MG)
def test_an_interval_keeps_its_order(a: int, b: int, c: int) -> None:
    low, total, high = sorted((a, b, c))
    drawn = interval_line(low, total, high)
    assert drawn.low_x is not None
    assert drawn.high_x is not None
    assert 6 <= drawn.low_x <= drawn.total_x <= drawn.high_x <= 234


def test_a_total_without_an_interval_stands_alone() -> None:
    drawn = interval_line(None, -5, None)
    assert (drawn.low_x, drawn.high_x, drawn.total_x, drawn.zero_x) == (None, None, 6, 234)
    assert interval_line(0, 0, 0).total_x == 6


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="is none"):
        interval_line(2, 1, 1)


def test_drawings_of_other_content_have_other_names() -> None:
    assert chart_id("bars", "a", [1]) == chart_id("bars", "a", [1]) != chart_id("bars", "a", [2])
