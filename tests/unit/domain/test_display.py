"""Figures are exact, texts cannot act."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.display import FORMULA, exact_tonnes, inert, money, percent, tonnes, visible
from vcci.processing import export

MG = st.integers(-(2**62), 2**62)
NASTY = st.text(st.sampled_from("'=+-@ \t\r\n\0;\u00a0\u200b\u202e＝＠aé1"), max_size=6)


def restored(text: str) -> str:
    return text[1:] if text.startswith("'") and re.search(FORMULA, text) else text


def test_tonnes_show_kilograms_rounded_half_away_from_zero() -> None:
    assert [tonnes(mg) for mg in (1_234_567_500_000, -500_000, 499_999, -499_999)] == [
        "1,234.568",
        "-0.001",
        "0.000",
        "0.000",
    ]


@given(MG)
def test_tonnes_agree_with_decimal_arithmetic(mg: int) -> None:
    expected = (Decimal(mg) / 10**9).quantize(Decimal("0.001"), ROUND_HALF_UP)
    assert Decimal(tonnes(mg).replace(",", "")) == expected


@given(MG)
def test_exact_tonnes_lose_nothing(mg: int) -> None:
    assert Decimal(exact_tonnes(mg)) * 10**9 == mg


def test_money_is_exact_where_a_float_is_not() -> None:
    assert money(900_719_925_474_099_301) == "9,007,199,254,740,993.01"
    assert money(-5) == "-0.05"


def test_percent_is_of_the_whole_with_one_decimal() -> None:
    assert [percent(1, 3), percent(-1, 8), percent(5, -10), percent(0, 7), percent(1, 0)] == [
        "33.3%",
        "-12.5%",
        "-50.0%",
        "0.0%",
        "",
    ]


def test_characters_that_steer_or_hide_are_written_out() -> None:
    assert visible("a\u202eb\x1b[31m\r\n\u200b\x85") == r"a\u202eb\x1b[31m\r\n\u200b\x85"


def test_names_of_every_script_stay_as_they_are() -> None:
    names = ["Müller & Söhne", "株式会社", "شركة", "می\u200cخواهم", "a\u00a0b"]
    assert [visible(name) for name in names] == names


@given(st.text())
def test_nothing_unseen_is_left_in_a_visible_text(text: str) -> None:
    left = {unicodedata.category(c) for c in visible(text).replace("\u200c", "").replace("\u200d", "")}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(NASTY)
def test_inert_text_is_no_formula_and_can_be_restored(text: str) -> None:
    assert not re.match(r"[\s\0\u200b\u202e]*[=+\-@\t\r＝＠]", inert(text))
    assert restored(inert(text)) == text


@given(st.lists(NASTY, min_size=1))
def test_columns_are_made_inert_as_single_texts_are(texts: list[str]) -> None:
    column = pl.DataFrame({"text": texts}).select(export.inert(pl.col("text")))["text"]
    assert column.to_list() == [inert(text) for text in texts]
