"""The uncertainty of totals: lines that share a factor err together, different factors err independently.

A line's figure is the median of a lognormal whose sigma is that of its factor. A total is a sum over factors;
its mean and variance are added, and a lognormal with these gives the 95 % interval. Monte Carlo does without
that last step: it draws once for each factor, never for each line.

Random numbers come from a counter-based generator keyed by run and factor, so a factor's draws do not depend
on which others there are, in which order, or how the work was split.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

Z_95: Final = 1.959963984540054
"""Standard deviations to either side that hold 95 % of a normal distribution."""

DRAWS: Final = 10_000
DIGITS: Final = 6
"""Significant digits of intervals and means."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one factor adds to a total, in mg CO2e; `ln_sigma` is None where its spread is not known."""

    factor_id: str
    emissions_mg_co2e: int
    ln_sigma: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The 95 % interval of a total, its mean, and how much of it has no known uncertainty; all in mg CO2e.

    That part stands in the interval as it is, so the interval is too narrow by what it would add. Bounds and
    mean have DIGITS digits: more would be noise, and the last bits of an exponential differ between machines.
    """

    low_mg_co2e: int
    high_mg_co2e: int
    mean_mg_co2e: int
    without_mg_co2e: int


def spread(shares: Iterable[Share]) -> Spread:
    """Return the interval of a sum of shares, analytically."""
    means: dict[str, float] = defaultdict(float)
    deviations: dict[str, float] = defaultdict(float)
    certain = 0
    for share in shares:
        if share.ln_sigma is None:
            certain += share.emissions_mg_co2e
            continue
        variance = share.ln_sigma**2
        mean = share.emissions_mg_co2e * math.exp(variance / 2)
        means[share.factor_id] += mean
        deviations[share.factor_id] += mean * math.sqrt(math.expm1(variance))
    mean = math.fsum(means.values())
    deviation = math.sqrt(math.fsum(d**2 for d in deviations.values()))
    low, high = _interval(mean, deviation)
    return Spread(rounded(certain + low), rounded(certain + high), rounded(certain + mean), certain)


def rounded(value: float) -> int:
    """Return a value as a whole number with DIGITS significant digits."""
    return int(float(f"{value:.{DIGITS - 1}e}"))


def _interval(mean: float, deviation: float) -> tuple[float, float]:
    """Return the 95 % interval of a lognormal with this mean and deviation; of a normal below zero."""
    if deviation == 0.0:
        return mean, mean
    if mean <= 0:
        return mean - Z_95 * deviation, mean + Z_95 * deviation
    variance = math.log1p((deviation / mean) ** 2)
    median, reach = mean / math.exp(variance / 2), math.exp(Z_95 * math.sqrt(variance))
    return median / reach, median * reach


def monte_carlo(
    totals: Mapping[str, Iterable[Share]], *, run_digest: str, draws: int = DRAWS
) -> dict[str, Spread]:
    """Return the interval of each named total from `draws` draws for each factor.

    A factor has the same draws in every total: what two totals share, they share in every draw.
    """
    by_factor: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    certain: dict[str, int] = defaultdict(int)
    sums = {name: np.zeros(draws) for name in totals}
    for name, shares in totals.items():
        for (factor_id, ln_sigma), mg_co2e in _merged(shares).items():
            if ln_sigma is None:
                certain[name] += mg_co2e
            else:
                by_factor[factor_id].append((name, float(mg_co2e), ln_sigma))
    for factor_id in sorted(by_factor):
        normal = _normals(run_digest, factor_id, draws)
        for name, weight, ln_sigma in by_factor[factor_id]:
            sums[name] += weight * np.exp(ln_sigma * normal)
    return {name: _of_draws(drawn, certain[name]) for name, drawn in sums.items()}


def _merged(shares: Iterable[Share]) -> dict[tuple[str, float | None], int]:
    """Add shares that differ in nothing but their amount."""
    merged: dict[tuple[str, float | None], int] = defaultdict(int)
    for share in shares:
        merged[share.factor_id, share.ln_sigma] += share.emissions_mg_co2e
    return dict(sorted(merged.items(), key=lambda item: (item[0][0], item[0][1] or 0.0)))


def _normals(run_digest: str, factor_id: str, draws: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    seed = hashlib.sha256(f"{run_digest}\0{factor_id}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(seed[:16]))).standard_normal(draws)


def _of_draws(drawn: np.ndarray[tuple[int], np.dtype[np.float64]], certain: int) -> Spread:
    low, high = np.quantile(drawn, (0.025, 0.975))
    mean = math.fsum(drawn) / len(drawn)
    return Spread(rounded(certain + low), rounded(certain + high), rounded(certain + mean), certain)
