"""A line as small as a word: values in their order, with gaps where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

SPARK_WIDTH: Final = 96
SPARK_HEIGHT: Final = 24
MARGIN: Final = 3
"""Room for the dots at the edges."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value in its place."""

    value: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Runs of points without a gap between them; a run of one point is drawn as a dot."""

    runs: tuple[tuple[Point, ...], ...]
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT

    @property
    def points(self) -> tuple[Point, ...]:
        """All points, without the gaps."""
        return tuple(point for run in self.runs for point in run)


def spark_line(values: Sequence[int | None]) -> Sparkline:
    """Lay values out from left to right, the lowest at the bottom; equal values stand in the middle."""
    known = [value for value in values if value is not None]
    lowest, highest = min(known, default=0), max(known, default=0)
    step = (SPARK_WIDTH - 2 * MARGIN) / max(1, len(values) - 1)

    def point(number: int, value: int) -> Point:
        risen = (value - lowest) / (highest - lowest) if highest > lowest else 0.5
        y = SPARK_HEIGHT - MARGIN - risen * (SPARK_HEIGHT - 2 * MARGIN)
        return Point(value, round(MARGIN + number * step, 1), round(y, 1))

    runs = groupby(enumerate(values), key=lambda numbered: numbered[1] is not None)
    drawn = (tuple(point(n, v) for n, v in run if v is not None) for is_known, run in runs if is_known)
    return Sparkline(tuple(drawn))
