"""Amounts are read exactly, in the convention that the column shows, or not at all."""

import pytest

from vcci.domain.mapping import DecimalMark
from vcci.intake.numbers import Amount, decide_mark, read_amount

POINT, COMMA = DecimalMark.POINT, DecimalMark.COMMA

WITH_POINT = {
    "1234.50": "1234.50",
    "1,234.50": "1234.50",
    "12,34,567.80": "1234567.80",
    "1'234'567.5": "1234567.5",
    "1’234.50": "1234.50",
    "1 234 567.5": "1234567.5",
    "007.50": "7.50",
    ".5": "0.5",
    "+12": "12",
    "(1,234.50)": "-1234.50",
    "(£1,234.50)": "-1234.50",
    "-£5.00": "-5.00",
    "£-5.00": "-5.00",
    "1234.50-": "-1234.50",
    "−12.5": "-12.5",
    "－12.5": "-12.5",
    "１２．５": "12.5",
    "١٬٢٣٤٫٥": "1234.5",
    "$1,000": "1000",
    "USD 1,000": "1000",
    "1,000 USD": "1000",
    "kr.500": "500",
    " 12 \n": "12",
    "0.00": "0.00",
    "999999999999999999.999999999999999999": "999999999999999999.999999999999999999",
}
WITH_COMMA = {
    "1234,50": "1234.50",
    "1.234,50": "1234.50",
    "1.234.567": "1234567",
    "€ 279\u202f536,32": "279536.32",
    "536\u00a0403,49": "536403.49",
    "1'234,50 CHF": "1234.50",
    "٥٫٢": "5.2",
    ",5": "0.5",
    "-1.234,5": "-1234.5",
}
NEVER = """NaN|Infinity|-inf|1e400|1e-400|1E5|#REF!|#DIV/0!|n/a|-||0x1F|1_000|TRUE|3-Jan|12 34|1,23,4|1,2345.6
1.2.3|--5|(-5)|(5|5)|5 EUR 6|EUR 5 USD|5 apples|ABC 5|1,234,56|½|一二|99999999999999999999999999.5
0.1234567890123456789|1 234,567.5|. 5|5.|$""".replace("\n", "|").split("|")


@pytest.mark.parametrize("text", WITH_POINT)
def test_amount_with_a_decimal_point_is_read_digit_for_digit(text: str) -> None:
    amount = read_amount(text, POINT)
    assert amount is not None
    assert amount.text == WITH_POINT[text]


@pytest.mark.parametrize("text", WITH_COMMA)
def test_amount_with_a_decimal_comma_is_read_digit_for_digit(text: str) -> None:
    amount = read_amount(text, COMMA)
    assert amount is not None
    assert amount.text == WITH_COMMA[text]


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("mark", DecimalMark)
def test_what_is_not_exactly_a_number_is_none(text: str, mark: DecimalMark) -> None:
    assert read_amount(text, mark) is None


@pytest.mark.parametrize("text", ["1.5", "12.34", "1.234.5"])
def test_text_of_the_other_convention_is_not_bent_into_this_one(text: str) -> None:
    assert read_amount(text, COMMA) is None


def test_currency_beside_an_amount_is_told_and_a_shared_sign_tells_all_its_currencies() -> None:
    assert read_amount("€ 5", POINT) == Amount("5", ("EUR",))
    assert read_amount("5 GBP", POINT) == Amount("5", ("GBP",))
    assert read_amount("¥5", POINT) == Amount("5", ("JPY", "CNY"))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,234.50", "1,234"], POINT),
        (["1.234,50", "1.234"], COMMA),
        (["1,234", "1,234,567"], POINT),
        (["1.234", "1.234.567"], COMMA),
        (["1,234", "0.5"], POINT),
        (["1.234", "12,34"], COMMA),
        (["1234.567"], POINT),
        (["1 234,567"], COMMA),
        (["1,23,456"], POINT),
        (["1000", "-5", "1 000", "١٫٥", "n/a", ""], None),
    ],
)
def test_one_text_that_reads_in_one_way_decides_for_its_column(
    texts: list[str], mark: DecimalMark | None
) -> None:
    decision = decide_mark(texts)
    assert (decision.mark, decision.examples) == (mark, ())


@pytest.mark.parametrize("texts", [["1,234"], ["1.234", "500"], ["1,234", "2.345"], ["0,125"]])
def test_texts_that_all_read_both_ways_are_a_question(texts: list[str]) -> None:
    decision = decide_mark(texts)
    assert decision.mark is None
    assert set(decision.examples) <= set(texts)
    assert decision.examples


def test_evidence_for_both_marks_is_a_question_with_one_text_of_each() -> None:
    assert decide_mark(["1,5", "2,5", "1.5"]).examples == ("1.5", "1,5")
    assert decide_mark(["1,5", "99999999999999999999999999.5"]).mark is None


def test_answer_settles_what_the_texts_leave_open() -> None:
    for mark in DecimalMark:
        assert decide_mark(["1,234"], given=mark).mark is mark


def test_plain_decimals_of_a_typed_file_have_a_point_whatever_was_answered() -> None:
    assert decide_mark(["1.234"], typed=True).mark is POINT
    assert decide_mark(["1.234"], typed=True, given=COMMA).mark is POINT
    assert decide_mark(["1.234", "1.234,50"], typed=True).examples == ("1.234", "1.234,50")
    assert decide_mark(["1,234"], typed=True).examples == ("1,234",)
