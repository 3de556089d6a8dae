"""Rejected rows that are alike: the same reason, in the same column, at a text of the same kind."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

FEW: Final = 8
"""Texts of one shape that are told apart, if each comes again: some words, not all numbers."""

LONGEST_SHAPE: Final = 60
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_BLANKS: Final = re.compile(r"\s+")
_WORDS: Final = re.compile(r"a(?: a)+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: why, the header of the cell at fault (or nothing), the text there."""

    reason: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are alike, by their places; `texts` counts those at fault, the most frequent first.

    `shape` is that of all of them, empty where they all have one text.
    """

    reason: str
    column: str
    shape: str
    texts: Mapping[str, int]
    places: tuple[int, ...]

    @property
    def key(self) -> str:
        """Return what names the group, as long as it is the same kind of rows."""
        text = self.shape or next(iter(self.texts))
        told = "\0".join((self.reason, self.column, "shape" if self.shape else "text", text))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def grouped(faults: Iterable[tuple[int, Fault]]) -> list[Group]:
    """Return the groups of rows (place, fault), the largest first; of two alike, the first in the file."""
    by_shape: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for place, fault in faults:
        shape = shape_of(fault.text) if fault.column else fault.text
        by_shape[fault.reason, fault.column, shape].append((place, fault.text))
    groups = [group for kind, rows in by_shape.items() for group in _groups(kind, rows)]
    return sorted(groups, key=lambda group: (-len(group.places), group.places[0]))


def shape_of(text: str) -> str:
    """Return a text with `a` for letters, `9` for digits: `12 pcs` and `3 boxes` are both `9 a`."""
    blanks = _BLANKS.sub(" ", text.strip())
    shape = _WORDS.sub("a a", _DIGITS.sub("9", _LETTERS.sub("a", blanks)))
    return shape[:LONGEST_SHAPE]


def _groups(kind: tuple[str, str, str], rows: list[tuple[int, str]]) -> Iterable[Group]:
    """Return one group, or one for each text where these are few and come again."""
    reason, column, shape = kind
    counts = Counter(text for _, text in rows)
    if len(counts) == 1 or (len(counts) <= FEW and len(rows) >= 2 * len(counts)):
        for text, count in counts.items():
            yield Group(reason, column, "", {text: count}, tuple(p for p, one in rows if one == text))
    else:
        yield Group(reason, column, shape, dict(counts.most_common()), tuple(place for place, _ in rows))
