"""A bar chart, laid out here and drawn as SVG by the page: no script, readable without colour.

Labels stand left, bars in the middle, values right, so that no bar runs into a text. Totals below zero go
left of the zero line, and are outlined rather than filled.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 760
"""Width of the drawing, in its own units; it scales with the page."""

BARS_FROM: Final = 264
BARS_WIDTH: Final = 372
ROW_HEIGHT: Final = 30
BAR_HEIGHT: Final = 16

LABEL_CELLS: Final = 36
"""Longest label, in cells of a small letter: a capital takes a quarter more, a wide character such as of
Chinese two."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar stands for."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar in its place; `label` is the whole text, `short` what fits beside the bar."""

    label: str
    short: str
    value: int
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """All bars in their places; `zero_x` is where the zero line stands."""

    bars: tuple[DrawnBar, ...]
    zero_x: float
    height: int
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT


def bar_chart(bars: Sequence[Bar]) -> BarChart:
    """Lay bars out on one scale that holds zero, from the first at the top."""
    lowest = min((0, *(bar.value for bar in bars)))
    span = max((0, *(bar.value for bar in bars))) - lowest or 1
    zero_x = _placed(-lowest, span)
    drawn = tuple(_drawn(bar, place, lowest=lowest, span=span) for place, bar in enumerate(bars))
    return BarChart(drawn, zero_x, height=len(bars) * ROW_HEIGHT)


def _drawn(bar: Bar, place: int, *, lowest: int, span: int) -> DrawnBar:
    ends = _placed(min(bar.value, 0) - lowest, span), _placed(max(bar.value, 0) - lowest, span)
    return DrawnBar(
        label=bar.label,
        short=shortened(bar.label),
        value=bar.value,
        x=ends[0],
        y=place * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) // 2,
        width=round(ends[1] - ends[0], 1),
    )


def _placed(distance: int, span: int) -> float:
    return round(BARS_FROM + distance * BARS_WIDTH / span, 1)


def shortened(text: str, cells: int = LABEL_CELLS) -> str:
    """Return a text that fits the cells, with an ellipsis where some is left out."""
    if _cells(text) <= cells:
        return text
    kept = ""
    for character in text:
        if _cells(kept + character) >= cells:
            break
        kept += character
    return f"{kept.rstrip()}…"


def _cells(text: str) -> float:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1.25 if c.isupper() else 1 for c in text)
