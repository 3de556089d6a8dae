"""From a description to a commodity by what similar texts were placed as: answers where titles are silent.

Stems, pairs of stems and the first stem of a text are weighed by how few commodities they point to, and less
the later they stand. The nearest texts of each source (labelled lines, labelled products, product words,
titles) speak for theirs, and each feature for the commodities of all texts that hold it; a conditional logit,
trained beforehand, turns that into probabilities, "none of them" among them. docs/matching.md says what it
is trained on and what it measures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise
from math import exp, log, log1p, sqrt
from operator import itemgetter
from typing import Final

from vcci.engine.matching import GROUP_DIGITS, TRADE_SECTORS, LearnedModel, Match, stems_in_order

NONE: Final = ""
"""Stands among the codes for "none of them"."""

NEAREST: Final = 30
"""Texts of each source that are heard, nearest first."""

PAIR_WEIGHT: Final = 0.5
FIRST_WEIGHT: Final = 0.4
"""Of a pair and of the first stem, beside 1 for a stem. Stock lists name the thing first ("GLOVE, WORK")."""

LATER: Final = 0.07
"""A stem at place n weighs 1 / (1 + n x LATER): lists name the thing first, then its kind, size and maker."""

OF_GROUP: Final = 0.5
OF_SUBSECTOR: Final = 0.05
OF_CHANCE: Final = 0.02
"""Of a text with the feature, what falls to its code's four digits, its three digits, and any code at all."""

LEAST_KNOWN: Final = 2
"""Stems of a text that the model must have met before it is used: "period" alone is no periodical."""

PER_SOURCE: Final = 4
OF_POINTING: Final = 1
OF_NONE: Final = 2
"""Numbers of evidence: for a code by each source, by all of its features, and for "none of them"."""

SUBSECTOR_DIGITS: Final = 3
_ANY: Final = "any"

Features = Mapping[str, float]
Evidence = dict[str, list[float]]
Pointers = Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class _Source:
    """An inverted index over texts: the code of each, and by feature the texts that hold it, with weight."""

    codes: tuple[str, ...]
    counts: Counter[str]
    postings: Mapping[str, list[tuple[int, float]]]

    def heard(self, asked: Features) -> dict[str, list[float]]:
        """Return by code: nearest cosine, its cube, log of the sum of cubes, log of the code's texts."""
        found: dict[str, list[float]] = {}
        for number, cosine in nlargest(NEAREST, self._cosines(asked).items(), key=itemgetter(1)):
            near = found.setdefault(self.codes[number], [cosine, cosine**3, 0.0, 0.0])
            near[2] += cosine**3
        for code, near in found.items():
            near[2:] = log1p(100 * near[2]), log1p(self.counts[code])
        return found

    def _cosines(self, asked: Features) -> dict[int, float]:
        cosines: dict[int, float] = defaultdict(float)
        for feature, weight in asked.items():
            for number, held in self.postings.get(feature, ()):
                cosines[number] += weight * held
        return cosines


