"""Scores stand in their cells, each with the nearest of five steps."""

from itertools import pairwise

import pytest

from vcci.web.charts import SCORE_PATTERNS, heat_cells


@pytest.mark.parametrize(
    ("score", "step"), [(100, 1), (149, 1), (150, 2), (349, 3), (350, 4), (449, 4), (500, 5)]
)
def test_a_score_has_the_nearest_step(score: int, step: int) -> None:
    assert heat_cells(["time"], [("Goods", [score])]).rows[0].cells[0].step == step


def test_a_score_is_written_with_two_decimals_and_none_as_a_dash() -> None:
    (row,) = heat_cells(["time", "geography", "technology"], [("Goods", [205, None, 500])]).rows
    assert [(cell.text, cell.step) for cell in row.cells] == [("2.05", 2), ("–", 0), ("5.00", 5)]


def test_rows_without_any_score_and_maps_without_rows_are_drawn() -> None:
    (row,) = heat_cells(["time", "geography"], [("Goods", [None, None])]).rows
    assert [cell.step for cell in row.cells] == [0, 0]
    assert (heat_cells([], []).rows, heat_cells(["time"], []).height) == ((), 30)


@pytest.mark.parametrize("score", [0, 99, 501, -100])
def test_what_is_no_score_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="100 to 500"):
        heat_cells(["time"], [("Goods", [score])])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        heat_cells(["time", "geography"], [("Goods", [100])])


def test_cells_stand_side_by_side_and_many_columns_make_a_wider_map() -> None:
    few, many = heat_cells(["a"] * 5, [("Goods", [100] * 5)]), heat_cells(["a"] * 15, [("Goods", [100] * 15)])
    assert few.width == 760
    assert many.width == 264 + 15 * 64
    cells = many.rows[0].cells
    assert all(b.x - a.x == many.cell_width for a, b in pairwise(cells))


def test_each_step_has_a_pattern_of_its_own() -> None:
    assert len(set(SCORE_PATTERNS.values())) == len(SCORE_PATTERNS) == 6
