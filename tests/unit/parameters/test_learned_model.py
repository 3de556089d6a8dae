"""The learned model that ships is whole, knows only real commodities, and is documented by its record."""

import hashlib
import json
from pathlib import Path

from vcci.engine.learned_matching import OF_NONE, OF_POINTING, PER_SOURCE, LearnedMatcher
from vcci.parameters import load

ROOT = Path(__file__).parents[3]
FLOORS = ("0", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "0.95")
LARGEST_BYTES = 2_000_000


def test_the_model_is_small_and_has_the_digest_that_it_says() -> None:
    read = json.loads(load.LEARNED_MODEL.read_bytes())
    content = {name: read[name] for name in ("weights", "floor", "sources")}
    assert hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() == read["digest"]
    assert load.LEARNED_MODEL.stat().st_size <= LARGEST_BYTES


def test_the_model_has_a_weight_for_each_evidence_and_six_digits_for_each_text() -> None:
    model = load.learned_model()
    assert len(model.weights) == PER_SOURCE * len(model.sources) + OF_POINTING + OF_NONE
    codes = {code for source in model.sources for code, _ in source}
    assert {code for code in codes if not (code.isdigit() and len(code) == 6)} == set()
    assert 0.5 < model.floor < 1


def test_a_stock_line_that_titles_do_not_explain_is_placed() -> None:
    matcher = LearnedMatcher(load.learned_model(), {"332722": "Bolts", "332911": "Valves"})
    found = [
        matcher.best(text) for text in ("BOLT HEX HEAD ZINC 1/2 IN", "VALVE GATE BRASS 2 IN", "Period 4")
    ]
    assert [match and match.code for match in found] == ["332722", "332911", None]


def test_a_period_of_time_and_support_alone_are_placed_nowhere() -> None:
    matcher = LearnedMatcher(load.learned_model(), {"511120": "Periodical Publishers", "339113": "Supplies"})
    texts = ("Period: 1.1.25 to 31.1.25", "Support", "support period", "Monthly support, period 3")
    assert [matcher.best(text) for text in texts] == [None] * len(texts)


def test_the_abstention_curve_in_the_docs_is_that_of_the_record() -> None:
    record = json.loads((ROOT / "benchmarks/results/matching.json").read_text(encoding="utf-8"))["figures"]
    text = (ROOT / "docs/matching.md").read_text(encoding="utf-8")
    rows = [
        f"| {f} | {record[f'austin_at_{f}_coverage']:.1%} | {record[f'austin_at_{f}_precision']:.1%} |"
        for f in FLOORS
    ]
    assert [row for row in rows if row not in text] == []


def test_the_accuracies_in_the_docs_are_those_of_the_record() -> None:
    record = json.loads((ROOT / "benchmarks/results/matching.json").read_text(encoding="utf-8"))["figures"]
    text = (ROOT / "docs/matching.md").read_text(encoding="utf-8")
    shares = {name: value for name, value in record.items() if "_at_" not in name and value <= 1}
    shares.pop("indexing_s", None)
    assert [n for n, value in shares.items() if f"| `{n}` | {value:.1%} |" not in text] == []
