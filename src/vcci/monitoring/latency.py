"""Percentiles of times in bounded memory, exact to 1 %, that can be added up over processes and hours.

A time is counted in one of 64 equal parts of its power of two: a part is at most 1/64 of its lower bound
wide, so its middle is at most 1/128 (0.8 %) from any time in it. From 1 microsecond to 12 days that makes
2,560 counts, of which only those in use take memory. Count, least, greatest and sum are exact.
"""

import math
from collections.abc import Mapping
from typing import Any, Final, Self

RELATIVE_ERROR: Final = 1 / 128
"""How far a percentile may be from the time of that rank, as a share of it."""

PARTS: Final = 64
LEAST_S: Final = 2.0**-20
"""Times below this, about a microsecond, are counted together; so are those above `MOST_S`."""

MOST_S: Final = 2.0**20
LOWEST: Final = -19 * PARTS
"""Place of `LEAST_S`: frexp gives 0.5 and the exponent -19."""

HIGHEST: Final = 20 * PARTS + PARTS - 1
NANOSECONDS: Final = 1_000_000_000


class LatencyTracker:
    """Times of one thing, in seconds. Not for several threads at once."""

    __slots__ = ("_counts", "_least_s", "_most_s", "_total_ns", "count")

    def __init__(self) -> None:
        self.count = 0
        self._counts: dict[int, int] = {}
        self._total_ns = 0
        self._least_s = math.inf
        self._most_s = 0.0

    def record(self, seconds: float) -> None:
        """Count a time; raises `ValueError` for one that is negative or no number."""
        if not 0.0 <= seconds < math.inf:
            raise ValueError(f"{seconds} is no time")
        place, counts = _place(seconds), self._counts
        counts[place] = counts.get(place, 0) + 1
        self.count += 1
        self._total_ns += int(seconds * NANOSECONDS + 0.5)
        self._least_s = min(self._least_s, seconds)
        self._most_s = max(self._most_s, seconds)

    def merge(self, other: Self) -> None:
        """Add what another has counted: the same as if all had been recorded here."""
        for place, count in other._counts.items():
            self._counts[place] = self._counts.get(place, 0) + count
        self.count += other.count
        self._total_ns += other._total_ns
        self._least_s = min(self._least_s, other._least_s)
        self._most_s = max(self._most_s, other._most_s)

    def percentile_s(self, percent: float) -> float:
        """Return the least time that `percent` of all do not exceed, to 1 %; 0 before the first."""
        rank, passed = max(1, math.ceil(self.count * percent / 100)), 0
        for place in sorted(self._counts):
            passed += self._counts[place]
            if passed >= rank:
                return min(max(_middle_s(place), self._least_s), self._most_s)
        return 0.0

    @property
    def p50_s(self) -> float:
        """The median."""
        return self.percentile_s(50)

    @property
    def p95_s(self) -> float:
        """What 95 % of all do not exceed."""
        return self.percentile_s(95)

    @property
    def p99_s(self) -> float:
        """What 99 % of all do not exceed."""
        return self.percentile_s(99)

    @property
    def min_s(self) -> float:
        """The least; 0 before the first."""
        return self._least_s if self.count else 0.0

    @property
    def max_s(self) -> float:
        """The greatest; 0 before the first."""
        return self._most_s

    @property
    def mean_s(self) -> float:
        """The mean, of times to the nanosecond; 0 before the first."""
        return self._total_ns / NANOSECONDS / self.count if self.count else 0.0

    def as_plain(self) -> dict[str, Any]:
        """Return all of it in plain values, for JSON; `from_plain` reads them."""
        counts = {str(place): count for place, count in sorted(self._counts.items())}
        return {"counts": counts, "total_ns": self._total_ns, "min_s": self.min_s, "max_s": self.max_s}

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """Return what `as_plain` told."""
        found = cls()
        found._counts = {int(place): int(count) for place, count in told["counts"].items()}
        found.count, found._total_ns = sum(found._counts.values()), int(told["total_ns"])
        if found.count:
            found._least_s, found._most_s = float(told["min_s"]), float(told["max_s"])
        return found

    def __eq__(self, other: object) -> bool:
        """Say whether another has counted the same."""
        return isinstance(other, LatencyTracker) and self.as_plain() == other.as_plain()

    __hash__ = None  # type: ignore[assignment]


class Latencies(dict[tuple[str, ...], LatencyTracker]):
    """Trackers by name, made when they are first asked for; beyond the bound they share one."""

    MOST: Final = 500
    BEYOND: Final = ("other",)

    def __missing__(self, name: tuple[str, ...]) -> LatencyTracker:
        """Make the tracker of a name."""
        if len(self) >= self.MOST and name != self.BEYOND:
            return self[self.BEYOND]
        self[name] = LatencyTracker()
        return self[name]


def _place(seconds: float) -> int:
    if seconds < LEAST_S:
        return LOWEST - 1
    mantissa, exponent = math.frexp(seconds)
    return min(exponent * PARTS + int((mantissa - 0.5) * 2 * PARTS), HIGHEST)


def _middle_s(place: int) -> float:
    if place < LOWEST:
        return LEAST_S / 2
    exponent, part = divmod(place, PARTS)
    return math.ldexp(0.5 + (part + 0.5) / (2 * PARTS), exponent)
