"""From a few words of a ledger to a commodity: a lexical matcher that would rather abstain than guess.

A commodity is known by its title and by everyday phrases. Words are stemmed and weighed by how rare they are
among the titles. docs/matching.md says what this measures on a labelled set.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import log, sqrt
from typing import Any, Final

CONFIDENCE_FLOOR: Final = 0.6
"""Matches below this are not used. Of the account names of four published ledgers, read one by one, those
matched above it are right in over 95 of 100 and those just below in 80; docs/matching.md has the tables."""

GROUP_DIGITS: Final = 4
"""A NAICS industry group: titles within one do not contradict each other, titles of two groups do."""

TRADE_SECTORS: Final = ("42", "44", "45")
"""Never matched: who pays a shop buys its goods, and the price already holds the shop's margin."""

WEAK_WEIGHT: Final = 0.5
"""Weight of a word without meaning, beside about 2 for a frequent and 7 for a rare word of the titles."""

WORDS_FOR_PART: Final = 2
"""Telling words that a text must share with a title that it does not cover: one proves nothing."""

RESIDUAL: Final = ("other ", "all other ")
"""Titles of what is left over in a group: their few words alone name nothing."""

_UNREAD: Final = (
    "all an and are as at by etc for from in including into made not of on or period periods than the to with"
)
FUNCTION_WORDS: Final = frozenset(_UNREAD.split())
"""Words that are not read at all. "Period" is among them, since its stem is that of periodicals."""

_EXCEPTION: Final = re.compile(r"\((?:except|excpet)\b[^)]*\)")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

Stems = frozenset[str]


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """Texts with the NAICS code that each stands for, by source, and how much each source's evidence weighs.

    `sources` hold (code, stems with spaces between); `weights` has four numbers for each source and two for
    "none of them" (learned_matching.py); answers below `floor` (0 to 1) are not used.
    """

    sources: tuple[tuple[tuple[str, str], ...], ...]
    weights: tuple[float, ...]
    floor: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What everyday language adds to titles: phrases by NAICS code, and words with a part of their own.

    A text with a word of `abstain` is never matched; a word of `weak` says nothing of the commodity.
    `learned` loads what labelled texts teach; it is called when the first text is left open, if ever.
    """

    phrases: Mapping[str, str] = field(default_factory=dict)
    abstain: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    learned: Callable[[], LearnedModel] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A commodity; `confidence` is agreement of words x margin over rivals, 0 to 1."""

    code: str
    title: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """A title or phrase; a text must share `needed` of its `telling` words, or it is no evidence."""

    code: str
    stems: Stems
    telling: Stems
    needed: int


