"""Labelled texts for the matcher: three published sets, each split into a training and a held half.

A text is told by its words alone: without case, numbers, order and repetition. A hash of these puts it in a
half, so no text and no near-identical one is in both. The held half is not for who writes words or trains.
`read_by_description` splits the City of Austin set the literal way instead, by each distinct description.
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


def read_by_description(folder: Path) -> Halves:
    """Return the distinct descriptions of the City of Austin set, split by a hash of the description itself.

    Case and spacing are folded, nothing else: two sizes of one thing are two texts, perhaps in both halves.
    """
    lines: dict[str, list[Labelled]] = defaultdict(list)
    for line in READERS[AUSTIN](folder / FILES[AUSTIN]):
        lines[" ".join(line.text.casefold().split())].append(line)
    distinct = {spelt: _agreed(of_text) for spelt, of_text in sorted(lines.items()) if spelt}
    coded = {spelt: text for spelt, text in distinct.items() if _is_code(text.code, NAICS_DIGITS)}
    training = tuple(text for spelt, text in coded.items() if in_training(spelt))
    held = tuple(text for spelt, text in coded.items() if not in_training(spelt))
    return Halves(training, held, uncoded=len(distinct) - len(coded))


def is_unread(text: Labelled) -> bool:
    """Return whether a text is of the held half of the strict split: nobody read it who wrote words."""
    return not in_training(_told(text.text))


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
