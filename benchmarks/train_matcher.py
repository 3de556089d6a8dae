"""Train the learned matcher from the training halves and write the model file that ships.

    vcci bench train_matcher ../shared/data/labelled

The model is texts and few weights: labelled lines and products, product words (product_words.yaml) with the
goods of the NAICS index (naics_index.yaml) and the everyday phrases, and titles. The weights are fitted, and
the floor is set, on answers to training texts by indexes that hold neither them nor the product words that
look written for them (ten folds). The held halves are not used.
"""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import sqrt
from pathlib import Path

import yaml
from benchmarks.batch_jobs import shipped_packs
from benchmarks.labelled import AUSTIN, GROCERY, Labelled, read

from vcci.engine.learned_matching import (
    NONE,
    OF_NONE,
    OF_POINTING,
    PER_SOURCE,
    Evidence,
    LearnedMatcher,
    probabilities,
)
from vcci.engine.matching import GROUP_DIGITS, TRADE_SECTORS, LearnedModel, stems_in_order
from vcci.parameters import load

PRODUCT_WORDS = Path(__file__).with_name("product_words.yaml")
NAICS_INDEX = Path(__file__).with_name("naics_index.yaml")
WRITTEN_STEMS = 2
"""Product words were written with the training lines in sight. While a line is tested, those of its code with
so many stems or more that all stand in it are left out: with them, 71 of 100 training lines are answered
rightly and 60 of 100 held ones; without them, 62 training lines."""

FOLDS = 10
CANDIDATES = 30
"""Codes of a text that the fit looks at, those that the nearest texts speak for."""

GROCERY_STRIDE = 12
"""Every twelfth product has a say in the weights: groceries are to be known, but lines are what is asked."""

STEPS, RATE, RIDGE = 200, 0.5, 0.003
PRECISION = 0.95
LEAST_ANSWERS = 100
"""A floor is not read off fewer answers than these."""

Source = tuple[tuple[str, str], ...]
Cases = list[tuple[Evidence, str]]


def source_of(texts: Iterable[Labelled]) -> Source:
    """Return labelled texts as the model holds them."""
    return tuple((text.code, text.stems) for text in texts)


def written_words() -> Source:
    """Return the product words as texts of their codes."""
    return _listed(PRODUCT_WORDS)


def words_of_products() -> Source:
    """Return product words, goods of the NAICS index and everyday phrases as texts of their codes."""
    everyday = load.everyday_words().phrases.items()
    return (
        *written_words(),
        *_listed(NAICS_INDEX),
        *((code, " ".join(stems_in_order(phrase))) for phrase, code in everyday),
    )


def _listed(path: Path) -> Source:
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    pairs = ((code, phrase) for code, phrases in listed.items() for phrase in phrases)
    return tuple((code, " ".join(stems_in_order(phrase))) for code, phrase in pairs)


def titles() -> Source:
    """Return the titles of all commodities with a factor, but for trade."""
    listed = shipped_packs().titles().items()
    return tuple(
        (code, " ".join(stems_in_order(title)))
        for code, title in listed
        if not code.startswith(TRADE_SECTORS)
    )


def answered(
    sets: Sequence[Sequence[Labelled]],
    rest: Sequence[Source],
    strides: Sequence[int] = (1,),
    *,
    written: Source = (),
) -> Cases:
    """Return the evidence for every n-th text of each set (`strides`), from an index without its fold.

    `written` are texts of `rest` that were written with the first set in sight (`WRITTEN_STEMS`).
    """
    cases: Cases = []
    for fold in range(FOLDS):
        kept = [tuple(t for n, t in enumerate(texts) if n % FOLDS != fold) for texts in sets]
        for_fold = _written_for([t for n, t in enumerate(sets[0]) if n % FOLDS == fold], written)
        others = (tuple(pair for pair in source if pair not in for_fold) for source in rest)
        sources = (*(source_of(texts) for texts in kept), *others)
        matcher = LearnedMatcher(LearnedModel(sources, (), 1.0), {})
        for texts, stride in zip(sets, strides, strict=True):
            tested = [text for n, text in enumerate(texts) if n % FOLDS == fold]
            cases += [(matcher.evidence(t.text), t.code) for t in tested[::stride]]
    return cases


def _written_for(tested: Iterable[Labelled], written: Source) -> frozenset[tuple[str, str]]:
    stems: dict[str, list[set[str]]] = defaultdict(list)
    for text in tested:
        stems[text.code].append(set(text.stems.split()))
    return frozenset(
        (code, text)
        for code, text in written
        if len(words := set(text.split())) >= WRITTEN_STEMS and any(words <= held for held in stems[code])
    )


