"""Bars of emissions, from the first at the top, on one scale that holds zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vcci.domain.display import visible
from vcci.reports import bar_chart
from vcci.reports.bar_chart import BARS_FROM, BARS_WIDTH, ROW_HEIGHT, BarChart

TEXT_BASE: Final = 20
"""From the top of a row to the base of its texts."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar stands for; `href` leads to what it is made of, empty for nowhere."""

    label: str
    mg: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class BarRow:
    """A bar in its row: `x` and `width` of the bar, `y` of the row; `short` is what fits of the label."""

    bar: Bar
    short: str
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """All rows; `zero_x` is where nothing ends."""

    rows: tuple[BarRow, ...]
    zero_x: float
    width: int
    height: int
    bar_height: int
    row_height: int = ROW_HEIGHT

    @property
    def total_mg(self) -> int:
        """The sum of the bars, exactly."""
        return sum(row.bar.mg for row in self.rows)

    @property
    def has_links(self) -> bool:
        """Whether any bar leads somewhere."""
        return any(row.bar.href for row in self.rows)


def bar_rows(bars: Sequence[Bar]) -> Bars:
    """Lay bars out; those below zero end at the zero line from the left."""
    drawn: BarChart = bar_chart.bar_chart([bar_chart.Bar(visible(bar.label), bar.mg) for bar in bars])
    rows = (
        BarRow(bar, place.short, place.x, number * ROW_HEIGHT, place.width)
        for number, (bar, place) in enumerate(zip(bars, drawn.bars, strict=True))
    )
    return Bars(tuple(rows), drawn.zero_x, drawn.width, drawn.height, drawn.bar_height)


def placed_x(value: int, lowest: int, highest: int) -> float:
    """Return where a value stands between the lowest and the highest that the bars' width holds."""
    return round(BARS_FROM + (value - lowest) * BARS_WIDTH / (highest - lowest or 1), 1)
