"""A total with its 95 % interval, on a scale that holds zero."""

from dataclasses import dataclass
from typing import Final

LINE_WIDTH: Final = 240
LINE_HEIGHT: Final = 24
MARGIN: Final = 6
"""Room for the dot at the edges."""


@dataclass(frozen=True, slots=True)
class IntervalLine:
    """Where the bounds, the total and zero stand; bounds are None where no interval is known."""

    low_x: float | None
    total_x: float
    high_x: float | None
    zero_x: float
    width: int = LINE_WIDTH
    height: int = LINE_HEIGHT


def interval_line(low: int | None, total: int, high: int | None) -> IntervalLine:
    """Lay a total out between its bounds, in milligrams. Raises `ValueError` for bounds in wrong order."""
    if low is None or high is None:
        scale = min(0, total), max(0, total)
        return IntervalLine(None, _placed(total, *scale), None, _placed(0, *scale))
    if low > high:
        raise ValueError(f"an interval from {low} to {high} mg is none")
    scale = min(0, low, total), max(0, high, total)
    low_x, total_x, high_x, zero_x = (_placed(value, *scale) for value in (low, total, high, 0))
    return IntervalLine(low_x, total_x, high_x, zero_x)


def _placed(value: int, lowest: int, highest: int) -> float:
    return round(MARGIN + (value - lowest) * (LINE_WIDTH - 2 * MARGIN) / (highest - lowest or 1), 1)
