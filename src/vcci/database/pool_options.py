"""What a pool of connections may do, and what it tells of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Work(StrEnum):
    """What a connection is wanted for; background work leaves some for those who wait for an answer."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How many connections there are, for how long, and who has to wait."""

    size: int = 10
    """Connections that are kept. Eight workers at 10 stay under PostgreSQL's default of 100."""

    overflow: int = 0
    """Connections beside them while all are in use; closed when they are no longer needed."""

    reserved: int = 2
    """Connections that background work leaves to interactive work; fewer in a pool that is no larger."""

    most_waiting: int = 1_000
    """Who comes when so many wait already is refused at once."""

    wait_s: float = 5.0
    """Longest wait for a connection, in seconds; less if the deadline of the work is sooner."""

    lifetime_s: float = 3_600.0
    """Age at which a connection is replaced, in seconds, give or take a tenth, so that not all go at once."""

    idle_check_s: float = 30.0
    """A connection that was idle for longer is asked whether it lives before it is given out."""

    held_s: float = 60.0
    """A connection that is kept for longer is reported, with the place that took it."""

    through_pgbouncer: bool = False
    """Whether PgBouncer is between, in transaction mode: no statement outlives its transaction then."""

    on_connect: Callable[[Any], object] = lambda _: None
    """Is given each new connection of asyncpg, for whoever observes what is asked over it."""

    @property
    def most(self) -> int:
        """Connections that there can be at once."""
        return self.size + self.overflow


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A pool at one moment."""

    size: int
    idle: int
    in_use: int
    waiting: int
    most: int
    refused: int
    """Requests for a connection that were refused or ran out of time, since the start."""

    opened: int
    """Connections that were made since the start."""

    @property
    def utilization_percent(self) -> float:
        """Share of all connections that there can be which are in use; from 0 to 100."""
        return 100.0 * self.in_use / self.most if self.most else 0.0


@dataclass(frozen=True, slots=True)
class HeldConnection:
    """A connection that somebody has: for how long, and the lines of code that took it, innermost last."""

    seconds: float
    process_id: int
    work: Work
    taken_at: Sequence[str]