def fit(cases: Cases) -> tuple[float, ...]:
    """Return the weights of the conditional logit: gradient descent with a step of its own for each."""
    shortened = [_shortened(evidence, code) for evidence, code in cases]
    width = len(next(iter(cases[0][0].values())))
    scale = _scale([row for rows, _ in shortened for row in rows], width)
    scaled = [
        ([[x / s for x, s in zip(row, scale, strict=True)] for row in rows], right)
        for rows, right in shortened
    ]
    weights, squares = [0.0] * width, [1e-8] * width
    for _ in range(STEPS):
        slope = _slope(scaled, weights)
        squares = [q + g * g for q, g in zip(squares, slope, strict=True)]
        weights = [w - RATE * g / sqrt(q) for w, g, q in zip(weights, slope, squares, strict=True)]
    return tuple(round(w / s, 4) for w, s in zip(weights, scale, strict=True))


def _shortened(evidence: Evidence, code: str) -> tuple[list[list[float]], int]:
    """Return the rows of the best supported codes and of "none", with the place of what is right."""
    last = OF_POINTING + OF_NONE
    support = {c: sum(row[:-last:PER_SOURCE]) for c, row in evidence.items() if c != NONE}
    kept = [*sorted(support, key=lambda c: (-support[c], c))[:CANDIDATES], NONE]
    return [evidence[c] for c in kept], kept.index(code if code in kept else NONE)


def _scale(rows: list[list[float]], width: int) -> list[float]:
    return [sqrt(sum(row[n] ** 2 for row in rows) / len(rows)) or 1.0 for n in range(width)]


def _slope(cases: list[tuple[list[list[float]], int]], weights: list[float]) -> list[float]:
    slope = [RIDGE * w for w in weights]
    for rows, right in cases:
        likely = probabilities({str(n): row for n, row in enumerate(rows)}, weights)
        for n, (row, probability) in enumerate(zip(rows, likely.values(), strict=True)):
            off = (probability - (n == right)) / len(cases)
            slope = [g + off * x for g, x in zip(slope, row, strict=True)]
    return slope


def floor_of(answers: Iterable[tuple[float, bool]]) -> float:
    """Return the least confidence at and above which `PRECISION` of the answers are right.

    Where no confidence reaches that (labels have errors too), it is the one that comes nearest.
    """
    kept = [
        (min(precision, PRECISION), count, confidence)
        for count, precision, confidence in curve(answers)
        if count >= LEAST_ANSWERS
    ]
    return round(max(kept)[2], 3) if kept else 1.0


def curve(answers: Iterable[tuple[float, bool]]) -> list[tuple[int, float, float]]:
    """Return, for each confidence: how many answers are at or above it, the share that is right, itself."""
    ordered = sorted(answers, reverse=True)
    rights = accumulate(is_right for _, is_right in ordered)
    return [
        (n, right / n, confidence)
        for n, (right, (confidence, _)) in enumerate(zip(rights, ordered, strict=True), start=1)
    ]


def answers(cases: Cases, weights: Sequence[float]) -> list[tuple[float, bool]]:
    """Return how sure the likeliest code's group is, and whether it is right, for each case."""
    found = []
    for evidence, code in cases:
        likely = probabilities(evidence, weights)
        best = max((c for c in likely if c != NONE), key=likely.__getitem__, default="")
        group = best[:GROUP_DIGITS]
        sure = sum(p for c, p in likely.items() if c != NONE and c.startswith(group))
        found.append((sure, bool(best) and code.startswith(group)))
    return found


def trained(lines: Sequence[Labelled], products: Sequence[Labelled]) -> LearnedModel:
    """Return the model of two training halves."""
    sets = (lines, products)
    rest, written = [words_of_products(), titles()], written_words()
    weights = fit(answered(sets, rest, (1, GROCERY_STRIDE), written=written))
    tested = answered(sets[:1], [source_of(sets[1]), *rest], written=written)
    floor = floor_of(answers(tested, weights))
    return LearnedModel((*map(source_of, sets), *rest), weights, floor)


def written(model: LearnedModel) -> str:
    """Return the model file: provenance, weights, floor and texts, with the digest of these."""
    content = {
        "weights": model.weights,
        "floor": model.floor,
        "sources": {
            name: [f"{code} {text}" for code, text in source]
            for name, source in zip(load.LEARNED_SOURCES, model.sources, strict=True)
        },
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return json.dumps({"provenance": PROVENANCE, "digest": digest, **content}, indent=0) + "\n"


PROVENANCE = (
    "Made by benchmarks/train_matcher.py. Lines: training half of the City of Austin purchase lines, and"
    " products: training half of the CaML grocery products, both labelled by Amazon Science"
    " (carbon-assessment-with-ml), CDLA-Permissive-2.0 (its text is beside this file)."
    " Words: benchmarks/product_words.yaml, everyday_words.yaml, and benchmarks/naics_index.yaml,"
    " condensed from the 2017 NAICS Index File, US Census Bureau, public domain."
    " Titles: NAICS 2017, US Census Bureau, public domain."
)


def main(folder: str) -> None:
    """Train, and write the model file."""
    model = trained(*(read(name, Path(folder)).training for name in (AUSTIN, GROCERY)))
    load.LEARNED_MODEL.write_text(written(model), encoding="utf-8")
    size = load.LEARNED_MODEL.stat().st_size
    print(f"floor {model.floor}; weights {model.weights}; {size / 1000:.0f} kB in {load.LEARNED_MODEL.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
