"""Patterns that tell fills apart without colour, names of drawings, and how a script writes numbers."""

import hashlib
from collections.abc import Mapping
from typing import Final

from vcci.web.formats import SEPARATORS, Format, Numbers

TILE: Final = 8
"""Side of the square that a pattern repeats."""

PATTERNS: Final[Mapping[str, str]] = {
    "total": "",
    "up": "M-2,10 L10,-2 M-2,2 L2,-2 M6,10 L10,6",
    "down": "M-2,-2 L10,10 M6,-2 L10,2 M-2,6 L2,10",
    "level": "",
}
"""Strokes on a tile by the kind of a bridge's row; nothing stands for a plain fill."""

SCORE_PATTERNS: Final[Mapping[int, str]] = {
    0: "M2,2 L6,6 M6,2 L2,6",
    1: "",
    2: "M4,3.5 V4.5",
    3: "M0,4 H8",
    4: "M-2,10 L10,-2 M-2,2 L2,-2 M6,10 L10,6",
    5: "M0,4 H8 M4,0 V8",
}
"""Strokes on a tile by the step of a score: the worse, the denser; crosses stand for no score."""


def chart_id(*shown: object) -> str:
    """Return a name for a drawing: another one for another content, the same in every process."""
    return "c" + hashlib.blake2s(repr(shown).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def number_style(form: Format) -> Mapping[str, str]:
    """Return what a script needs to write numbers as the person likes them."""
    group, mark = SEPARATORS[form.numbers]
    pairs = "2" if form.numbers is Numbers.INDIAN else "3"
    return {"unit": form.unit.value, "group": group, "mark": mark, "digits": pairs}
