"""Commodities that a text may stand for, best first, whatever their confidence: a person chooses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from vcci.engine.learned_matching import LearnedMatcher
from vcci.engine.matching import TRADE_SECTORS, Match, Matcher, Vocabulary
from vcci.services.classification import category_of

MOST_WORDS = 400
"""Characters of a text that are read for suggestions."""


@dataclass(frozen=True)
class Suggestions:
    """The matchers of a run, asked for more than their first answer.

    `titles` are those of the commodities that a factor exists for, by NAICS code.
    """

    titles: Mapping[str, str]
    category_by_prefix: Mapping[str, int]
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.titles, self.vocabulary)

    @cached_property
    def _learned(self) -> LearnedMatcher | None:
        load = self.vocabulary.learned
        return LearnedMatcher(load(), self.titles) if load else None

    def of(self, account: str, description: str, *, without: str = "", most: int = 5) -> tuple[Match, ...]:
        """Return up to `most` commodities for a text, best first, each once, but for the code `without`."""
        asked = description[:MOST_WORDS] or account[:MOST_WORDS]
        found = [*self._matcher.ranked(asked, most + 1), *self._likely(description[:MOST_WORDS], most + 1)]
        if description:
            found += self._matcher.ranked(account[:MOST_WORDS], most + 1)
        best: dict[str, Match] = {}
        for match in sorted(found, key=lambda one: (-one.confidence, one.code)):
            best.setdefault(match.code, match)
        known = (match for match in best.values() if match.code in self.titles and match.code != without)
        return tuple(known)[:most]

    def _likely(self, description: str, n: int) -> tuple[Match, ...]:
        if not description or self._learned is None:
            return ()
        found = self._learned.ranked(description, n)
        return tuple(match for match in found if not match.code.startswith(TRADE_SECTORS))

    def category(self, code: str) -> int:
        """Return the Scope 3 category of what is bought under a code, unless it is a capital good."""
        return category_of(code, self.category_by_prefix)
