"""Measure precision and coverage of the matcher on labelled sets, by confidence floor.

    vcci bench matching_floor LABELS...

LABELS are the City of Austin set of the Parakeet repository (CSV, CDLA-Permissive-2.0), or a mapping (YAML),
whose account rules are then the labels. Texts are matched to the titles of the factors that ship. Each
distinct text counts once; a hash of the text puts it in the development half, by which the matcher was made,
or in the held half, which only measures. An account that is no purchase has no right code.
"""

import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import polars as pl
import yaml
from benchmarks.batch_jobs import shipped_packs
from benchmarks.record import write_record

from vcci.engine.matching import CONFIDENCE_FLOOR, GROUP_DIGITS, Match, Matcher
from vcci.parameters import load

ROOT = Path(__file__).parents[1]
TEXT, CODE = "COMMODITY_DESCRIPTION", "naics_code_final"
FLOORS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.55, CONFIDENCE_FLOOR, 0.7)
HALVES = ("development", "held")

Labelled = list[tuple[str, str]]
Asked = list[tuple[str, tuple[Match, ...]]]


def of_csv(path: Path) -> Iterable[tuple[str, str]]:
    """Yield texts and codes of the City of Austin set."""
    return pl.read_csv(path, infer_schema=False).select(TEXT, CODE).drop_nulls().iter_rows()


def of_mapping(path: Path) -> Iterable[tuple[str, str]]:
    """Yield account names and commodities of a mapping; the code is empty for what is no purchase."""
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))["accounts"]
    return ((rule["account"], rule.get("commodity", "")) for rule in rules if rule.get("account"))


READERS = {".csv": of_csv, ".yaml": of_mapping}


def labelled(path: Path) -> dict[str, Labelled]:
    """Return distinct texts with their most frequent code, by half."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for text, code in READERS[path.suffix](path):
        votes[text.strip().casefold()][code] += 1
    halves: dict[str, Labelled] = {half: [] for half in HALVES}
    for text, codes in sorted(votes.items()):
        half = HALVES[hashlib.sha256(text.encode()).digest()[-1] % 2]
        halves[half].append((text, max(sorted(codes), key=codes.__getitem__)))
    return halves


def figures(name: str, asked: Asked) -> dict[str, float]:
    """Return, for each floor, how many texts are matched and how many of those rightly."""
    found: dict[str, float] = {f"{name}_texts": len(asked)}
    for floor in FLOORS:
        kept = [(code, m[0]) for code, m in asked if m and m[0].confidence >= floor]
        at = f"{name}_at_{floor:.2f}"
        found[f"{at}_matched"] = len(kept)
        found[f"{at}_same_naics_6"] = sum(code == match.code for code, match in kept)
        found[f"{at}_same_4_digits"] = sum(_group(code) == _group(match.code) for code, match in kept)
    return found


def _group(code: str) -> str:
    return code[:GROUP_DIGITS]


def main(*paths: Path) -> None:
    """Measure all sets; print and record the counts."""
    matcher = Matcher(shipped_packs().titles(), load.everyday_words())
    found: dict[str, float] = {}
    for path in paths:
        for half, texts in labelled(path).items():
            started = perf_counter()
            asked = [(code, matcher.ranked(text, 1)) for text, code in texts]
            microseconds = (perf_counter() - started) / len(texts) * 1e6
            name = f"{path.stem}_{half}"
            found |= figures(name, asked) | {f"{name}_microseconds_a_text": round(microseconds)}
    print("\n".join(f"{name:72} {value:>8,}" for name, value in found.items()))
    written = write_record("matching_floor", config={"sets": [path.name for path in paths]}, figures=found)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
