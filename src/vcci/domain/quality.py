"""Data quality: scores of portfolios, and the share of primary data."""

from collections.abc import Iterable
from fractions import Fraction

BEST_SCORE, WORST_SCORE = 1, 5


def weighted_score(portfolio: Iterable[tuple[str | int, str | int]]) -> Fraction:
    """Return the data quality score of pairs of outstanding amount and score (1 best to 5), by amount.

    Source: PCAF, part A, chapter 6. Raises `ValueError` for a score outside 1 to 5, or nothing outstanding.
    """
    pairs = [(Fraction(amount), Fraction(score)) for amount, score in portfolio]
    if any(not BEST_SCORE <= score <= WORST_SCORE for _, score in pairs):
        raise ValueError("a score of data quality is 1 to 5")
    outstanding = sum((amount for amount, _ in pairs), Fraction(0))
    if outstanding <= 0:
        raise ValueError("nothing is outstanding, so there is nothing to weigh scores by")
    return sum((amount * score for amount, score in pairs), Fraction(0)) / outstanding


def primary_data_share_percent(parts: Iterable[tuple[str | int | Fraction, bool]]) -> Fraction:
    """Return the share of primary data in percent, of pairs of weight (emissions or tkm) and is-primary."""
    weighed = [(Fraction(weight), is_primary) for weight, is_primary in parts]
    whole = sum((weight for weight, _ in weighed), Fraction(0))
    if whole <= 0:
        raise ValueError("the weights add up to nothing")
    return 100 * sum((weight for weight, is_primary in weighed if is_primary), Fraction(0)) / whole
