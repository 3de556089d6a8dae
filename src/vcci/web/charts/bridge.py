"""A bridge from one total to another by named steps; it adds up exactly, or it is not drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise

from vcci.domain.display import visible
from vcci.reports.bar_chart import BAR_HEIGHT, ROW_HEIGHT, WIDTH, shortened
from vcci.web.charts.bars import placed_x


@dataclass(frozen=True, slots=True)
class Step:
    """A named change, or a named total where a bridge starts and ends."""

    label: str
    mg: int


class Kind(StrEnum):
    """What a row of a bridge shows; each has a fill and a pattern of its own."""

    TOTAL = "total"
    UP = "up"
    DOWN = "down"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """A row: it leads from `from_mg` to `to_mg`; `joint_x` is where the next one begins."""

    step: Step
    kind: Kind
    short: str
    from_mg: int
    to_mg: int
    x: float
    y: int
    width: float
    joint_x: float


@dataclass(frozen=True, slots=True)
class Bridge:
    """All rows, the two totals first and last; `zero_x` is where nothing ends."""

    rows: tuple[BridgeRow, ...]
    zero_x: float
    height: int
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT
    row_height: int = ROW_HEIGHT


def bridge_rows(start: Step | int, steps: Sequence[Step], end: Step | int) -> Bridge:
    """Lay a bridge out; totals may be named. Raises `ValueError` unless start and steps add up to the end."""
    first, last = _named(start, "Before"), _named(end, "After")
    reached = list(accumulate((step.mg for step in steps), initial=first.mg))
    if reached[-1] != last.mg:
        raise ValueError(
            f"a bridge ends at {reached[-1]} mg, not at {last.mg} mg: {last.mg - reached[-1]} mg lack"
        )
    ends = [(0, first.mg), *pairwise(reached), (0, last.mg)]
    scale = min(0, *reached), max(0, *reached)
    rows = _rows([first, *steps, last], ends, scale)
    return Bridge(tuple(rows), placed_x(0, *scale), len(ends) * ROW_HEIGHT)


def _rows(
    steps: Sequence[Step], ends: Sequence[tuple[int, int]], scale: tuple[int, int]
) -> Iterator[BridgeRow]:
    totals = {0, len(steps) - 1}
    for number, (step, (from_mg, to_mg)) in enumerate(zip(steps, ends, strict=True)):
        left, right = (placed_x(value, *scale) for value in sorted((from_mg, to_mg)))
        yield BridgeRow(
            step=step,
            kind=Kind.TOTAL if number in totals else _kind(step.mg),
            short=shortened(visible(step.label)),
            from_mg=from_mg,
            to_mg=to_mg,
            x=left,
            y=number * ROW_HEIGHT,
            width=round(right - left, 1),
            joint_x=placed_x(to_mg, *scale),
        )


def _kind(mg: int) -> Kind:
    return Kind.UP if mg > 0 else Kind.DOWN if mg < 0 else Kind.LEVEL


def _named(total: Step | int, name: str) -> Step:
    return Step(name, total) if isinstance(total, int) else total
