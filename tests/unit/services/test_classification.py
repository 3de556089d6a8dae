"""Rules decide first, words where no rule speaks, and what stays unknown is never filled in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.mapping import AccountRule
from vcci.domain.review import folded
from vcci.engine.matching import CONFIDENCE_FLOOR, LearnedModel, Vocabulary
from vcci.services.classification import Classification, Classifier, LedgerText

TITLES = {
    "541511": "Custom Computer Programming Services",
    "327310": "Cement Manufacturing",
    "485310": "Taxi Service",
    "562910": "Remediation Services",
}
CATEGORIES = {"485": 6, "562": 5, "562910": 1}
WORDS = Vocabulary(abstain=frozenset({"refund"}), weak=frozenset({"manufacturing", "service"}))


def classify(
    *rules: AccountRule, account: str = "", code: str = "", description: str = "", capital: bool = False
) -> Classification:
    classifier = Classifier(rules=rules, titles=TITLES, category_by_prefix=CATEGORIES, vocabulary=WORDS)
    return classifier.classify(LedgerText(account, code, description, capital))


def test_a_rule_names_the_commodity_of_its_account() -> None:
    rule = AccountRule(account="Software", commodity="541511")
    assert classify(rule, account="Software") == Classification("naics2017:541511", 1)


@pytest.mark.parametrize(
    "written", ["SOFTWARE costs", "  Software\t costs ", "'Software  Costs'.", "software\xa0costs"]
)
def test_case_spacing_and_punctuation_at_the_ends_do_not_matter(written: str) -> None:
    rule = AccountRule(account="Software costs:", commodity="541511")
    assert classify(rule, account=written).activity == "naics2017:541511"


def test_punctuation_within_a_name_does_matter() -> None:
    rule = AccountRule(account="Soft-ware", commodity="541511")
    assert classify(rule, account="Software").activity == ""


def test_the_code_goes_before_the_name() -> None:
    by_name = AccountRule(account="Works", commodity="327310")
    by_code = AccountRule(code="0042", commodity="541511")
    assert classify(by_name, by_code, account="Works", code="0042").activity == "naics2017:541511"


def test_a_code_is_compared_exactly() -> None:
    rule = AccountRule(code="0042", commodity="541511")
    assert classify(rule, code="42").activity == ""


def test_a_rule_without_name_or_code_speaks_for_no_row() -> None:
    assert classify(AccountRule(commodity="541511"), account="- -").activity == ""


def test_of_two_rules_for_one_account_the_first_counts() -> None:
    rules = (AccountRule(account="x", commodity="541511"), AccountRule(account="X", commodity="327310"))
    assert classify(*rules, account="x").activity == "naics2017:541511"


def test_what_is_no_purchase_is_excluded_with_its_reason() -> None:
    rule = AccountRule(account="Grants", not_a_purchase="grant")
    assert classify(rule, account="grants") == Classification("", 1, exclusion="grant")


def test_a_factor_of_ones_own_is_named_as_such() -> None:
    rule = AccountRule(account="Steel", own_factor="mill", category=4)
    assert classify(rule, account="Steel") == Classification("own:mill", 4)


def test_a_commodity_that_no_factor_covers_is_still_what_was_bought() -> None:
    rule = AccountRule(account="Power", commodity="221118")
    assert classify(rule, account="Power").activity == "naics2017:221118"


@pytest.mark.parametrize(
    ("commodity", "own_category", "capital", "category"),
    [
        ("541511", 0, False, 1),
        ("485310", 0, False, 6),
        ("562111", 0, False, 5),
        ("562910", 0, False, 1),
        ("485310", 0, True, 2),
        ("485310", 7, True, 7),
        ("562111", 12, False, 12),
    ],
)
def test_category_is_the_rules_own_else_capital_else_that_of_the_longest_prefix(
    commodity: str, own_category: int, capital: bool, category: int
) -> None:
    rule = AccountRule(account="a", commodity=commodity, category=own_category)
    assert classify(rule, account="a", capital=capital).category == category


def test_without_a_rule_the_account_is_matched_by_words_and_says_so() -> None:
    found = classify(account="Taxis", description="Cement")
    assert replace(found, score=0) == Classification("naics2017:485310", 6, "", ("commodity_matched",))
    assert CONFIDENCE_FLOOR <= found.score <= 1


def test_the_description_is_read_where_the_account_says_nothing() -> None:
    assert classify(account="4711", description="Cement").activity == "naics2017:327310"


def test_no_description_turns_a_refund_into_a_purchase() -> None:
    assert classify(account="Refunds", description="Cement").activity == ""


def test_no_match_is_left_open_and_never_filled_in() -> None:
    assert classify(account="Sundries", description="as agreed") == Classification("", 1)


@given(st.text(max_size=40))
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@given(st.text(min_size=1, max_size=40).filter(folded))
def test_a_rule_always_finds_the_account_that_it_was_written_for(account: str) -> None:
    rule = AccountRule(account=account, not_a_purchase="tax")
    assert classify(rule, account=account).exclusion == "tax"


LEARNED = LearnedModel(
    sources=((("327310", "bag portland blend"), ("562910", "lead paint strip")),),
    weights=(20.0, 0.0, 0.0, 0.0, 0.0, 5.0, 0.0),
    floor=0.9,
)


def classify_by_likeness(account: str, description: str) -> Classification:
    words = replace(WORDS, learned=lambda: LEARNED)
    classifier = Classifier(rules=(), titles=TITLES, category_by_prefix=CATEGORIES, vocabulary=words)
    return classifier.classify(LedgerText(account, "", description, capital=False))


def test_a_description_that_words_leave_open_is_placed_as_similar_ones_were() -> None:
    found = classify_by_likeness("4711 Yard", "Portland blend, 40 bags")
    assert replace(found, score=0) == Classification("naics2017:327310", 1, "", ("commodity_matched",))
    assert LEARNED.floor <= found.score <= 1


def test_words_are_asked_before_likeness() -> None:
    assert classify_by_likeness("Taxis", "Portland blend, 40 bags").activity == "naics2017:485310"


@pytest.mark.parametrize(
    ("account", "description", "why"),
    [
        ("Portland blend, 40 bags", "", "an account names no thing"),
        ("Refunds", "Portland blend, 40 bags", "the account marks no purchase"),
        ("4711 Yard", "Refund: Portland blend, 40 bags", "the description marks no purchase"),
        ("4711 Yard", "Strip lights", "too little is known"),
    ],
)
def test_likeness_is_not_asked_or_not_sure(account: str, description: str, why: str) -> None:
    assert classify_by_likeness(account, description).activity == "", why


def test_the_learned_model_is_not_loaded_while_rules_and_words_speak() -> None:
    def load() -> LearnedModel:
        raise AssertionError("loaded")

    rules = (AccountRule(account="Software", commodity="541511"),)
    words = replace(WORDS, learned=load)
    classifier = Classifier(rules=rules, titles=TITLES, category_by_prefix=CATEGORIES, vocabulary=words)
    asked = [("Software", "Portland blend"), ("Taxis", ""), ("Refunds", "Portland blend"), ("Yard", "")]
    found = [classifier.classify(LedgerText(a, "", d, capital=False)).activity for a, d in asked]
    assert found == ["naics2017:541511", "naics2017:485310", "", ""]
