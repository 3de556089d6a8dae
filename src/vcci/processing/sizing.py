"""Finds the size of batches at which a record costs least, by additive increase and multiplicative decrease.

The size grows by a fixed step while a record takes no longer than before; it shrinks by a fixed share when a
record takes longer than the tolerance allows, or when a call fails. `decided` is a pure function; there is no
clock here, and nothing is drawn at random.
"""

from dataclasses import dataclass
from statistics import median
from typing import Final

from vcci.errors import ConfigurationError

TOLERANCE_RATIO: Final = 0.2
"""How much longer than at the best size a record may take before the size shrinks."""

BACKOFF_RATIO: Final = 0.8
"""What a size is multiplied by when it shrinks."""

STEPS: Final = 50
"""Steps of growth from nothing to the largest size."""

SAMPLES: Final = 5
"""Calls of one size of which the median counts, so that two that are odd decide nothing."""

HELPED_RATIO: Final = 0.95
"""A smaller size helped if a record takes at most this share of what it took before."""

WEIGHT_OF_BETTER: Final = 0.5
WEIGHT_OF_WORSE: Final = 0.1
"""How far the reference follows a record that takes less, or more: slowly upwards, or a size that grows in
small steps would take its own slowness for usual."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What a size may be, and how it moves. Raises `ConfigurationError` unless 1 <= `least` <= `most`."""

    least: int = 100
    most: int = 10_000
    step: int = 200
    tolerance_ratio: float = TOLERANCE_RATIO
    backoff_ratio: float = BACKOFF_RATIO

    def __post_init__(self) -> None:
        if not (1 <= self.least <= self.most and self.step >= 1 and 0 < self.backoff_ratio < 1):
            raise ConfigurationError(
                f"Batch sizes from {self.least} to {self.most} in steps of {self.step}, shrunk to "
                f"{self.backoff_ratio}, leave nothing to choose.",
                remedy="Give a min_size of at least 1 and a max_size that is not less.",
                code="setting_invalid",
            )

    def larger(self, size: int) -> int:
        """Return the next larger size that is allowed."""
        return min(size + self.step, self.most)

    def smaller(self, size: int) -> int:
        """Return the next smaller size that is allowed."""
        return max(int(size * self.backoff_ratio), self.least)

    @property
    def most_decisions(self) -> int:
        """Most decisions from one end to the other: steps up, or shares down."""
        downs, size = 0, self.most
        while size > self.least:
            size, downs = self.smaller(size), downs + 1
        return max(-(-(self.most - self.least) // self.step), downs)


@dataclass(frozen=True, slots=True)
class SizeState:
    """A size, the seconds that a record usually takes, and what it took before the size last shrank."""

    size: int
    reference_s: float | None = None
    before_s: float | None = None


def decided(state: SizeState, record_s: float, *, rule: SizeRule) -> SizeState:
    """Return what follows from the seconds that a record took at the size of `state`.

    A size that shrank shrinks on while that helps. Where it helps no longer, what a record takes now is the
    reference: else the size would shrink to the least whenever the other side slows down. At the largest
    size a smaller one is tried, since nothing else would show that it is too large.
    """
    smaller, larger = rule.smaller(state.size), rule.larger(state.size)
    if state.before_s is not None:
        has_helped = record_s <= state.before_s * HELPED_RATIO and smaller < state.size
        return SizeState(smaller, before_s=record_s) if has_helped else SizeState(larger, record_s)
    if state.size == larger:
        return SizeState(smaller, before_s=record_s)
    if state.reference_s is None:
        return SizeState(larger, record_s)
    if record_s > state.reference_s * (1 + rule.tolerance_ratio):
        return SizeState(smaller, before_s=record_s)
    weight = WEIGHT_OF_BETTER if record_s < state.reference_s else WEIGHT_OF_WORSE
    return SizeState(larger, state.reference_s + weight * (record_s - state.reference_s))


def failed(state: SizeState, *, rule: SizeRule) -> SizeState:
    """Return what follows from a call that failed: a smaller size, what a record takes there yet unknown."""
    return SizeState(rule.smaller(state.size))


class BatchSizeOptimizer:
    """Says how many records the next batch is to have, and learns from each call what a record took.

    `initial` is brought within `min_size` and `max_size`; sizes never leave these.
    """

    def __init__(
        self,
        initial: int = 1_000,
        min_size: int = 100,
        max_size: int = 10_000,
        *,
        samples: int = SAMPLES,
        tolerance_ratio: float = TOLERANCE_RATIO,
    ) -> None:
        self.rule = SizeRule(min_size, max_size, max(1, max_size // STEPS), tolerance_ratio=tolerance_ratio)
        self._state = SizeState(min(max(initial, min_size), max_size))
        self._samples = max(1, samples)
        self._seen: list[float] = []
        self.decisions = 0
        """How often it was decided what the next size is."""

    @property
    def size(self) -> int:
        """Records that the next batch is to have."""
        return self._state.size

    def observe(self, size: int, seconds: float, *, has_failed: bool = False) -> None:
        """Learn from a call with `size` records. One of another size than the present says nothing of that.

        A call that failed decides at once; of others the median of `samples` does.
        """
        if size != self.size:
            return
        if has_failed:
            self._decide(failed(self._state, rule=self.rule))
            return
        self._seen.append(seconds / size)
        if len(self._seen) >= self._samples:
            self._decide(decided(self._state, median(self._seen), rule=self.rule))

    def _decide(self, state: SizeState) -> None:
        self._state = state
        self._seen.clear()
        self.decisions += 1
