"""Systematic sampling of franchises, suppliers or sites.

Source: GHG Protocol, Technical Guidance (2013), appendix A.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")


def sampling_interval(population: int, sample: int) -> Fraction:
    """Return how many members there are for each one drawn; `ValueError` unless 0 < sample <= population."""
    if not 0 < sample <= population:
        raise ValueError(f"a sample of {sample} cannot be drawn from {population}")
    return Fraction(population, sample)


def systematic_sample(members: Sequence[T], *, sample: int, start: int) -> tuple[T, ...]:
    """Return every n-th member from `start` (0 or more, less than the interval), n being the interval."""
    interval = sampling_interval(len(members), sample)
    if not 0 <= start < interval:
        raise ValueError(f"a start of {start} is outside the first interval of {interval}")
    return tuple(members[int(start + number * interval)] for number in range(sample))