class LearnedMatcher:
    """A learned model, indexed once for many texts; `titles` are those of the commodities with factors."""

    def __init__(self, model: LearnedModel, titles: Mapping[str, str]) -> None:
        read = [[(code, _features(text.split())) for code, text in source] for source in model.sources]
        self._model = model
        self._titles = titles
        self._telling = _telling(text for source in read for text in source)
        self._unseen = max(self._telling.values(), default=1.0)
        self._pointers = _pointers(text for source in read for text in source)
        self._sources = [self._indexed(source) for source in read]

    def best(self, text: str) -> Match | None:
        """Return the commodity of `text`, or None: below the floor, strange words, trade, no factor."""
        if sum(stem in self._telling for stem in set(stems_in_order(text))) < LEAST_KNOWN:
            return None
        match = next(iter(self.ranked(text, 1)), None)
        if match is None or match.confidence < self._model.floor or match.code not in self._titles:
            return None
        return None if match.code.startswith(TRADE_SECTORS) else match

    def ranked(self, text: str, n: int) -> tuple[Match, ...]:
        """Return up to `n` candidates, likeliest first; `confidence` is in the first four digits."""
        likely = probabilities(self.evidence(text), self._model.weights)
        groups: dict[str, float] = defaultdict(float)
        for code, probability in likely.items():
            groups[code[:GROUP_DIGITS]] += probability
        ordered = sorted((code for code in likely if code != NONE), key=lambda code: (-likely[code], code))
        return tuple(
            Match(code, self._titles.get(code, ""), min(1.0, groups[code[:GROUP_DIGITS]]))
            for code in ordered[:n]
        )

    def evidence(self, text: str) -> Evidence:
        """Return what each source says for each code that any speaks for, and what speaks for `NONE`."""
        asked = self._unit(_features(stems_in_order(text)))
        heard = [source.heard(asked) for source in self._sources]
        silent = [0.0] * PER_SOURCE
        codes = sorted({code for source in heard for code in source})
        pointed = self._pointed(asked, codes)
        found = {
            code: [*(number for source in heard for number in source.get(code, silent)), pointed[code]]
            + [0.0] * OF_NONE
            for code in codes
        }
        known = sum(weight**2 for feature, weight in asked.items() if feature in self._telling)
        return found | {NONE: silent * len(heard) + [0.0] * OF_POINTING + [1.0, 1.0 - known]}

    def _pointed(self, asked: Features, codes: Sequence[str]) -> dict[str, float]:
        """Return by code the weighted log of the share of each feature's texts that is its, best at 0.

        A feature speaks for a code by its own texts and, weakly, by those of its group and subsector.
        """
        sums = dict.fromkeys(codes, 0.0)
        for feature, weight in asked.items():
            seen = self._pointers.get(feature)
            if seen is None:
                continue
            texts = seen[_ANY]
            for code in codes:
                share = OF_CHANCE
                if code[:SUBSECTOR_DIGITS] in seen:
                    share += OF_SUBSECTOR * seen[code[:SUBSECTOR_DIGITS]] / texts
                    share += OF_GROUP * seen[code[:GROUP_DIGITS]] / texts + seen[code]
                sums[code] += weight * log(share / (texts + OF_GROUP + OF_SUBSECTOR))
        best = max(sums.values(), default=0.0)
        return {code: value - best for code, value in sums.items()}

    def _indexed(self, texts: Sequence[tuple[str, Features]]) -> _Source:
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, (_, features) in enumerate(texts):
            for feature, weight in self._unit(features).items():
                postings[feature].append((number, weight))
        codes = tuple(code for code, _ in texts)
        return _Source(codes, Counter(codes), postings)

    def _unit(self, features: Features) -> dict[str, float]:
        """Return features x how telling they are, at length 1."""
        weighed = {name: weight * self._telling.get(name, self._unseen) for name, weight in features.items()}
        length = sqrt(sum(weight**2 for weight in weighed.values())) or 1.0
        return {name: weight / length for name, weight in weighed.items()}


def probabilities(evidence: Evidence, weights: Sequence[float]) -> dict[str, float]:
    """Return the softmax of evidence x weights, by code."""
    scores = {
        code: sum(w * x for w, x in zip(weights, numbers, strict=True)) for code, numbers in evidence.items()
    }
    top = max(scores.values())
    powers = {code: exp(score - top) for code, score in scores.items()}
    total = sum(powers.values())
    return {code: power / total for code, power in powers.items()}


def _features(stems: Sequence[str]) -> Features:
    """Return the features of a text with their weights; what is repeated weighs as where it stands first."""
    weighed = {f"^{stem}": FIRST_WEIGHT for stem in stems[:1]}
    for place, stem in enumerate(stems):
        weighed.setdefault(stem, 1 / (1 + LATER * place))
    for place, (first, second) in enumerate(pairwise(stems)):
        weighed.setdefault(f"{first} {second}", PAIR_WEIGHT / (1 + LATER * place))
    return weighed


def _pointers(texts: Iterable[tuple[str, Features]]) -> Pointers:
    """Return by feature how many texts hold it: by code, by its first digits, and in all (`_ANY`)."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for code, features in texts:
        places = {code, code[:GROUP_DIGITS], code[:SUBSECTOR_DIGITS], _ANY}
        for feature in features:
            counts[feature].update(places)
    return counts


def _telling(texts: Iterable[tuple[str, Features]]) -> dict[str, float]:
    """Return log(1 + codes / codes that the feature points to) by feature."""
    pointed: dict[str, set[str]] = defaultdict(set)
    codes: set[str] = set()
    for code, features in texts:
        codes.add(code)
        for feature in features:
            pointed[feature].add(code)
    return {feature: log(1 + len(codes) / len(at)) for feature, at in pointed.items()}
