"""Scores are weighed by what is outstanding; shares of primary data by what they weigh."""

from fractions import Fraction

import pytest

from vcci.domain.quality import primary_data_share_percent, weighted_score


def test_score_of_a_portfolio_is_weighed_by_what_is_outstanding() -> None:
    assert weighted_score([("300", 1), ("100", 5)]) == 2


@pytest.mark.parametrize("portfolio", [[("1", 0)], [("1", 6)], [("0", 3)], []])
def test_scores_outside_one_to_five_and_empty_portfolios_are_refused(
    portfolio: list[tuple[str, int]],
) -> None:
    with pytest.raises(ValueError, match=r"score|outstanding"):
        weighted_score(portfolio)


def test_share_of_primary_data_is_exact() -> None:
    assert primary_data_share_percent([("1", True), ("2", False)]) == Fraction(100, 3)
    with pytest.raises(ValueError, match="nothing"):
        primary_data_share_percent([])
