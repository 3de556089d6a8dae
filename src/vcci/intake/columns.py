"""Which column of a file is what: the mapping's word first, then a table of the names that ledgers use."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from vcci.domain.mapping import TARGETS
from vcci.errors import MappingError
from vcci.intake.currencies import ENGLISH_WORDS, ISO_4217, SIGNS
from vcci.intake.header_parts import BY_PARTS, CAMEL, points_by_parts
from vcci.intake.header_words import (
    BARE_UNIT,
    CAPITAL_WORDS,
    HEADER_UNITS,
    HEADER_WORDS,
    MARGIN,
    REVENUE_WORDS,
)
from vcci.intake.questions import Example, Question

Texts = Callable[[int], frozenset[str]]
"""The distinct texts of a column, by its index."""

_BRACKET: Final = re.compile(r"[\[(]([^])]+)[\])]")
ASKED: Final = ("quantity", "date", "supplier")
"""Targets that a question is worth, even where the names only hint at them."""

_AREA: Final = re.compile(r".*\.(?=\w)")
"""What stands before a name with a point between, as in an extract that names its tables."""

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""Control characters: what they part is no word, and `quantity_k\\0g` is not in grams."""

_POSITION: Final = re.compile(r"#([1-9][0-9]{0,2})")
"""How a mapping names a column by its place, from 1, where names are empty or occur twice."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column found for a target, and by which name; `points` of 100 if it was guessed, else 0."""

    index: int
    name: str
    points: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """The columns of one file by target, the unit that the quantity's header states, and open questions."""

    columns: dict[str, Column]
    unit: str
    questions: tuple[Question, ...] = ()


def fit_columns(
    header: Sequence[str], accepted: dict[str, tuple[str, ...]], *, texts: Texts, file: str
) -> Fit:
    """Find the column of every target; raise `MappingError` if there is none for the quantity.

    A target of `accepted` takes its first name that the file has, and is never guessed.
    """
    found: dict[str, Column] = {}
    questions: list[Question] = []
    unit = ""
    for target in ("quantity", *(target for target in TARGETS if target != "quantity")):
        if target == "unit" and unit and target not in accepted:
            continue
        if target in accepted:
            columns = _named(header, accepted[target])
        else:
            taken = {column.index for column in found.values()}
            columns = _guessed(header, target, texts=texts, taken=taken)
        if len(columns) > 1:
            questions.append(_which(target, columns, header=header, file=file))
        elif columns:
            found[target] = columns[0]
        elif target == "quantity":
            raise _no_quantity(header, accepted.get(target, ()), file=file)
        if target == "quantity" and columns:
            unit = header_unit(header[columns[0].index])
    return Fit(found, unit, tuple(questions))


def fold(header: str) -> str:
    """Return a header without case, spacing and punctuation: `Supplier_Name` and `supplier name` are one."""
    return "".join(filter(str.isalnum, header.casefold()))


def header_unit(header: str) -> str:
    """Return the unit or currency that a header states: `quantity_kg`, `Amount (GBP)`, `Wert €`."""
    return _split_unit(header)[1]


def points(header: str, target: str) -> int:
    """Return how well a header fits a target by its name or the parts of it, of 100; 0 if it does not."""
    if any(listed_points(header, other) for other in TARGETS):
        return listed_points(header, target)
    if _UNSEEN.search(header):
        return 0
    return points_by_parts(_split_unit(header)[0], target)


def listed_points(header: str, target: str) -> int:
    """Return how well a header fits a target that it is on the list of, of 100; `FIN.DATE` is a `DATE`."""
    return max(_points(header, target), _points(_AREA.sub("", header), target))


def scored_columns(header: Sequence[str], target: str) -> list[Column]:
    """Return the columns whose names fit a target, the best first, whatever their texts say."""
    scored = (Column(i, column_key(header, i), points(cell, target)) for i, cell in enumerate(header))
    return sorted((column for column in scored if column.points), key=lambda column: -column.points)


def column_key(header: Sequence[str], index: int) -> str:
    """Return how a mapping names a column: by its header, or its place where that is empty or not alone."""
    name = header[index]
    alike = [cell for cell in header if fold(cell) == fold(name)]
    return name if fold(name) and len(alike) == 1 else f"#{index + 1}"


def _points(header: str, target: str) -> int:
    known = _POINTS[target]
    if target != "quantity":
        return known.get(fold(header), 0)
    words, unit = _split_unit(header)
    bare = BARE_UNIT if unit in ISO_4217 and not fold(words) else 0
    return known.get(fold(header), 0) or known.get(fold(words), bare)


