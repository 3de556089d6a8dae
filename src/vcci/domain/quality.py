"""Data quality: five indicators of a line, what they do to its uncertainty, and scores of portfolios.

Source: GHG Protocol, Scope 3 Standard (2011), chapter 7, for the indicators; the pedigree matrix of
ecoinvent (Weidema and others, 2013) for scores 1 (best) to 5.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

INDICATORS: Final = ("technology", "time", "geography", "completeness", "reliability")
"""The five indicators, in the Standard's order."""

BEST_SCORE: Final = 1
WORST_SCORE: Final = 5


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Scores 1 (best) to 5; None where an indicator was not assessed. Raises `ValueError` for others."""

    technology: int | None = None
    time: int | None = None
    geography: int | None = None
    completeness: int | None = None
    reliability: int | None = None

    def __post_init__(self) -> None:
        _refuse_unknown(self.scores.values())

    @property
    def scores(self) -> Mapping[str, int]:
        """The assessed indicators and their scores."""
        told = {name: getattr(self, name) for name in INDICATORS}
        return {name: score for name, score in told.items() if score is not None}


def _refuse_unknown(scores: Iterable[int | Fraction]) -> None:
    if any(not BEST_SCORE <= score <= WORST_SCORE for score in scores):
        raise ValueError(f"a score of data quality is {BEST_SCORE} to {WORST_SCORE}")


NOT_ASSESSED: Final = DataQuality()
"""Nothing is known of the quality."""


@dataclass(frozen=True, slots=True)
class GsdSquared:
    """The squared geometric standard deviation: 95 % of a lognormal lie within median / and x this."""

    value: float

    @property
    def root(self) -> "Gsd":
        """The geometric standard deviation itself."""
        return Gsd(math.sqrt(self.value))

    @property
    def ln_sigma(self) -> float:
        """The standard deviation of the logarithm."""
        return math.log(self.value) / 2


@dataclass(frozen=True, slots=True)
class Gsd:
    """The geometric standard deviation: of another type than its square, so that they cannot be mixed up."""

    value: float

    @property
    def squared(self) -> GsdSquared:
        """Its square, which pedigree tables are in."""
        return GsdSquared(self.value**2)


@dataclass(frozen=True, slots=True)
class PedigreeTable:
    """What a score does to the uncertainty: factors by indicator, best score first, as squared GSD."""

    name: str
    factors: Mapping[str, tuple[float, ...]]


def gsd_squared(quality: DataQuality, *, basic: float, table: PedigreeTable) -> GsdSquared:
    """Return exp(sqrt(sum of ln^2 U over the assessed indicators + ln^2 of the basic uncertainty)).

    Source: Weidema and others, Overview and methodology, ecoinvent 3 (2013).
    """
    used = [table.factors[name][score - 1] for name, score in quality.scores.items()]
    return GsdSquared(math.exp(math.sqrt(math.fsum(math.log(u) ** 2 for u in (*used, basic)))))


TIME_LIMITS_YEARS: Final = (3, 6, 10, 15)
"""Years between factor and activity below which the time score is 1, 2, 3, 4; 5 at and above the last.

The first three are those of the Scope 3 Standard too, whose scale ends there, with its fourth and last score.
"""

WORLD: Final = "World"
"""The region of factors that are averages over all countries."""


def score_of_time(factor_year: int | None, activity_year: int | None) -> int | None:
    """Return the score of the years between factor and activity, None where one is not known."""
    if factor_year is None or activity_year is None:
        return None
    years = abs(factor_year - activity_year)
    return 1 + sum(years >= limit for limit in TIME_LIMITS_YEARS)


def score_of_geography(factor_region: str, activity_region: str) -> int | None:
    """Return 1 for the same region, 2 for a country or the world around it, 5 for another; None if not told.

    Which countries a continent or a group has is not known here, so its average counts as another region's.
    """
    if not factor_region or not activity_region:
        return None
    if factor_region == activity_region:
        return 1
    return 2 if factor_region == WORLD or activity_region.startswith(f"{factor_region}-") else 5


def weighted_score(portfolio: Iterable[tuple[str | int, str | int]]) -> Fraction:
    """Return the data quality score of pairs of outstanding amount and score (1 best to 5), by amount.

    Source: PCAF, part A, chapter 6. Raises `ValueError` for a score outside 1 to 5, an amount below zero, or
    nothing outstanding.
    """
    pairs = [(Fraction(amount), Fraction(score)) for amount, score in portfolio]
    _refuse_unknown(score for _, score in pairs)
    outstanding = _whole(amount for amount, _ in pairs)
    if not outstanding:
        raise ValueError("nothing is outstanding, so there is nothing to weigh scores by")
    return sum((amount * score for amount, score in pairs), Fraction(0)) / outstanding


def primary_data_share_percent(parts: Iterable[tuple[str | int | Fraction, bool]]) -> Fraction:
    """Return the share of primary data in percent, of pairs of weight (emissions or tkm) and is-primary.

    Raises `ValueError` for a weight below zero, or where all add up to nothing.
    """
    weighed = [(Fraction(weight), is_primary) for weight, is_primary in parts]
    whole = _whole(weight for weight, _ in weighed)
    if not whole:
        raise ValueError("the weights add up to nothing")
    return 100 * sum((weight for weight, is_primary in weighed if is_primary), Fraction(0)) / whole


def _whole(weights: Iterable[Fraction]) -> Fraction:
    """Add weights. One below zero would put a mean outside of what it is a mean of."""
    told = list(weights)
    if any(weight < 0 for weight in told):
        raise ValueError("what scores and shares are weighed by is not below zero")
    return sum(told, Fraction(0))
