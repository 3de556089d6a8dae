"""Measure the matchers on labelled sets: accuracy, the abstention curve, lines per second.

    vcci bench matching ../shared/data/labelled

The held halves (benchmarks/labelled.py) are asked: lines of the City of Austin and grocery products for NAICS
codes, and contract notices for CPV divisions by the same machinery trained on their own training half and the
names of the CPV. The City of Austin set is also split by the description itself, with a model of that split's
training half which does not ship. Accounts of the Oxford City Council example show what happens to words of
another world.
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import polars as pl
import yaml
from benchmarks.batch_jobs import shipped_packs
from benchmarks.labelled import (
    AUSTIN,
    DIVISION_DIGITS,
    GROCERY,
    NOTICES,
    Halves,
    Labelled,
    is_unread,
    read,
    read_by_description,
)
from benchmarks.record import write_record
from benchmarks.train_matcher import Source, answered, curve, fit, source_of, trained

from vcci.engine.learned_matching import LearnedMatcher
from vcci.engine.matching import GROUP_DIGITS, LearnedModel, Match, Matcher, stems_in_order
from vcci.parameters import load

ROOT = Path(__file__).parents[1]
MAPPING = ROOT / "examples" / "oxford-city-council" / "mapping.yaml"
CPV_NAMES = Path("crosswalks") / "eu_cpv_2008_codes_en.csv"
FLOORS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
PRECISION = 0.95
CANDIDATES = 5

Figures = dict[str, float]
Ranked = Callable[[str], Sequence[Match]]


def top(texts: Sequence[Labelled], ranked: Ranked, n: int = 1) -> float:
    """Return the share of texts whose code is among the first `n` answers."""
    return round(sum(t.code in {m.code for m in ranked(t.text)[:n]} for t in texts) / len(texts), 4)


def majority(halves: Halves) -> float:
    """Return the accuracy of always saying the training half's most frequent code."""
    ((code, _),) = Counter(t.code for t in halves.training).most_common(1)
    return round(sum(t.code == code for t in halves.held) / len(halves.held), 4)


def sureness(texts: Sequence[Labelled], ranked: Ranked) -> list[tuple[float, bool]]:
    """Return how sure the first answer to each text is, and whether its four digits are right."""
    first = [(text.code, next(iter(ranked(text.text)), None)) for text in texts]
    return [(m.confidence, m.code[:GROUP_DIGITS] == code[:GROUP_DIGITS]) for code, m in first if m]


def abstention(asked: int, sure: list[tuple[float, bool]]) -> Figures:
    """Return, for each of `FLOORS`, the shares of texts answered and of answers right at four digits."""
    found: Figures = {}
    for floor in FLOORS:
        kept = [right for confidence, right in sure if confidence >= floor]
        found[f"austin_at_{floor:.3g}_coverage"] = round(len(kept) / asked, 4)
        found[f"austin_at_{floor:.3g}_precision"] = round(sum(kept) / len(kept), 4) if kept else 1.0
    return found


def coverage_at(precision: float, asked: int, sure: list[tuple[float, bool]]) -> float:
    """Return the greatest share of texts answered with at least `precision` of the answers right."""
    return round(max((n for n, share, _ in curve(sure) if share >= precision), default=0) / asked, 4)


def of_austin(halves: Halves, learned: LearnedMatcher, lexical: Matcher) -> Figures:
    """Return all figures on the held half of the City of Austin set."""
    texts = halves.held
    whole = [Labelled(f"{t.text} {t.context}", t.code) for t in texts]

    def ranked(text: str) -> Sequence[Match]:
        return learned.ranked(text, CANDIDATES)

    sure = sureness(texts, ranked)
    words = sureness(texts, lambda text: lexical.ranked(text, 1))
    return {
        "austin_top1": top(texts, ranked),
        "austin_top5": top(texts, ranked, CANDIDATES),
        "austin_top1_description_only": top(texts, ranked),
        "austin_top1_all_texts": top(whole, ranked),
        "austin_same_4_digits": round(sum(right for _, right in sure) / len(texts), 4),
        "austin_held_texts_with_a_code_seen_in_training": _seen(halves),
        "lexical_top1": top(texts, lambda text: lexical.ranked(text, 1)),
        "majority_top1": majority(halves),
        "coverage_at_95_precision": coverage_at(PRECISION, len(texts), sure),
        "lexical_coverage_at_95_precision": coverage_at(PRECISION, len(texts), words),
        "lines_per_s": rate(texts, ranked),
        **abstention(len(texts), sure),
        **as_shipped(texts, learned),
    }