def _named(header: Sequence[str], names: Sequence[str]) -> list[Column]:
    """Return the columns of the first name that occurs: as written, else as folded, else by its place."""
    for name in names:
        wanted = " ".join(name.split())
        exact = [i for i, cell in enumerate(header) if " ".join(cell.split()) == wanted]
        folded = [i for i, cell in enumerate(header) if fold(cell) and fold(cell) == fold(name)]
        if place := _POSITION.fullmatch(wanted):
            folded = [int(place[1]) - 1] if int(place[1]) <= len(header) else []
        if columns := [Column(i, name) for i in exact or folded]:
            return columns
    return []


def _guessed(header: Sequence[str], target: str, *, texts: Texts, taken: set[int]) -> list[Column]:
    """Return the column that leads by `MARGIN`, or all those that are as good or of the same name.

    What a run can do without is not asked for where names on no list are all there is.
    """
    scored = {i: points(cell, target) for i, cell in enumerate(header) if i not in taken}
    fits = _EVIDENCE.get(target, _anything)
    fitting = [i for i, found in scored.items() if found and fits(texts, i)]
    best = max((scored[i] for i in fitting), default=0)
    names = {fold(header[i]) for i in fitting if scored[i] > best - MARGIN}
    if best <= BY_PARTS and len(names) > 1 and target not in ASKED:
        return []
    return [Column(i, header[i], scored[i]) for i in scored if fold(header[i]) in names]


def _anything(_texts: Texts, _index: int) -> bool:
    return True


def _says_capital(texts: Texts, index: int) -> bool:
    words = {text.strip().casefold() for text in texts(index)} - {""}
    return bool(words) and words <= {*CAPITAL_WORDS, *REVENUE_WORDS}


def _says_country(texts: Texts, index: int) -> bool:
    words = {text.strip() for text in texts(index)} - {""}
    return all(len(word) == 2 and word.isascii() and word.isupper() for word in words)


_EVIDENCE: Final[dict[str, Callable[[Texts, int], bool]]] = {
    "capital": _says_capital,
    "region": _says_country,
}
"""What the texts must look like for a guess, where the name alone says too little."""

_POINTS: Final = {
    target: {fold(name): scored for scored, names in tiers.items() for name in names.split("|")}
    for target, tiers in HEADER_WORDS.items()
}


def _split_unit(header: str) -> tuple[str, str]:
    """Return a header's other words and its unit: that of a bracket, a sign, or the last word."""
    for bracket in _BRACKET.finditer(header):
        if unit := _unit(bracket[1].strip(), bracketed=True):
            return header.replace(bracket[0], " "), unit
    for sign, codes in SIGNS.items():
        if not sign.isalpha() and len(sign) == 1 and sign in header:
            return header.replace(sign, " "), codes[0] if len(codes) == 1 else ""
    words = re.split(r"[\W_]+", CAMEL.sub(" ", header))
    words = [word for word in words if word]
    if words and (unit := _unit(words[-1], bracketed=False)):
        return " ".join(words[:-1]), unit
    return header, ""


def _unit(word: str, *, bracketed: bool) -> str:
    code = word.upper()
    if code in ISO_4217 and (bracketed or code not in ENGLISH_WORDS):
        return code
    signed = SIGNS.get(word.casefold(), ())
    if word.casefold() in HEADER_UNITS:
        return word
    return signed[0] if bracketed and len(signed) == 1 else ""


def _which(target: str, columns: Sequence[Column], *, header: Sequence[str], file: str) -> Question:
    """Ask which of several columns is meant, with the lines that would answer."""
    names = [header[column.index] for column in columns]
    shown = " and ".join(f'"{name}" (column {c.index + 1})' for name, c in zip(names, columns, strict=True))
    same = len(set(map(fold, names))) < len(names)
    keys = [f"#{c.index + 1}" if same else header[c.index] for c in columns]
    lines = " or ".join(f'`{target}: ["{key}"]`' for key in keys)
    return Question(
        code="column_ambiguous",
        what=f"{file}: {shown} fit {target} equally well.",
        remedy=f"Put one of these lines under `columns:` in a mapping file (--map): {lines}.",
        file=file,
        target=target,
        examples=tuple(map(Example, keys)),
    )


def _no_quantity(header: Sequence[str], names: Sequence[str], *, file: str) -> MappingError:
    return MappingError(
        f"{file} has no column for the quantity or amount. Its columns: {', '.join(map(repr, header))}.",
        tried=names or ("the names that ledgers use",),
        remedy="Name it in a mapping file (--map): `columns: {quantity: [NAME]}`, or say where the header is "
        "(--header-row).",
        code="quantity_column_missing",
    )
