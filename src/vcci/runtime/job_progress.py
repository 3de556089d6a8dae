"""How far a job is, how fast, and how long its stage will still take: told only when enough is known."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LEAST_RATES: Final = 3
"""Rates that are measured before a time is told of."""

MOST_RATES: Final = 8
"""The last rates are those that count: a stage may become faster or slower."""

PATIENCE: Final = 2.0
"""A step that takes so many times as long as the longest of the last ones says that these tell nothing."""


@dataclass(slots=True)
class Pace:
    """The pace of one stage: the rates, in rows per second, and the seconds of the last steps."""

    stage: str = ""
    rows_done: int = 0
    at_s: float = 0.0
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_RATES))
    waits_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_RATES))

    def step(self, stage: str, rows_done: int, *, now_s: float) -> None:
        """Take note that so many rows of a stage are done now; where it goes on from counts for nothing."""
        if stage != self.stage or rows_done < self.rows_done or not self.rows_done:
            self.stage = stage
            self.rates.clear()
            self.waits_s.clear()
        elif rows_done > self.rows_done and now_s > self.at_s:
            self.rates.append((rows_done - self.rows_done) / (now_s - self.at_s))
            self.waits_s.append(now_s - self.at_s)
        self.rows_done, self.at_s = rows_done, now_s

    def told(self, rows: int | None, *, now_s: float | None = None) -> dict[str, Any]:
        """Return the rate and the seconds left of a stage of `rows` rows: an interval, empty until known.

        Without a moment it is that of the last step. No time is told while a step takes far longer than those
        before: the stage stands still, and nobody knows for how long.
        """
        if len(self.rates) < LEAST_RATES:
            return {}
        rate = {"rows_per_s": round(sum(self.rates) / len(self.rates), 1)}
        waited_s = 0.0 if now_s is None else max(0.0, now_s - self.at_s)
        if rows is None or waited_s > PATIENCE * max(self.waits_s):
            return rate
        left = max(0, rows - self.rows_done)
        span = {"least_s_left": left / max(self.rates), "most_s_left": left / min(self.rates)}
        return rate | {name: round(max(0.0, value - waited_s), 1) for name, value in span.items()}


def shown(progress: Mapping[str, Any]) -> str:
    """Return progress as one line for people; empty before the first stage."""
    if not progress.get("stage"):
        return ""
    rows, done = progress.get("rows"), progress.get("rows_done", 0)
    words = [progress["stage"], f"{done:,} of {rows:,} rows" if rows else f"{done:,} rows" if done else ""]
    if rate := progress.get("rows_per_s"):
        words.append(f"{rate:,.0f} rows/s")
    if (most := progress.get("most_s_left")) is not None:
        words.append(f"{progress['least_s_left']:.0f} to {most:.0f} s left")
    return ", ".join(filter(None, words))
