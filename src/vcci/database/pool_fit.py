"""How many connections are enough: curves through measured throughputs, and where they bend. Pure.

Two laws are tried, and the one nearer to what was measured counts. Little's law for a server with a limit:
n connections do n / S in a second, until the server does no more (min(n / S, C)); it bends at C x S. The
universal scalability law (Gunther), where connections wait for one another and for a common state:
n / S / (1 + a (n - 1) + b n (n - 1)); its knee is where 95 % of the most are reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ENOUGH: Final = 0.95
"""Share of the greatest throughput that is as good as all of it."""

TRIALS: Final = 300
STEPS_PER_CONNECTION: Final = 10
FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """A law with its parameters: `per_second` at one connection, `most_per_second`; or contention, coherency.

    `misfit` is the sum of squared differences of logarithms. `knee` is in connections.
    """

    law: str
    per_second: float
    most_per_second: float
    contention: float
    coherency: float
    knee: float
    misfit: float

    def throughput(self, sizes: Floats) -> Floats:
        """Return what so many connections do in a second."""
        n, per_second = sizes, self.per_second
        if self.law == "limit":
            return np.minimum(per_second * n, self.most_per_second)
        return per_second * n / (1 + self.contention * (n - 1) + self.coherency * n * (n - 1))


@dataclass(frozen=True, slots=True)
class Knee:
    """Where more connections are of no more use, with what 90 % of repetitions would find."""

    curve: Curve
    low: float
    high: float

    @property
    def connections(self) -> float:
        """Where the curve bends."""
        return self.curve.knee


def knee_of(sizes: Sequence[int], per_second: Sequence[float]) -> Knee:
    """Return the knee of measured throughputs, of three sizes or more; a size may be there several times.

    Its interval comes from fitting again and again to what might have been measured: the curve with its
    errors dealt out anew. Raises `ValueError` for fewer sizes, and for a throughput of nothing.
    """
    n, found = np.asarray(sizes, dtype=np.float64), np.asarray(per_second, dtype=np.float64)
    if len(set(sizes)) < FEWEST or not np.all(found > 0):
        raise ValueError("a knee takes three sizes that do something")
    curve = fitted(n, found)
    smooth, chance = np.log(curve.throughput(n)), np.random.default_rng(0)
    errors = (np.log(found) - smooth) * np.sqrt(len(n) / (len(n) - 2))
    knees = [fitted(n, np.exp(smooth + chance.choice(errors, len(n)))).knee for _ in range(TRIALS)]
    low, high = np.quantile([*knees, curve.knee], [0.05, 0.95])
    return Knee(curve, float(low), float(high))


def fitted(sizes: Floats, per_second: Floats) -> Curve:
    """Return the law that is nearer to the measured throughputs."""
    curves = (_with_a_limit(sizes, per_second), _scalability(sizes, per_second))
    return min(curves, key=lambda curve: curve.misfit)


def _with_a_limit(sizes: Floats, per_second: Floats) -> Curve:
    """Fit by each place where it might bend; logarithms make an error of a tenth the same everywhere."""
    n, found = np.log(sizes), np.log(per_second)
    best: tuple[float, float, float] | None = None
    for last in np.unique(n):
        rising = n <= last
        one = float(np.mean((found - n)[rising]))
        most = float(np.mean(found[~rising])) if not rising.all() else one + float(n.max())
        misfit = float(np.sum((found - np.minimum(one + n, most)) ** 2))
        if best is None or misfit < best[0]:
            best = misfit, one, most
    misfit, one, most = best if best is not None else (0.0, 0.0, 0.0)
    knee = float(np.clip(np.exp(most - one), 1.0, sizes.max()))
    return Curve("limit", float(np.exp(one)), float(np.exp(most)), 0.0, 0.0, knee, misfit)


def _scalability(sizes: Floats, per_second: Floats) -> Curve:
    """Fit n / X = S (1 + a (n - 1) + b n (n - 1)) by least squares of relative errors; none is below 0."""
    columns = np.stack([np.ones_like(sizes), sizes - 1, sizes * (sizes - 1)], axis=1)
    seconds = sizes / per_second
    used = [0, 1, 2]
    while True:
        solved: Any = np.linalg.lstsq(columns[:, used] / seconds[:, None], np.ones_like(seconds), rcond=None)[
            0
        ]
        below = [place for place, value in zip(used, solved, strict=True) if place and value < 0]
        if not below:
            break
        used.remove(below[-1])
    service_s, waiting_s, common_s = (
        float(solved[used.index(place)]) if place in used else 0.0 for place in range(3)
    )
    if service_s <= 0:
        return Curve("scalability", 1.0, 1.0, 0.0, 0.0, 1.0, float("inf"))
    curve = Curve("scalability", 1 / service_s, 0.0, waiting_s / service_s, common_s / service_s, 0.0, 0.0)
    grid = np.linspace(1, sizes.max(), int(sizes.max() - 1) * STEPS_PER_CONNECTION + 1)
    drawn = curve.throughput(grid)
    misfit = float(np.sum((np.log(per_second) - np.log(curve.throughput(sizes))) ** 2))
    knee = float(grid[np.argmax(drawn >= ENOUGH * drawn.max())])
    shape = (curve.contention, curve.coherency)
    return Curve("scalability", curve.per_second, float(drawn.max()), *shape, knee, misfit)
