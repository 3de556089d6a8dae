"""Print precision and coverage of the matcher on a labelled set, by confidence floor.

    python benchmarks/matching_floor.py LABELS FACTORS

LABELS is the City of Austin set of the Parakeet repository (CSV, CDLA-Permissive-2.0), or a mapping (YAML),
whose account rules are then the labels; FACTORS is the EPA's supply-chain factors (CSV), whose titles are
matched to. Each distinct text counts once; a hash of the text puts it in the development half, by which the
matcher was made, or in the held half, which only measures. An account that is no purchase has no right code.
"""

import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

import polars as pl
import yaml

from vcci.engine.matching import CONFIDENCE_FLOOR, GROUP_DIGITS, Match, Matcher
from vcci.parameters import load

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


def share(hits: Iterable[bool]) -> str:
    """Return hits of tries, as a share and in numbers."""
    tried = list(hits)
    return f"{sum(tried) / len(tried):.1%} ({sum(tried)} of {len(tried)})" if tried else "-"


def row(half: str, *, floor: float, asked: Asked) -> str:
    """Return one row of the table: what is matched at this floor, and how much of it is right."""
    kept = [(code, m[0]) for code, m in asked if m and m[0].confidence >= floor]
    exact = share(code == match.code for code, match in kept)
    group = share(code[:GROUP_DIGITS] == match.code[:GROUP_DIGITS] for code, match in kept)
    return f"| {half} | {floor:.2f} | {len(kept) / len(asked):.1%} | {exact} | {group} |"


def main(labels: Path, factors: Path) -> None:
    """Print the table for both halves."""
    frame = pl.read_csv(factors, infer_schema=False)
    matcher = Matcher(dict(frame.select(frame.columns[:2]).iter_rows()), load.everyday_words())
    print("| half | floor | matched | same NAICS-6 | same 4 digits |\n|---|---:|---:|---:|---:|")
    for half, texts in labelled(labels).items():
        started = perf_counter()
        asked = [(code, matcher.ranked(text, 5)) for text, code in texts]
        elapsed = perf_counter() - started
        for floor in FLOORS:
            print(row(half, floor=floor, asked=asked))
        top_5 = share(any(match.code == code for match in matches) for code, matches in asked)
        print(f"\n{half}: {len(texts)} distinct texts; right code among the first five: {top_5}; ", end="")
        print(f"{elapsed / len(texts) * 1e6:.0f} us a text\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
