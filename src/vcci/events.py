"""Frozen events: code that does work reports it here and knows nothing of terminals or metrics."""

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class ConnectionTaken:
    """Somebody got a connection to PostgreSQL after waiting `seconds`; `work` is what for."""

    seconds: float
    work: str


@dataclass(frozen=True, slots=True)
class ConnectionHeld:
    """A connection is kept for long: `taken_at` are the lines of code that took it, innermost last."""

    seconds: float
    process_id: int
    taken_at: Sequence[str]


@dataclass(frozen=True, slots=True)
class QueryRan:
    """A transaction of a kind took `seconds`, without its wait for a connection; `error` names a failure."""

    query_type: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class CacheRead:
    """A layer (l1, l2, truth) was asked for a value: hit, miss, load, stale or error came of it."""

    cache_type: str
    layer: str
    result: str


@dataclass(frozen=True, slots=True)
class CoherenceChecked:
    """A process has heard all invalidations that were made until `lag_seconds` ago."""

    lag_seconds: float


Event = (
    StageStarted
    | BatchAdvanced
    | StageFinished
    | ConnectionTaken
    | ConnectionHeld
    | QueryRan
    | CacheRead
    | CoherenceChecked
)
Hook = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Drop an event: the hook of whoever does not listen."""
