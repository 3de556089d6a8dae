"""Scores are 1 to 5 and weighed by what is outstanding; shares of primary data by what they weigh."""

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from vcci.domain.quality import (
    DataQuality,
    Gsd,
    GsdSquared,
    primary_data_share_percent,
    score_of_geography,
    weighted_score,
)


@pytest.mark.parametrize("score", [0, -1, 6])
def test_a_score_that_no_table_has_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        DataQuality(technology=score)


@pytest.mark.parametrize("combine", [operator.add, operator.mul, operator.lt])
def test_a_deviation_and_a_squared_one_cannot_be_combined(combine: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError):
        combine(Gsd(1.2), GsdSquared(1.44))


def test_the_type_checker_refuses_to_mix_them_too() -> None:
    with pytest.raises(TypeError):
        Gsd(1.2) + GsdSquared(1.44)  # type: ignore[operator]
    assert Gsd(1.2) != GsdSquared(1.2)  # type: ignore[comparison-overlap]


def test_average_of_the_world_is_of_a_larger_area_and_that_of_a_continent_is_not_known_to_be() -> None:
    assert [score_of_geography(region, "KE") for region in ("World", "Africa")] == [2, 5]


def test_score_of_a_portfolio_is_weighed_by_what_is_outstanding() -> None:
    assert weighted_score([("300", 1), ("100", 5)]) == 2


@pytest.mark.parametrize("portfolio", [[("1", 0)], [("1", 6)], [("0", 3)], [("300", 1), ("-299", 5)], []])
def test_scores_outside_one_to_five_and_portfolios_that_weigh_nothing_or_less_are_refused(
    portfolio: list[tuple[str, int]],
) -> None:
    with pytest.raises(ValueError, match=r"score|outstanding|below zero"):
        weighted_score(portfolio)


def test_share_of_primary_data_is_exact() -> None:
    assert primary_data_share_percent([("1", True), ("2", False)]) == Fraction(100, 3)
    with pytest.raises(ValueError, match="nothing"):
        primary_data_share_percent([])


def test_share_of_primary_data_is_never_more_than_all() -> None:
    with pytest.raises(ValueError, match="below zero"):
        primary_data_share_percent([("3", True), ("-1", False)])
