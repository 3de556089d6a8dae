"""Scores of data quality by row and column: 1 (best) to 5, in hundredths, None where none is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vcci.domain.display import visible
from vcci.domain.quality import BEST_SCORE, WORST_SCORE
from vcci.reports.bar_chart import BARS_FROM, WIDTH, shortened

CELL_HEIGHT: Final = 32
HEADER_HEIGHT: Final = 30
LEAST_CELL_WIDTH: Final = 64
UNITS_PER_LETTER: Final = 8
"""Width of a letter of a label, in the drawing's units, with some room."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A score in its place; `step` is 1 (best) to 5, 0 for no score, and has a pattern of its own."""

    column: str
    hundredths: int | None
    step: int
    x: float
    y: int

    @property
    def text(self) -> str:
        """The score with two decimals, a dash where there is none."""
        return score_text(self.hundredths)


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row of cells under its whole label; `short` is what fits beside them."""

    label: str
    short: str
    y: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """A column's label, whole and as far as it fits; `x` is its middle."""

    label: str
    short: str
    x: float


@dataclass(frozen=True, slots=True)
class HeatMap:
    """All rows under their headers."""

    headers: tuple[Header, ...]
    rows: tuple[HeatRow, ...]
    cell_width: float
    width: float
    height: int
    cell_height: int = CELL_HEIGHT
    header_height: int = HEADER_HEIGHT


def heat_cells(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int | None]]]) -> HeatMap:
    """Lay scores out. Raises `ValueError` for scores outside 100 to 500, and rows of another length."""
    cell_width = max(LEAST_CELL_WIDTH, round((WIDTH - BARS_FROM) / max(1, len(columns)), 1))
    headers = tuple(
        Header(label, _fitting(label, cell_width), round(BARS_FROM + (number + 0.5) * cell_width, 1))
        for number, label in enumerate(columns)
    )
    drawn = tuple(_row(row, columns, (number, cell_width)) for number, row in enumerate(rows))
    width = round(BARS_FROM + len(columns) * cell_width, 1)
    return HeatMap(headers, drawn, cell_width, width, HEADER_HEIGHT + len(rows) * CELL_HEIGHT)


def score_text(hundredths: int | None) -> str:
    """Return a score with two decimals, a dash where there is none."""
    if hundredths is None:
        return "–"
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02}"


def step_of(hundredths: int | None) -> int:
    """Return the nearest whole score, 0 for none. Raises `ValueError` for what is no score."""
    if hundredths is None:
        return 0
    if not 100 * BEST_SCORE <= hundredths <= 100 * WORST_SCORE:
        raise ValueError(f"a score is 100 to 500 hundredths, not {hundredths}")
    return (hundredths + 50) // 100


def _row(
    labelled: tuple[str, Sequence[int | None]], columns: Sequence[str], place: tuple[int, float]
) -> HeatRow:
    (label, scores), (number, cell_width) = labelled, place
    y = HEADER_HEIGHT + number * CELL_HEIGHT
    cells = (
        Cell(column, score, step_of(score), round(BARS_FROM + at * cell_width, 1), y)
        for at, (column, score) in enumerate(zip(columns, scores, strict=True))
    )
    return HeatRow(label, shortened(visible(label)), y, tuple(cells))


def _fitting(label: str, width: float) -> str:
    return shortened(visible(label), cells=int(width / UNITS_PER_LETTER))