def of_descriptions(halves: Halves, products: Sequence[Labelled]) -> Figures:
    """Return the accuracy on the split by description, of a model of its own training half.

    Half of its held descriptions are in the training half of the strict split, and product words were written
    with those in sight; `unread` is the accuracy on the others.
    """
    matcher = LearnedMatcher(trained(halves.training, products), {})
    unread = [text for text in halves.held if is_unread(text)]
    return {
        "austin_top1_by_description": top(halves.held, lambda text: matcher.ranked(text, 1)),
        "austin_top1_by_description_unread": top(unread, lambda text: matcher.ranked(text, 1)),
        "austin_descriptions_training": len(halves.training),
        "austin_descriptions_held": len(halves.held),
        "austin_descriptions_held_unread": len(unread),
    }


def as_shipped(texts: Sequence[Labelled], learned: LearnedMatcher) -> Figures:
    """Return the share of texts that the product would answer, and the share of these that are right."""
    answers = [(text.code, match) for text in texts if (match := learned.best(text.text))]
    right = sum(match.code[:GROUP_DIGITS] == code[:GROUP_DIGITS] for code, match in answers)
    return {
        "austin_as_shipped_coverage": round(len(answers) / len(texts), 4),
        "austin_as_shipped_precision": round(right / len(answers), 4),
    }


def _seen(halves: Halves) -> float:
    codes = {text.code for text in halves.training}
    return round(sum(text.code in codes for text in halves.held) / len(halves.held), 4)


def rate(texts: Sequence[Labelled], ranked: Ranked) -> float:
    """Return texts answered in a second, by one process."""
    started = perf_counter()
    for text in texts:
        ranked(text.text)
    return round(len(texts) / (perf_counter() - started))


def of_notices(halves: Halves, names: Source) -> Figures:
    """Return the accuracy of CPV divisions on held notices, by a model trained on the others."""
    weights = fit(answered([halves.training], [names]))
    matcher = LearnedMatcher(LearnedModel((source_of(halves.training), names), weights, 1.0), {})
    return {
        "cpv_division_top1": top(halves.held, lambda text: matcher.ranked(text, 1)),
        "cpv_division_majority_top1": majority(halves),
    }


def cpv_names(path: Path) -> Source:
    """Return the names of the CPV as texts of their divisions."""
    rows = pl.read_csv(path, infer_schema=False).select("code", "name").iter_rows()
    return tuple((code[:DIVISION_DIGITS], " ".join(stems_in_order(name))) for code, name in rows)


def of_accounts(learned: LearnedMatcher, lexical: Matcher) -> Figures:
    """Return what the learned matcher would make of account names that the lexical one leaves open."""
    rules = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))["accounts"]
    named = {rule["account"]: str(rule.get("commodity", "")) for rule in rules if rule.get("account")}
    left = {a: code for a, code in named.items() if not lexical.abstains(a) and not lexical.best(a)}
    answers = [(code, match) for a, code in left.items() if (match := learned.best(a))]
    right = sum(match.code[:GROUP_DIGITS] == code[:GROUP_DIGITS] for code, match in answers)
    return {
        "accounts": len(named),
        "accounts_left_open_by_words": len(left),
        "accounts_answered_by_learned": len(answers),
        "accounts_answered_by_learned_same_4_digits": right,
    }


def main(folder: str) -> None:
    """Measure all sets; print and record the figures."""
    at = Path(folder)
    model, titles = load.learned_model(), shipped_packs().titles()
    started = perf_counter()
    learned = LearnedMatcher(model, titles)
    indexing = perf_counter() - started
    lexical = Matcher(titles, load.everyday_words())
    sets = {name: read(name, at) for name in (AUSTIN, GROCERY, NOTICES)}
    figures = {
        **of_austin(sets[AUSTIN], learned, lexical),
        **of_descriptions(read_by_description(at), sets[GROCERY].training),
        "grocery_top1": top(sets[GROCERY].held, lambda text: learned.ranked(text, 1)),
        "grocery_majority_top1": majority(sets[GROCERY]),
        **of_notices(sets[NOTICES], cpv_names(at.parent / CPV_NAMES)),
        **of_accounts(learned, lexical),
        "model_kb": round(load.LEARNED_MODEL.stat().st_size / 1000),
        "indexing_s": round(indexing, 2),
    }
    print("\n".join(f"{name:56} {value:>10,}" for name, value in figures.items()))
    written = write_record("matching", config=described(sets, model), figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


def described(sets: dict[str, Halves], model: LearnedModel) -> dict[str, object]:
    """Return what the figures hold for."""
    return {
        "split": "by a hash of a text's distinct words, without numbers; each distinct text counts once",
        "austin_top1": "of the description alone; its other texts are added in austin_top1_all_texts",
        "austin_top1_by_description": "split by a hash of each description, case and spacing folded",
        "precision": "of the first four digits; accuracy (top) is of all six, or of the CPV division",
        "coverage_at_95_precision": "read off the held half's own curve; the floor is of the training half",
        "floor": model.floor,
        "texts": {
            name: {"training": len(s.training), "held": len(s.held), "without_code": s.uncoded}
            for name, s in sets.items()
        },
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
