"""Frozen events: code that does work reports it here and knows nothing of terminals or metrics."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A named part of a run begins; `rows_total` is None while it is unknown."""

    stage: str
    rows_total: int | None = None


@dataclass(frozen=True, slots=True)
class BatchAdvanced:
    """`rows_done` rows of a stage are done, counted from its start."""

    stage: str
    rows_done: int
    rows_total: int | None = None


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A named part of a run ended after `seconds`."""

    stage: str
    seconds: float


Event = StageStarted | BatchAdvanced | StageFinished
Hook = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Drop an event: the hook of whoever does not listen."""
