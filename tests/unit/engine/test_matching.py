"""The matcher finds commodities by words, says how sure it is, and abstains where words do not tell."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.engine.matching import CONFIDENCE_FLOOR, Match, Matcher, Vocabulary
from vcci.parameters import load

TITLES = {
    "327310": "Cement Manufacturing",
    "327320": "Ready-Mix Concrete Manufacturing",
    "322230": "Stationery Product Manufacturing",
    "424120": "Stationery and Office Supplies Merchant Wholesalers",
    "323111": "Commercial Printing (except Screen and Books)",
    "323113": "Commercial Screen Printing",
    "333244": "Printing Machinery and Equipment Manufacturing",
    "485310": "Taxi Service",
    "511210": "Software Publishers",
    "515111": "Radio Networks",
    "812990": "All Other Personal Services",
}
WORDS = Vocabulary(
    phrases={"software licence": "511210", "cabs": "485310", "hosting": "518210"},
    abstain=frozenset({"grant", "refund"}),
    weak=frozenset({"all", "other", "manufacturing", "product", "service", "fee", "purchase"}),
)
MATCHER = Matcher(TITLES, WORDS)
words = st.sampled_from(["cement", "mix", "taxi", "printing", "screen", "fees", "software", "licence", "xyz"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Cement", "327310"),
        ("CEMENT (purchases)", "327310"),
        ("Concrete, ready mix", "327320"),
        ("Taxis", "485310"),
        ("Cab fees", "485310"),
        ("Licences - software", "511210"),
    ],
)
def test_a_title_or_phrase_is_found_in_any_order_and_ending(text: str, code: str) -> None:
    match = MATCHER.best(text)
    assert match is not None
    assert (match.code, match.title) == (code, TITLES[code])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words"),
        ("12345 / 7", "no words"),
        ("Other services", "words without meaning"),
        ("Grants for cement", "a word that marks no purchase"),
        ("Refunded taxis", "a word that marks no purchase, with another ending"),
        ("Network purchases", "one word of a title that it does not cover"),
        ("Licences", "one word of a phrase"),
        ("Personal", "a title of what is left over"),
        ("Cement for the third floor of the annexe", "most of the text is not explained"),
        ("Cement, taxi", "two commodities are as likely"),
        ("Hosting", "a phrase whose commodity has no factor"),
    ],
)
def test_it_abstains_where_words_do_not_tell(text: str, why: str) -> None:
    assert MATCHER.best(text) is None, why


def test_a_text_that_is_the_title_and_has_no_rival_is_certain() -> None:
    assert MATCHER.ranked("Cement manufacturing", 3) == (Match("327310", "Cement Manufacturing", 1.0),)


def test_an_exact_rival_of_another_group_halves_the_confidence() -> None:
    matcher = Matcher({"111111": "Lime", "222222": "Lime"})
    assert [match.confidence for match in matcher.ranked("lime", 2)] == [0.5, 0.5]


def test_a_rival_of_the_same_group_is_no_contradiction() -> None:
    matcher = Matcher({"111110": "Lime", "111120": "Lime"})
    assert [match.confidence for match in matcher.ranked("lime", 2)] == [1.0, 1.0]


def test_shops_and_wholesalers_are_never_what_was_bought() -> None:
    assert "424120" not in {match.code for match in MATCHER.ranked("stationery office supplies", 9)}


def test_what_a_title_excepts_is_not_what_it_names() -> None:
    assert MATCHER.ranked("screen books", 9) == ()


@given(st.lists(words, max_size=6))
def test_order_and_repetition_of_words_change_nothing(chosen: list[str]) -> None:
    asked = MATCHER.ranked(" ".join(chosen), 5)
    assert MATCHER.ranked(" ".join(reversed(chosen + chosen)), 5) == asked


@given(st.text(max_size=60) | st.lists(words, max_size=6).map(" ".join))
def test_every_text_has_an_answer_with_confidence_between_0_and_1(text: str) -> None:
    found = MATCHER.ranked(text, 20)
    assert all(0 < match.confidence <= 1 for match in found)
    assert MATCHER.best(text) == next((m for m in found[:1] if m.confidence >= CONFIDENCE_FLOOR), None)


@pytest.fixture(scope="module")
def published(shared: Path) -> Matcher:
    frame = pl.read_csv(
        shared / "data/factors/us_epa_supply_chain_v1.3.0_naics6_co2e_usd2022.csv", infer_schema=False
    )
    return Matcher(dict(frame.select(frame.columns[:2]).iter_rows()), load.everyday_words())


@pytest.mark.parametrize(
    "account",
    [
        "Grants-Private Persons",
        "Refunds",
        "Bank Credits Suspense",
        "Rent",
        "Difference A/c",
        "Business Rates/Council Tax",
        "Salaries Basic",
        "Investment Interest",
        "Other Miscellaneous Expenses",
        "Service Charges",
        "Materials",
        "Main Contractor",
        "Electricity",
        "Petrol, Diesel & Oil",
        "Period: 1.1.25 to 31.1.25",
        "Support",
        "Support costs",
        "Support, periods 1 to 3",
    ],
)
def test_accounts_of_a_real_ledger_that_name_no_commodity_are_left_open(
    published: Matcher, account: str
) -> None:
    assert published.best(account) is None


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("General Stationery Supplies", "322230"),
        ("Counsel Fees", "541110"),
        ("Temporary Agency Staff Costs", "561320"),
        ("Hotel accommodation", "721110"),
        ("Taxi fares", "485310"),
        ("Contract Printing (External)", "323111"),
        ("Furniture (Revenue)", "337214"),
        ("Software Purchase", "511210"),
        ("Catering Charges", "722320"),
        ("Contract Cleaning", "561720"),
        ("External Audit Fees", "541211"),
        ("Periodicals", "511120"),
        ("IT support", "541513"),
    ],
)
def test_accounts_of_a_real_ledger_that_name_a_commodity_are_matched(
    published: Matcher, account: str, code: str
) -> None:
    match = published.best(account)
    assert match is not None
    assert match.code == code
