"""Exact arithmetic: products of decimals over products of decimals, rounded once."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Ratio:
    """The product of `above` over the product of `below`, kept exact until it is asked for as a float."""

    above: tuple[Decimal, ...] = ()
    below: tuple[Decimal, ...] = ()

    def times(self, other: "Ratio") -> "Ratio":
        """Return the exact product."""
        return Ratio(self.above + other.above, self.below + other.below)

    def nearest_float(self) -> float:
        """Return the nearest float64: a division of whole numbers is correctly rounded in Python."""
        numerator = denominator = 1
        for factor in self.above:
            n, d = factor.as_integer_ratio()
            numerator, denominator = numerator * n, denominator * d
        for factor in self.below:
            n, d = factor.as_integer_ratio()
            numerator, denominator = numerator * d, denominator * n
        return numerator / denominator


ONE = Ratio()
"""The ratio that changes nothing."""
