"""Dates with one reading are read; those with two are asked about, by the whole column's evidence."""

import random

import pytest

from vcci.domain.mapping import DateOrder
from vcci.intake.dates import ALL_ORDERS, decide_order, period_end, read_date

DMY, MDY, ISO = DateOrder.DMY, DateOrder.MDY, DateOrder.ISO

CLEAR = {
    "2025-03-04": "2025-03-04",
    "2025-3-4": "2025-03-04",
    "2025/03/04": "2025-03-04",
    "20250304": "2025-03-04",
    "2025-W10-2": "2025-03-04",
    "45720": "2025-03-04",
    "04.03.2025": "2025-03-04",
    "4. 3. 25": "2025-03-04",
    "4 Mar 25": "2025-03-04",
    "04-Mar-2025": "2025-03-04",
    "4th March 2025": "2025-03-04",
    "March 4, 2025": "2025-03-04",
    "Mar. 4 2025": "2025-03-04",
    "2025 Mar 4": "2025-03-04",
    "4. März 2025": "2025-03-04",
    "4 de marzo de 2025": "2025-03-04",
    "1er août 2025": "2025-08-01",
    "04MAR2025": "2025-03-04",
    "29/02/2024": "2024-02-29",
    "02/29/2024": "2024-02-29",
    "03/03/2025": "2025-03-03",
    "2025-03-04T23:30:00": "2025-03-04",
    "2025-03-04 23:30:00.123Z": "2025-03-04",
    "2025-03-04T00:00:00+00:00": "2025-03-04",
    "29/02/2024 00:00": "2024-02-29",
    "٢٠٢٥-٠٣-٠٤": "2025-03-04",
    "1 Jan 70": "1970-01-01",
    "1 Jan 69": "2069-01-01",
}
NEVER = """2025-02-30|31/02/2025|29.02.2025|2025-13-01|2025-W54-1|2025-03-04T23:30:00-08:00|20251301|12345
99999|4572|457201|00:00:00|3-Jan|Mar 25|Foo 4, 2025|1850-01-01|3000-01-01|0025-03-04|n/a|04/03|04/03-2025
2025-03-04 x""".replace("\n", "|").split("|")


@pytest.mark.parametrize("text", CLEAR)
def test_date_with_one_reading_needs_no_order(text: str) -> None:
    assert read_date(text, ALL_ORDERS) == CLEAR[text]


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("order", DateOrder)
def test_impossible_or_shifted_dates_are_no_dates(text: str, order: DateOrder) -> None:
    assert read_date(text, frozenset((order,))) == ""


@pytest.mark.parametrize("text", ["04/03/2025", "04-03-2025", "4/3/25"])
def test_date_with_two_readings_is_read_by_the_order_and_not_without(text: str) -> None:
    assert read_date(text, ALL_ORDERS) == ""
    assert read_date(text, frozenset((DMY,))) == "2025-03-04"
    assert read_date(text, frozenset((MDY,))) == "2025-04-03"


def test_dots_are_day_first_under_every_order() -> None:
    assert {read_date("04.03.2025", frozenset((order,))) for order in DateOrder} == {"2025-03-04"}


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["04/03/2025", "25/03/2025"], DMY),
        (["3/4/2025", "03/25/2025"], MDY),
        (["04/03/2025 00:00", "25/03/2025"], DMY),
        (["04/03/2025", "25/03/2025", "n/a", "31/02/2025", ""], DMY),
        (["04/03/25", "25/12/99"], DMY),
        (["03/03/2025", "04/04/2025"], None),
        (["2025-03-04", "4 Mar 25"], None),
        ([], None),
    ],
)
def test_column_of_one_shape_is_read_by_its_own_evidence(texts: list[str], order: DateOrder | None) -> None:
    decision = decide_order(texts)
    assert (decision.order, decision.examples) == (order, ())


@pytest.mark.parametrize(
    "texts",
    [
        ["04/03/2025"],
        ["04/03/2025", "2025-03-25"],
        ["04/03/2025", "29-02-2024"],
        ["04/03/2025", "25/03/25"],
        ["04/03/25", "25/03/25"],
        ["25/03/2025", "03/25/2025"],
    ],
)
def test_column_without_evidence_of_mixed_shape_or_in_contradiction_is_a_question(texts: list[str]) -> None:
    assert decide_order(texts).examples


def test_answer_settles_the_order() -> None:
    assert decide_order(["04/03/2025", "03/25/2025"], given=DMY).orders == {DMY}


def test_two_digit_year_first_is_a_reading_too() -> None:
    assert read_date("25/03/04", frozenset((ISO,))) == "2025-03-04"


def test_order_of_rows_decides_nothing() -> None:
    texts = [f"{day:02}/03/2025" for day in range(1, 32)]
    for seed in range(5):
        shuffled = random.Random(seed).sample(texts, len(texts))
        assert decide_order(shuffled) == decide_order(texts)


PERIODS = {
    "2014": "2014-12-31",
    "jan-mar-2014": "2014-03-31",
    "Oct-Dec-2014": "2014-12-31",
    "2014-Q1": "2014-03-31",
    "Q1 2014": "2014-03-31",
    "Quarter 4 2014": "2014-12-31",
    "2014-03": "2014-03-31",
    "02/2024": "2024-02-29",
    "Mar 2014": "2014-03-31",
    "März 2014": "2014-03-31",
    "2014 March": "2014-03-31",
}


@pytest.mark.parametrize("text", PERIODS)
def test_period_ends_on_its_last_day(text: str) -> None:
    assert period_end(text) == PERIODS[text]


@pytest.mark.parametrize(
    "text", ["", "Q1", "2014-13", "Q5 2014", "FY2014", "foo-mar-2014", "1850", "12", "0"]
)
def test_what_is_no_period_has_no_end(text: str) -> None:
    assert period_end(text) == ""
