"""Deflation: bringing money of one year to the prices of the factor's year.

An industry price index is used as far as it reaches, then the US consumer price index, with a notice:
real = nominal x index(factor year) / index(year of purchase).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from vcci.engine.exact import ONE, Ratio

Series = Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Deflation:
    """Units of the target year's money per unit of the purchase year's, exactly, with how it came about."""

    ratio: Ratio
    notices: tuple[str, ...]
    steps: tuple[str, ...]


UNCHANGED = Deflation(ONE, (), ())
"""No deflation: the money is of the target year, or of no year."""


@dataclass(frozen=True, slots=True)
class PriceIndices:
    """Industry price indices by code, and the consumer price index as fallback, of prices in `currency`."""

    industries: Mapping[str, Series]
    consumer: Series
    partial_years: frozenset[int] = field(default_factory=frozenset)
    currency: str = "USD"

    def deflate(self, *, index: str, from_year: int, to_year: int) -> Deflation | None:
        """Return the deflation from one year to another, or None if no index reaches that far."""
        if from_year == to_year:
            return UNCHANGED
        industry = self.industries.get(index, {})
        if to_year not in industry:
            return self._with_consumer_prices(from_year, to_year)
        if from_year in industry:
            return _step(f"industry index {index}", industry, from_year=from_year, to_year=to_year)
        last = max(industry) if from_year > max(industry) else min(industry)
        rest = self._with_consumer_prices(from_year, last)
        if rest is None:
            return None
        near = _step(f"industry index {index}", industry, from_year=last, to_year=to_year)
        return Deflation(rest.ratio.times(near.ratio), rest.notices, (*rest.steps, *near.steps))

    def _with_consumer_prices(self, from_year: int, to_year: int) -> Deflation | None:
        if from_year not in self.consumer or to_year not in self.consumer:
            return None
        step = _step("US consumer price index", self.consumer, from_year=from_year, to_year=to_year)
        partial = {from_year, to_year} & self.partial_years
        notices = ("deflated_with_cpi", *(("cpi_of_partial_year",) if partial else ()))
        return Deflation(step.ratio, notices, step.steps)


def _step(name: str, series: Series, *, from_year: int, to_year: int) -> Deflation:
    to, base = series[to_year], series[from_year]
    return Deflation(
        Ratio((to,), (base,)), (), (f"prices of {from_year} to {to_year}: {to} / {base} ({name})",)
    )
