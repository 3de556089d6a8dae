"""What the accounts of a ledger buy, as found, and as a person says otherwise: the rules of a mapping."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from vcci.domain.mapping import AccountRule, Mapping
from vcci.domain.review import folded
from vcci.services.classification import Classification

BY_RULE: Final = "rule"
BY_DECISION: Final = "decision"
BY_WORDS: Final = "words"
BY_NOTHING: Final = "nothing"


def found_by(found: Classification, *, has_rule: bool) -> str:
    """Return what an account was classified by: a rule, a person's decision, its words, or nothing at all."""
    if has_rule:
        return BY_RULE
    if found.decision:
        return BY_DECISION
    return BY_WORDS if found.activity else BY_NOTHING


def rule_key(account: str, code: str, rules: Iterable[AccountRule] = ()) -> tuple[str, str]:
    """Return what an account's one rule is known by: a code with a rule, else the name, else the code."""
    has_rule = code and any(rule.code == code for rule in rules)
    return ("", code) if has_rule or not folded(account) else (folded(account), "")


def rule_of(mapping: Mapping, account: str, code: str) -> AccountRule | None:
    """Return the rule of an account, by its code first, None where there is none."""
    by_code = (rule for rule in mapping.accounts if code and rule.code == code)
    name = folded(account)
    by_name = (rule for rule in mapping.accounts if name and folded(rule.account) == name)
    return next(by_code, None) or next(by_name, None)


def with_rule(mapping: Mapping, rule: AccountRule) -> Mapping:
    """Return the mapping with a rule in the place of those that its account or code had."""
    kept = without_rule(mapping, rule.account, rule.code)
    return replace(kept, accounts=(*kept.accounts, rule))


def without_rule(mapping: Mapping, account: str, code: str) -> Mapping:
    """Return the mapping without the rules of an account: what its words say counts again."""
    name = folded(account)

    def is_its(rule: AccountRule) -> bool:
        return bool(name and folded(rule.account) == name) or bool(code and rule.code == code)

    return replace(mapping, accounts=tuple(rule for rule in mapping.accounts if not is_its(rule)))
