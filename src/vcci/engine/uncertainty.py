"""The uncertainty of totals: lines that share a factor err together, different factors err independently.

A line's figure is the median of a lognormal whose sigma is that of its factor. A total is a sum over factors;
their means, variances and third moments add up, and a shifted lognormal with these gives the 95 % interval.
Monte Carlo does without that last step: it draws once for each factor, never for each line.

Random numbers come from a counter-based generator keyed by run and factor, so a factor's draws do not depend
on which others there are, in which order, or how the work was split.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

import numpy as np

Z_95: Final = 1.959963984540054
"""Standard deviations to either side that hold 95 % of a normal distribution."""

DRAWS: Final = 10_000
DIGITS: Final = 6
"""Significant digits of intervals and means."""

UNIFORM_BITS: Final = 53
"""Bits of a uniform number: as many as the fraction of a float holds."""

NOTHING: Final = (0.0, 0.0, 0.0)
"""The moments of no share at all."""

Draws: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


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
    certain, by_factor = _by_factor(shares)
    moments = [_moments(mg_co2e_of) for mg_co2e_of in by_factor.values()]
    mean, variance, third = (math.fsum(column) for column in zip(NOTHING, *moments, strict=True))
    low, high = _interval(mean, variance, third)
    return Spread(rounded(certain + low), rounded(certain + high), rounded(certain + mean), certain)


def rounded(value: float) -> int:
    """Return a value as a whole number with DIGITS significant digits."""
    return int(float(f"{value:.{DIGITS - 1}e}"))


def _by_factor(shares: Iterable[Share]) -> tuple[int, dict[str, dict[float, int]]]:
    """Return what has no known spread, and by factor what there is of each sigma; in mg CO2e."""
    certain = 0
    by_factor: dict[str, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    for share in shares:
        if share.ln_sigma is None:
            certain += share.emissions_mg_co2e
        else:
            by_factor[share.factor_id][share.ln_sigma] += share.emissions_mg_co2e
    return certain, by_factor


def _moments(mg_co2e_of: Mapping[float, int]) -> tuple[float, float, float]:
    """Return mean, variance and third central moment of one factor's share, given what has which sigma.

    A factor has several sigmas where its lines differ in year or region. They still err together: parts i and
    j, with means m, have the covariance m_i m_j (exp(s_i s_j) - 1).
    """
    means = [mg_co2e * math.exp(sigma**2 / 2) for sigma, mg_co2e in mg_co2e_of.items()]
    if len(means) == 1:
        (mean,), (sigma,) = means, mg_co2e_of
        ratio = math.expm1(sigma**2)
        return mean, mean**2 * ratio, mean**3 * ratio**2 * (ratio + 3)
    pulls = [[m * math.expm1(a * b) for m, b in zip(means, mg_co2e_of, strict=True)] for a in mg_co2e_of]
    pulled = [math.fsum(row) for row in pulls]
    variance = math.fsum(m * p for m, p in zip(means, pulled, strict=True))
    pairs = math.fsum(m * p**2 for m, p in zip(means, pulled, strict=True))
    places = range(len(means))
    triples = math.fsum(pulls[i][j] * pulls[j][k] * pulls[k][i] for i, j, k in product(places, repeat=3))
    return math.fsum(means), variance, 3 * pairs + triples


def _interval(mean: float, variance: float, third: float) -> tuple[float, float]:
    """Return the 95 % interval of the shifted lognormal with these moments, mirrored if it leans to the left.

    A single factor is such a lognormal, so its interval is exact, be it a purchase or a credit. Without any
    skew it is a normal.
    """
    if variance <= 0.0:
        return mean, mean
    deviation = math.sqrt(variance)
    skewness = third / (variance * deviation)
    ratio = 4 * math.sinh(math.asinh(abs(skewness) / 2) / 3) ** 2
    if ratio == 0.0:
        return mean - Z_95 * deviation, mean + Z_95 * deviation
    ln_variance = math.log1p(ratio)
    reach = Z_95 * math.sqrt(ln_variance)
    short, long = (
        deviation / math.sqrt(ratio) * math.expm1(side - ln_variance / 2) for side in (-reach, reach)
    )
    return (mean + short, mean + long) if skewness > 0 else (mean - long, mean - short)


def monte_carlo(
    totals: Mapping[str, Iterable[Share]], *, run_digest: str, draws: int = DRAWS
) -> dict[str, Spread]:
    """Return the interval of each named total from `draws` draws for each factor.

    A factor has the same draws in every total: what two totals share, they share in every draw.
    """
    drawn = {name: np.zeros(draws) for name in totals}
    certain: dict[str, int] = {}
    parts: dict[str, list[tuple[str, float, int]]] = defaultdict(list)
    for name, shares in totals.items():
        certain[name], by_factor = _by_factor(shares)
        for factor_id, mg_co2e_of in by_factor.items():
            parts[factor_id] += [(name, *part) for part in sorted(mg_co2e_of.items())]
    for factor_id in sorted(parts):
        normals = _normals(run_digest, factor_id, draws)
        for name, ln_sigma, mg_co2e in parts[factor_id]:
            drawn[name] += float(mg_co2e) * np.exp(ln_sigma * normals)
    return {name: _of_draws(of_total, certain[name]) for name, of_total in drawn.items()}


def _normals(run_digest: str, factor_id: str, draws: int) -> Draws:
    """Return a factor's normals, by the formula of Box and Muller.

    NumPy promises to keep the bits of Philox from version to version, but not the normals that it makes of
    them, and a run that is made again must come to the same interval.
    """
    seed = hashlib.sha256(f"{run_digest}\0{factor_id}".encode()).digest()
    pairs = (draws + 1) // 2
    bits = np.random.Philox(key=int.from_bytes(seed[:16])).random_raw(2 * pairs)
    uniform = (bits >> np.uint64(64 - UNIFORM_BITS)) * 2.0**-UNIFORM_BITS
    radius, half = np.sqrt(-2.0 * np.log1p(-uniform[:pairs])), np.tan(np.pi * uniform[pairs:])
    # Cosine and sine by the tangent of half the angle: one function in place of two, and a much faster one.
    reach = radius / (1.0 + half**2)
    return np.concatenate((reach * (1.0 - half**2), reach * (2.0 * half)))[:draws]


def _of_draws(drawn: Draws, certain: int) -> Spread:
    low, high = np.quantile(drawn, (0.025, 0.975))
    mean = math.fsum(drawn) / len(drawn)
    return Spread(rounded(certain + low), rounded(certain + high), rounded(certain + mean), certain)
