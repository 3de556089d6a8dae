"""Finding a factor by words: every word that a title shares counts, then the shorter title."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final

import snowballstemmer

from vcci.domain.factor import EmissionFactor
from vcci.engine.matching import FUNCTION_WORDS

_STEMMER: Final = snowballstemmer.stemmer("english")
_WORD: Final = re.compile(r"[^\W_]+")

MIN_CODE_DIGITS: Final = 2
"""Digits of a code that stand for a sector; fewer would be found everywhere."""


def search(
    factors: Iterable[EmissionFactor], words: str, *, phrases: Mapping[str, str] | None = None
) -> list[EmissionFactor]:
    """Return the factors whose title, everyday phrase or code shares a word of `words`, best first.

    Those that are equally good stay in the order given. `phrases` are what people call a commodity, with its
    NAICS code. A word of digits is the start of a code.
    """
    wanted = _stems(words)
    also = _by_code(phrases or {})
    scored = [(*_score(factor, wanted, also), factor) for factor in factors]
    found = [entry for entry in scored if entry[0]]
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return [factor for _, _, factor in found]


def _score(
    factor: EmissionFactor, wanted: frozenset[str], also: Mapping[str, list[frozenset[str]]]
) -> tuple[int, int]:
    """Return how many of the wanted words are found, and how many others stand beside them."""
    code = factor.activity.rpartition(":")[2]
    of_code = sum(len(w) >= MIN_CODE_DIGITS and w.isdigit() and code.startswith(w) for w in wanted)
    texts = (_stems(factor.name), *also.get(factor.activity, ()))
    shared, others = max((len(wanted & stems), -len(stems - wanted)) for stems in texts)
    return shared + of_code, -others


def _by_code(phrases: Mapping[str, str]) -> dict[str, list[frozenset[str]]]:
    found: dict[str, list[frozenset[str]]] = {}
    for phrase, code in phrases.items():
        found.setdefault(f"naics2017:{code}", []).append(_stems(phrase))
    return found


@lru_cache(maxsize=2**15)
def _stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words; the titles of packs, some 16,000, are asked for at every search."""
    words = (word for word in _WORD.findall(text.casefold()) if word not in FUNCTION_WORDS)
    return frozenset(map(_stem, words))


@cache
def _stem(word: str) -> str:
    """Return the stem of a word; titles repeat their words thousands of times."""
    return str(_STEMMER.stemWord(word))
