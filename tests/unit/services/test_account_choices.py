"""Rules of accounts, as a person's answers change them."""

from vcci.domain.mapping import AccountRule, Mapping
from vcci.services.account_choices import rule_key, rule_of, with_rule, without_rule

BY_NAME = AccountRule(account="Office furniture", commodity="337214")
BY_CODE = AccountRule(code="4711", not_a_purchase="tax")
MAPPING = Mapping(accounts=(BY_NAME, BY_CODE))


def test_answer_takes_the_place_of_the_rule_that_the_account_had() -> None:
    answer = AccountRule(account="OFFICE  FURNITURE.", not_a_purchase="transfer")
    assert with_rule(MAPPING, answer).accounts == (BY_CODE, answer)


def test_answer_for_an_account_replaces_the_rule_of_its_code_too() -> None:
    answer = AccountRule(account="Rates", code="4711", commodity="531120")
    assert with_rule(MAPPING, answer).accounts == (BY_NAME, answer)


def test_without_its_rule_an_account_is_as_its_words_say() -> None:
    assert without_rule(MAPPING, "office furniture", "").accounts == (BY_CODE,)
    assert without_rule(MAPPING, "", "").accounts == MAPPING.accounts


def test_rule_of_the_code_goes_before_that_of_the_name() -> None:
    assert rule_of(MAPPING, "Office furniture", "4711") == BY_CODE
    assert rule_of(MAPPING, "Office furniture", "1") == BY_NAME
    assert rule_of(MAPPING, "", "") is None


def test_accounts_of_one_name_share_a_rule_and_those_without_a_name_one_by_code() -> None:
    assert rule_key("Office furniture", "1") == rule_key("office furniture", "2")
    assert rule_key("", "1") != rule_key("", "2")
    assert rule_key("Rates", "4711", MAPPING.accounts) == ("", "4711")
