"""Amounts as ledgers write them, read exactly: a text and a decimal mark -> a plain decimal, or nothing.

Nothing here passes through a float, and nothing is rounded. Which mark a column uses is decided from all of
its texts (`decide_mark`); where they leave it open, a person is asked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vcci.domain.mapping import DecimalMark
from vcci.engine.numbers import PLAIN_DECIMAL
from vcci.intake.currencies import currencies_of

MOST_DIGITS: Final = 18
"""Digits on either side of the mark, as in engine/numbers.py; a longer text is not a number."""

DIGITS: Final = "0-9٠-٩۰-۹０-９"
"""The digits that count, as a character class: ASCII, Arabic-Indic, Persian and full-width ones."""

_ASCII: Final = str.maketrans(
    "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９，．（）￡￥\u2212\uff0d\u2019\u02bc\uff07"
    "\u00a0\u202f\u2009\u2007\u3000",
    "012345678901234567890123456789,.()£¥--'''     ",
)
"""Digits, marks, signs and spaces of other scripts and widths, to the ones used below."""

_INVISIBLE: Final = " \t\r\n\u200e\u200f\u061c\ufeff"
_PARTS: Final = re.compile(r"([^0-9]*?)((?:(?<![^\W\d_])[.,٫])?[0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)
"""What stands before, the number, what stands after; a leading mark counts only where no letter precedes."""
_TOKEN: Final = re.compile(r"[-+()]|[^-+()\s]+")
_FRACTION: Final = r"(?:[{mark}٫](?P<fraction>[0-9]+))?"
_GROUPS: Final = r"[0-9]{{1,3}}(?P<group>[{other}' ٬])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*"
_INDIAN: Final = r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
_BODIES: Final = {
    DecimalMark.POINT: re.compile(
        rf"(?P<whole>[0-9]+|{_GROUPS.format(other=',')}|{_INDIAN})?{_FRACTION.format(mark='.')}"
    ),
    DecimalMark.COMMA: re.compile(
        rf"(?P<whole>[0-9]+|{_GROUPS.format(other='.')})?{_FRACTION.format(mark=',')}"
    ),
}
_PLAIN: Final = re.compile(PLAIN_DECIMAL)


@dataclass(frozen=True, slots=True)
class Amount:
    """A plain decimal as the engine wants it, and the currencies that a sign or code beside it may mean."""

    text: str
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkDecision:
    """The decimal mark of a column; None with `examples`: ask; None without: every text reads alike."""

    mark: DecimalMark | None
    examples: tuple[str, ...] = ()


def read_amount(text: str, mark: DecimalMark) -> Amount | None:
    """Return the amount that `text` is by the mark's convention, None if it is not exactly one."""
    parts = _parts(text)
    if parts is None:
        return None
    wrapping = _wrapping(parts[0], parts[2])
    digits = _digits(parts[1], mark)
    if wrapping is None or digits is None:
        return None
    sign, currencies = wrapping
    return Amount(sign + digits, currencies)


def decide_mark(
    texts: Iterable[str], *, typed: bool = False, given: DecimalMark | None = None
) -> MarkDecision:
    """Decide a column's mark from what can be read in one way only; the order of texts does not matter.

    `typed` files hold numbers, so plain decimals there are evidence of a point even against `given`.
    """
    evidence: dict[DecimalMark, list[str]] = {mark: [] for mark in DecimalMark}
    open_texts = []
    for text in sorted(set(texts)):
        readings = _readings(text, typed=typed)
        if len(readings) == 1:
            evidence[next(iter(readings))].append(text)
        elif len(set(readings.values())) > 1:
            open_texts.append(text)
    return _decision(evidence, open_texts, given=None if typed and _only_points(evidence) else given)


def _decision(
    evidence: dict[DecimalMark, list[str]], open_texts: list[str], *, given: DecimalMark | None
) -> MarkDecision:
    shown = [mark for mark, texts in evidence.items() if texts]
    if given is not None:
        return MarkDecision(given)
    if len(shown) > 1:
        return MarkDecision(None, tuple(texts[0] for texts in evidence.values()))
    if shown:
        return MarkDecision(shown[0])
    return MarkDecision(None, tuple(open_texts[:3]))


def _only_points(evidence: dict[DecimalMark, list[str]]) -> bool:
    return bool(evidence[DecimalMark.POINT]) and not evidence[DecimalMark.COMMA]


def _readings(text: str, *, typed: bool) -> dict[DecimalMark, str]:
    """Return the readings of a text; those too long to be a number still tell of the mark."""
    if typed and "." in text and _PLAIN.fullmatch(text):
        return {DecimalMark.POINT: text}
    parts = _parts(text)
    if parts is None or _wrapping(parts[0], parts[2]) is None:
        return {}
    matched = {mark: body.fullmatch(parts[1]) for mark, body in _BODIES.items()}
    return {mark: _joined(found) for mark, found in matched.items() if found}


def _parts(text: str) -> tuple[str, str, str] | None:
    found = _PARTS.fullmatch(text.translate(_ASCII).strip(_INVISIBLE))
    return (found[1], found[2], found[3]) if found else None


def _wrapping(before: str, after: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the sign and the currencies that stand around a number; None if anything else does."""
    left, right = _TOKEN.findall(before), _TOKEN.findall(after)
    signs = [t for t in left if t in "+-("] + [t for t in right if t == "-"]
    marks = [t for t in left + right if t not in "+-()"]
    if len(signs) > 1 or len(marks) > 1 or ")" in left or right.count(")") != left.count("("):
        return None
    if "(" in right or "+" in right or not all(map(currencies_of, marks)):
        return None
    return "-" if signs and signs[0] in "-(" else "", currencies_of(marks[0]) if marks else ()


def _digits(body: str, mark: DecimalMark) -> str | None:
    found = _BODIES[mark].fullmatch(body)
    if found is None:
        return None
    whole, _, fraction = (digits := _joined(found)).partition(".")
    return digits if max(len(whole), len(fraction)) <= MOST_DIGITS else None


def _joined(found: re.Match[str]) -> str:
    """Return whole and fraction with a point, without grouping and without zeros in front."""
    whole = re.sub("[^0-9]", "", found["whole"] or "").lstrip("0") or "0"
    return f"{whole}.{found['fraction']}" if found["fraction"] else whole
