"""The league table: scores, trends and what is narrowed down."""

from datetime import date
from uuid import UUID

from vcci.engine.methods import is_primary
from vcci.services.drill import UNDATED, Narrowed, Sum
from vcci.services.league import NOTHING, Weight, primary_pairs, score_text, trends

ONE = UUID(int=1)


def test_score_is_the_mean_weighed_by_emissions_to_the_nearest_hundredth() -> None:
    weight = Weight(2, 40, 0, quality_mg=30, points_mg=80)
    assert (weight.quality, score_text(weight.quality)) == (267, "2.67")
    assert (weight + weight).quality == 267
    unknown = weight + Weight(1, 5, 0, 0, 0, untold_lines=1)
    assert (weight.primary, unknown.primary, unknown.quality) == (0, None, None)
    assert (NOTHING.quality, score_text(None)) == (None, "")


def test_trend_has_a_value_for_every_month_between_the_first_and_the_last() -> None:
    found = trends([date(2023, 11, 1), None, date(2024, 2, 1)], [(ONE, date(2024, 1, 1), 7)])
    assert found.periods == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert found.of[ONE] == [0, 0, 7, 0]


def test_trend_of_more_than_three_years_is_by_year() -> None:
    months = [(ONE, date(2021, 5, 1), 1), (ONE, date(2021, 6, 1), 2), (ONE, date(2024, 5, 1), 4)]
    found = trends((month for _, month, _ in months), months)
    assert found.as_json(ONE) == {"2021": 3, "2022": 0, "2023": 0, "2024": 4}
    assert trends([None], []).periods == ()


def test_primary_pairs_are_those_of_the_catalogue() -> None:
    assert (1, "supplier-specific") in primary_pairs()
    assert all(is_primary(*pair) for pair in primary_pairs())


def test_lines_are_narrowed_down_to_the_days_of_a_month_or_year_and_to_no_supplier() -> None:
    leap = Narrowed((), 3, (), "2024-02").line_filters()
    assert leap == {
        "category": 3, "without_supplier": True, "from_date": date(2024, 2, 1), "to_date": date(2024, 2, 29),
    }  # fmt: skip
    of_year = {"in_totals": True, "from_date": date(2024, 1, 1), "to_date": date(2024, 12, 31)}
    assert Narrowed((), year=2024).line_filters() == of_year
    assert Narrowed((), 3, (), "2024-02", 2024).line_filters() == leap
    assert Narrowed((), None, None, UNDATED).line_filters() == {"in_totals": True, "undated": True}


def test_what_is_left_of_a_sum_is_exact() -> None:
    assert Sum(5, 10).less([Sum(1, -3), Sum(2, 4)]) == Sum(2, 9)
