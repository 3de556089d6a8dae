"""Labelled texts for the matcher: three published sets, each split into a training and a held half.

A text is told by its words alone: without case, numbers, order and repetition. A hash of these puts it in a
half, so no text and no near-identical one is in both. The held half is not for who writes words or trains.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vcci.engine.matching import stems_in_order

AUSTIN, GROCERY, NOTICES = "austin", "grocery", "notices"
FILES = {
    AUSTIN: "naics_labels_austin_procurement_parakeet.csv",
    GROCERY: "naics_labels_caml_grocery_products.parquet",
    NOTICES: "cpv_labels_uk_contracts_finder_lancashire.csv",
}
WORDS_OF_PRODUCT = 20
"""What a shop says of a product beyond its first words is praise, size and care."""

WORDS_OF_NOTICE = 40
DIVISION_DIGITS = 2
"""A CPV division."""

NAICS_DIGITS = 6

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its most frequent code; `context` is what else the source says of its first line."""

    text: str
    code: str
    context: str = ""

    @property
    def stems(self) -> str:
        """The stems of the text, as a source of the model holds them."""
        return " ".join(stems_in_order(self.text))


@dataclass(frozen=True, slots=True)
class Halves:
    """The distinct texts of a set, split; `uncoded` texts had no code ("no match") and are left out."""

    training: tuple[Labelled, ...]
    held: tuple[Labelled, ...]
    uncoded: int


def _austin(path: Path) -> Iterable[Labelled]:
    columns = ("COMMODITY_DESCRIPTION", "naics_code_final", "EXTENDED_DESCRIPTION", "CONTRACT_NAME")
    rows = pl.read_csv(path, infer_schema=False).select(columns).fill_null("").iter_rows()
    return (Labelled(text, code, f"{extended} {contract}") for text, code, extended, contract in rows)


def _grocery(path: Path) -> Iterable[Labelled]:
    rows = pl.read_parquet(path).select("product_text", "naics_code").drop_nulls().iter_rows()
    return (Labelled(_begin(text, WORDS_OF_PRODUCT), code) for text, code in rows)


def _notices(path: Path) -> Iterable[Labelled]:
    rows = pl.read_csv(path, infer_schema=False).select("title", "cpv_codes", "description").fill_null("")
    return (
        Labelled(f"{title} {_begin(description, WORDS_OF_NOTICE)}", codes[:DIVISION_DIGITS])
        for title, codes, description in rows.iter_rows()
    )


def _begin(text: str, words: int) -> str:
    return " ".join(text.split()[:words])


READERS: Mapping[str, Callable[[Path], Iterable[Labelled]]] = {
    AUSTIN: _austin,
    GROCERY: _grocery,
    NOTICES: _notices,
}
DIGITS = {AUSTIN: NAICS_DIGITS, GROCERY: NAICS_DIGITS, NOTICES: DIVISION_DIGITS}


def read(name: str, folder: Path) -> Halves:
    """Return the distinct texts of the set `name` in `folder`, split into halves."""
    lines: dict[str, list[Labelled]] = defaultdict(list)
    for line in READERS[name](folder / FILES[name]):
        lines[_told(line.text)].append(line)
    distinct = {told: _agreed(of_text) for told, of_text in sorted(lines.items()) if told}
    coded = {told: text for told, text in distinct.items() if _is_code(text.code, DIGITS[name])}
    training = {told: text for told, text in coded.items() if in_training(told)}
    known = {_told(text.stems) for text in training.values()}
    held = (text for told, text in coded.items() if told not in training and _told(text.stems) not in known)
    return Halves(tuple(training.values()), tuple(held), uncoded=len(distinct) - len(coded))


def in_training(told: str) -> bool:
    """Return which half a text is in, by its hash."""
    return hashlib.sha256(told.encode()).digest()[-1] % 2 == 0


def _told(text: str) -> str:
    return " ".join(sorted(set(_WORD.findall(text.casefold()))))


def _agreed(lines: list[Labelled]) -> Labelled:
    code = Counter(line.code for line in lines).most_common(1)[0][0]
    return Labelled(lines[0].text, code, lines[0].context)


def _is_code(code: str, digits: int) -> bool:
    return code.isdigit() and len(code) == digits
