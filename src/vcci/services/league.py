"""The league table of suppliers: what each comes to, how good its data are, and how it went over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from vcci.domain.display import exact_kilograms
from vcci.engine.methods import ROWS
from vcci.services.drill import Sum

MOST_MONTHS: Final = 36
"""A trend over more months is told by years."""


class Sort(StrEnum):
    """What the table is sorted by; the share of the total goes as the emissions do."""

    EMISSIONS = "emissions"
    NAME = "name"
    SHARE = "share"
    QUALITY = "quality"
    PRIMARY = "primary"
    LINES = "lines"


class Direction(StrEnum):
    """Which way a table goes."""

    UP = "asc"
    DOWN = "desc"


OWN_WAY: Final = {
    Sort.EMISSIONS: Direction.DOWN,
    Sort.NAME: Direction.UP,
    Sort.SHARE: Direction.DOWN,
    Sort.QUALITY: Direction.DOWN,
    Sort.PRIMARY: Direction.DOWN,
    Sort.LINES: Direction.DOWN,
}
"""The way of an order where none is asked for: what asks for attention comes first; score 5 is the worst."""


@dataclass(frozen=True, slots=True)
class LeagueAsked:
    """A page of the table: of which runs, category and year, what names have in them, in which order."""

    runs: Sequence[UUID]
    category: int | None = None
    name: str = ""
    sort: Sort = Sort.EMISSIONS
    direction: Direction = Direction.DOWN
    rows: int = 50
    page: int = 1
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """What lines come to: how much of it stands on primary data, and what their data quality weighs.

    `quality_mg` counts the milligrams once for each indicator that was assessed, `points_mg` as often as its
    score says. Of `untold_lines` neither methods nor quality were kept: with any of them, both are unknown.
    """

    lines: int
    mg_co2e: int
    primary_mg_co2e: int
    quality_mg: int
    points_mg: int
    untold_lines: int = 0

    def __add__(self, other: "Weight") -> "Weight":
        """Return both together."""
        return Weight(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    @property
    def sum(self) -> Sum:
        """The lines and emissions alone."""
        return Sum(self.lines, self.mg_co2e)

    @property
    def quality(self) -> int | None:
        """The mean score in hundredths, 100 best to 500, weighed by emissions.

        None if none was assessed, or it is not known.
        """
        if self.untold_lines or not self.quality_mg:
            return None
        return (200 * self.points_mg + self.quality_mg) // (2 * self.quality_mg)

    @property
    def primary(self) -> int | None:
        """The milligrams that stand on primary data, None where it is not known."""
        return None if self.untold_lines else self.primary_mg_co2e


NOTHING: Final = Weight(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A supplier in the table; `rank` is by emissions, whatever the table is sorted by."""

    rank: int
    id: UUID
    name: str
    weight: Weight


@dataclass(frozen=True, slots=True)
class Page:
    """Suppliers of one page, how many there are that fit, and what lines without a supplier come to.

    `owner` says of each, and of all that were merged into them, for which one it counts.
    """

    suppliers: Sequence[Ranked]
    fitting: int
    without_supplier: Sum
    owner: Mapping[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Trends:
    """Emissions in milligrams by supplier and period; every supplier has a value for each of `periods`."""

    periods: Sequence[str] = ()
    of: Mapping[UUID, Sequence[int]] = field(default_factory=dict)

    def as_json(self, supplier_id: UUID) -> dict[str, int]:
        """Return the trend of a supplier by period, in mg CO2e."""
        return dict(zip(self.periods, self.of.get(supplier_id, ()), strict=False))


def trends(months: Iterable[date | None], found: Iterable[tuple[UUID, date, int]]) -> Trends:
    """Return the trends over the months that an inventory has, the gaps among them too, or over its years."""
    known = sorted(month for month in months if month is not None)
    if not known:
        return Trends()
    every = [
        date(number // 12, number % 12 + 1, 1) for number in range(_number(known[0]), _number(known[-1]) + 1)
    ]
    written = "%Y-%m" if len(every) <= MOST_MONTHS else "%Y"
    periods = list(dict.fromkeys(f"{month:{written}}" for month in every))
    place = {period: number for number, period in enumerate(periods)}
    values: dict[UUID, list[int]] = {}
    for supplier_id, month, mg in found:
        values.setdefault(supplier_id, [0] * len(periods))[place[f"{month:{written}}"]] += mg
    return Trends(periods, values)


def primary_pairs() -> list[tuple[int, str]]:
    """Return category and method of all that stands on data of suppliers or other partners."""
    return [(int(one), row.method.value) for row in ROWS if row.is_primary for one in row.categories]


def score_text(hundredths: int | None) -> str:
    """Return a score with two decimals; empty for none."""
    return "" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"


def weight_as_json(weight: Weight) -> dict[str, Any]:
    """Return the figures in plain values; the score has two decimals. What is not known is None."""
    return {
        **weight.sum.as_json(),
        "primary_data_kg_co2e": None if weight.primary is None else exact_kilograms(weight.primary),
        "quality_score": score_text(weight.quality) or None,
    }


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1
