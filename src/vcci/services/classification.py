"""From the texts of a ledger line to a commodity and a Scope 3 category: rules, words, likeness.

Categories: GHG Protocol, Scope 3 Standard (2011), table 5.4, as parameters/spend_categories.yaml has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from vcci.domain.category import Category
from vcci.domain.mapping import AccountRule
from vcci.domain.review import Decided, Decision, folded
from vcci.engine.choose import OWN_FACTOR_PREFIX
from vcci.engine.learned_matching import LearnedMatcher
from vcci.engine.matching import Match, Matcher, Vocabulary

COMMODITY_PREFIX = "naics2017:"
"""How an activity names a commodity; the digits of its code follow."""


@dataclass(frozen=True, slots=True)
class LedgerText:
    """What a line's commodity is decided by, as it stands in the file."""

    account: str
    account_code: str
    description: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Classification:
    """What was bought (`activity`, empty if unknown), its category, why it does not count, and notices.

    `score` is the confidence of a match, 0 to 1; `decision` the number of the decision that was held to.
    """

    activity: str
    category: int
    exclusion: str = ""
    notices: tuple[str, ...] = ()
    score: float = 0.0
    decision: int = 0


class Classifier:
    """Decides texts by the mapping's rules, then as people decided, then by words; never by an average."""

    def __init__(
        self,
        *,
        rules: Iterable[AccountRule],
        titles: Mapping[str, str],
        category_by_prefix: Mapping[str, int],
        vocabulary: Vocabulary | None = None,
        decided: Decided | None = None,
    ) -> None:
        listed = tuple(rules)
        self._by_code = {rule.code: rule for rule in reversed(listed) if rule.code}
        self._by_account = {name: r for r in reversed(listed) if (name := folded(r.account))}
        self._category_by_prefix = category_by_prefix
        self._titles = titles
        self._vocabulary = vocabulary or Vocabulary()
        self._decided = decided or Decided()

    # What matches words is made for the first text that needs it: many ledgers have a rule for every account.

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._titles, self._vocabulary)

    @cached_property
    def _learned(self) -> LearnedMatcher | None:
        load = self._vocabulary.learned
        return LearnedMatcher(load(), self._titles) if load else None

    def classify(self, text: LedgerText) -> Classification:
        """Return the commodity by a rule of the account's code or name, a decision, words, or likeness."""
        rule = self._by_code.get(text.account_code) or self._by_account.get(folded(text.account))
        if rule:
            return self._by_rule(rule, capital=text.capital)
        decision = self._decided.of(text.account, text.account_code, text.description)
        return self._as_decided(decision, capital=text.capital) if decision else self._by_words(text)

    def _by_rule(self, rule: AccountRule, *, capital: bool) -> Classification:
        category = rule.category or self._category(rule.commodity, capital=capital)
        if rule.not_a_purchase:
            return Classification("", category, exclusion=rule.not_a_purchase)
        return Classification(_activity(rule), category)

    def _as_decided(self, decision: Decision, *, capital: bool) -> Classification:
        """Return what somebody decided; that a text is neither leaves it without a commodity, like any."""
        return Classification(
            COMMODITY_PREFIX + decision.commodity if decision.commodity else "",
            self._category(decision.commodity, capital=capital),
            exclusion=decision.reason,
            notices=("commodity_decided",),
            decision=decision.number,
        )

    def _by_words(self, text: LedgerText) -> Classification:
        match = self._match(text)
        category = self._category(match.code if match else "", capital=text.capital)
        if match is None:
            return Classification("", category)
        activity, notices = COMMODITY_PREFIX + match.code, ("commodity_matched",)
        return Classification(activity, category, notices=notices, score=match.confidence)

    def _match(self, text: LedgerText) -> Match | None:
        if self._matcher.abstains(text.account):
            return None
        return (
            self._matcher.best(text.account)
            or self._matcher.best(text.description)
            or self._match_by_likeness(text.description)
        )

    def _match_by_likeness(self, description: str) -> Match | None:
        """Return what similar descriptions were placed as; accounts are not asked, they name no things."""
        if not description or self._matcher.abstains(description) or self._learned is None:
            return None
        return self._learned.best(description)

    def _category(self, code: str, *, capital: bool) -> int:
        return Category.CAPITAL_GOODS.value if capital else category_of(code, self._category_by_prefix)


def category_of(code: str, by_prefix: Mapping[str, int]) -> int:
    """Return the category of what is bought under a NAICS code: that of its longest prefix, 1 without any."""
    prefixes = (code[:length] for length in range(len(code), 0, -1))
    known = (by_prefix[prefix] for prefix in prefixes if prefix in by_prefix)
    return next(known, Category.PURCHASED_GOODS_AND_SERVICES.value)


def _activity(rule: AccountRule) -> str:
    if rule.own_factor:
        return OWN_FACTOR_PREFIX + rule.own_factor
    if rule.activity:
        return rule.activity
    return COMMODITY_PREFIX + rule.commodity
