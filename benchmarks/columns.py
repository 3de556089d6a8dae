"""Measure how often the likeliest target of a column, by its header alone, is the one that the header means.

    vcci bench columns

benchmarks/column_headers.csv has 200 headers in seven languages with their targets, empty where a column is
none. 63 are every second of all headers of the published ledgers, in alphabetical order; the others are
written as ERP systems and open data have them, recalled and not copied from a file. The targets were written
down before the guesses were looked at. Every second header, after a shuffle with a fixed seed, is held out:
words and rules were made with the other half in sight, but one author wrote both.

`naive` is the way without rules: a header, in small letters, that stands in the word lists as it is.
"""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.record import write_record

from vcci.domain.mapping import TARGETS
from vcci.intake.columns import points
from vcci.intake.header_words import HEADER_WORDS

ROOT = Path(__file__).parents[1]
HEADERS = Path(__file__).with_name("column_headers.csv")
SEED: Final = 20_261_130
"""Any number, as long as it stays: the halves may not be drawn again until they please."""

Guess = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A header with the target that it means, empty for a column that is none."""

    header: str
    language: str
    source: str
    target: str


def labelled() -> list[Labelled]:
    """Return all headers."""
    with HEADERS.open(encoding="utf-8", newline="") as file:
        return [Labelled(**row) for row in csv.DictReader(file)]


def halves() -> tuple[list[Labelled], list[Labelled]]:
    """Return the half to work with and the half that is held out."""
    shuffled = labelled()
    random.Random(SEED).shuffle(shuffled)
    return shuffled[0::2], shuffled[1::2]


def guessed(header: str) -> str:
    """Return the target with the most points, empty if a header has none for any."""
    best = max(TARGETS, key=lambda target: points(header, target))
    return best if points(header, best) else ""


def naive(header: str) -> str:
    """Return the target under which a header stands in small letters, empty if under none."""
    return _NAMES.get(header.casefold(), "")


_NAMES: Final = {
    name: target
    for target, tiers in HEADER_WORDS.items()
    for names in tiers.values()
    for name in names.split("|")
}


def top1(headers: Sequence[Labelled], guess: Guess) -> float:
    """Return the share of headers whose guess is right; for a column that is none, no guess is."""
    return round(sum(guess(each.header) == each.target for each in headers) / len(headers), 4)


def figures() -> dict[str, float]:
    """Return the figures of the record."""
    development, held = halves()
    meant, none = [each for each in held if each.target], [each for each in held if not each.target]
    return {
        "top1_held_out": top1(held, guessed),
        "top1_development": top1(development, guessed),
        "naive_top1_held_out": top1(held, naive),
        "naive_top1_development": top1(development, naive),
        "held_out_columns_found": top1(meant, guessed),
        "held_out_others_left_alone": top1(none, guessed),
        **{
            f"top1_held_out_{language}": top1([each for each in held if each.language == language], guessed)
            for language in sorted({each.language for each in held})
        },
    }


def main(*options: str) -> None:
    """Print and record the figures; with `misses`, list what is missed of the half to work with instead."""
    if "misses" in options:
        for each in halves()[0]:
            if guessed(each.header) != each.target:
                print(
                    f"{each.header:40} means {each.target or '-':12} taken for {guessed(each.header) or '-'}"
                )
        return
    found = figures()
    print("\n".join(f"{name:32} {value:>8}" for name, value in found.items()))
    config = {"headers": len(labelled()), "seed": SEED, "targets": len(TARGETS)}
    written = write_record("columns", config=config, figures=found)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
