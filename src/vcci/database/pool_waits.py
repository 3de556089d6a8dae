"""How long the last of many waited: a bounded record, for percentiles on the spot."""

import math
from collections import deque
from typing import Final

MOST_KEPT: Final = 1_000
"""Waits that are remembered."""


class Waits:
    """The last waits, in seconds."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._last: deque[float] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._last)

    def note(self, seconds: float) -> None:
        """Remember a wait in the place of the oldest one."""
        self._last.append(seconds)

    def percentile_s(self, percent: float) -> float:
        """Return the least wait that `percent` of the remembered ones do not exceed; 0 without any."""
        waits = sorted(self._last)
        return waits[max(1, math.ceil(len(waits) * percent / 100)) - 1] if waits else 0.0