class Matcher:
    """An inverted index over titles and phrases, built once for many texts."""

    def __init__(self, titles: Mapping[str, str], vocabulary: Vocabulary | None = None) -> None:
        words = vocabulary or Vocabulary()
        self._titles = titles
        self._abstain = _stems_of_all(words.abstain)
        self._weak = _stems_of_all(words.weak)
        of_titles = _title_entries(titles, self._weak)
        self._rarity = _rarity(of_titles)
        self._unseen = log(1 + len(of_titles))
        self._entries = (*of_titles, *_phrase_entries(words.phrases, titles))
        self._weights = [self._weight(entry.stems) for entry in self._entries]
        self._postings: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for stem in entry.telling:
                self._postings[stem].append(number)

    def best(self, text: str) -> Match | None:
        """Return the commodity that `text` names, or None below `CONFIDENCE_FLOOR`."""
        match = next(iter(self.ranked(text, 1)), None)
        return match if match and match.confidence >= CONFIDENCE_FLOOR else None

    def abstains(self, text: str) -> bool:
        """Return whether `text` has a word that marks it as no purchase, or as one for a person to place."""
        return not self._abstain.isdisjoint(_stems(text))

    def ranked(self, text: str, n: int) -> tuple[Match, ...]:
        """Return up to `n` candidates, best first, whatever their confidence; none where to abstain."""
        agreements = self._agreements(_stems(text))
        ordered = sorted(agreements, key=lambda code: (-agreements[code], code))
        return tuple(
            Match(code, self._titles[code], agreements[code] * _margin(code, ordered, agreements))
            for code in ordered[:n]
        )

    def _agreements(self, asked: Stems) -> dict[str, float]:
        """Return by code the share of the text that an entry explains x root of the entry's own share."""
        if not self._abstain.isdisjoint(asked):
            return {}
        weight = self._weight(asked)
        found: dict[str, float] = {}
        for number in self._evidence(asked):
            entry = self._entries[number]
            shared = self._weight(entry.stems & asked)
            agreement = shared / weight * sqrt(shared / self._weights[number])
            found[entry.code] = max(agreement, found.get(entry.code, 0.0))
        return found

    def _evidence(self, asked: Stems) -> list[int]:
        """Return the entries that the text speaks for; one that is found whole silences any part of it."""
        touched = {number for stem in asked for number in self._postings.get(stem, ())}
        shared = {
            number: entry.stems & asked
            for number in touched
            if len((entry := self._entries[number]).telling & asked) >= entry.needed
        }
        whole = [stems for number, stems in shared.items() if stems == self._entries[number].stems]
        return [n for n, stems in shared.items() if not any(stems < longer for longer in whole)]

    def _weight(self, stems: Stems) -> float:
        # Sorted, because a sum of floats depends on its order and a set has none that is kept.
        return sum(
            WEAK_WEIGHT if stem in self._weak else self._rarity.get(stem, self._unseen)
            for stem in sorted(stems)
        )


def _margin(code: str, ordered: list[str], agreements: Mapping[str, float]) -> float:
    """Return own / (own + best rival of another group): 1 without rival, 1/2 where two are as good."""
    group = code[:GROUP_DIGITS]
    rival = next((agreements[other] for other in ordered if other[:GROUP_DIGITS] != group), 0.0)
    return agreements[code] / (agreements[code] + rival)


def _title_entries(titles: Mapping[str, str], weak: Stems) -> tuple[_Entry, ...]:
    return tuple(
        _title_entry(code, _EXCEPTION.sub(" ", title.casefold()), weak)
        for code, title in titles.items()
        if not code.startswith(TRADE_SECTORS)
    )


def _title_entry(code: str, title: str, weak: Stems) -> _Entry:
    stems = _stems(title)
    telling = stems - weak
    is_rest = title.startswith(RESIDUAL)
    needed = WORDS_FOR_PART if is_rest else min(len(telling), WORDS_FOR_PART)
    return _Entry(code, stems, telling, needed)


def _phrase_entries(phrases: Mapping[str, str], titles: Mapping[str, str]) -> tuple[_Entry, ...]:
    known = [(code, _stems(phrase)) for phrase, code in phrases.items() if code in titles]
    return tuple(_Entry(code, stems, stems, len(stems)) for code, stems in known if stems)


def _rarity(entries: Iterable[_Entry]) -> dict[str, float]:
    """Return the inverse document frequency of each stem: log(1 + entries / entries that hold it)."""
    listed = tuple(entries)
    seen = Counter(stem for entry in listed for stem in entry.stems)
    return {stem: log(1 + len(listed) / count) for stem, count in seen.items()}


def _stems_of_all(words: Iterable[str]) -> Stems:
    return _stems(" ".join(words))


def stems_in_order(text: str) -> list[str]:
    """Return the stems of the words of `text` that mean something, as they stand in it; no numbers."""
    words = _WORD.findall(text.casefold().replace("'", "").replace("’", ""))
    return [_stem(word) for word in words if word not in FUNCTION_WORDS]


def _stems(text: str) -> Stems:
    return frozenset(stems_in_order(text))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return str(_english().stemWord(word))


@cache
def _english() -> Any:
    import snowballstemmer  # loads every language there is: only for who matches words

    return snowballstemmer.stemmer("english")
