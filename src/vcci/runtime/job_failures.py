"""Why an attempt at a job failed, and what follows: another one after a wait, or the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from vcci.concurrency.retries import RetryBudget, RetryPolicy
from vcci.errors import VcciError

MOST_DEATHS: Final = 3
"""Times in a row that a job's process may die without having finished a chunk, as its worker sees it."""

MOST_LOSSES: Final = 10
"""Times in a row that a job's worker may be lost without a finished chunk.

Most are lost for reasons that are none of the job's: machines that are restarted, or so busy that no lease is
renewed in time. But a job that takes its worker down each time must come to an end, too.
"""

RETRIES: Final = RetryPolicy(attempts=8, first_wait_s=0.5, most_wait_s=30.0)
"""For errors that may pass; how often they came is counted from the last chunk that was finished."""

DATABASE_AWAY: Final = "database_away"
AFTER_DATABASE: Final = RetryPolicy(attempts=RETRIES.attempts, first_wait_s=0.5, most_wait_s=2.0)
"""For a database that was away: to begin a job again takes the database itself, so it is back by then."""

MAY_PASS: Final = frozenset(
    {
        DATABASE_AWAY,
        "database_busy",
        "database_disk_full",
        "database_refused",
        "deadline_passed",
        "job_files_refused",
        "pool_busy",
        "remote_busy",
        "remote_timed_out",
    }
)
"""Codes of errors after which another attempt may end better."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed; a death is of a process that said nothing."""

    code: str
    what: str
    remedy: str
    tried: Sequence[str] = ()
    is_death: bool = False

    @property
    def may_pass(self) -> bool:
        """Say whether another attempt may end better."""
        return self.is_death or self.code in MAY_PASS

    def told(self) -> dict[str, Any]:
        """Return the failure in plain values."""
        return {"code": self.code, "what": self.what, "tried": list(self.tried), "remedy": self.remedy}


class AttemptFailedError(Exception):
    """An attempt failed for a reason that is known."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.what)


DIED: Final = Failure(
    "job_process_died",
    "The process of the job died without a word.",
    "See the log of the service.",
    is_death=True,
)


def failure_of(error: BaseException) -> Failure:
    """Return why an attempt failed; of an error that should not be, only the class is told."""
    if isinstance(error, AttemptFailedError):
        return error.failure
    if isinstance(error, VcciError):
        return Failure(error.code, error.what, error.remedy, error.tried)
    if isinstance(error, ConnectionError | TimeoutError):
        return Failure(DATABASE_AWAY, f"A connection broke ({type(error).__name__}).", "It is tried again.")
    what = f"The work broke down with a {type(error).__name__}."
    return Failure("job_broke_down", what, "Please report this with the log of the service.")


def gave_up(deaths: int) -> Failure:
    """Return what is told of a job whose process died too often."""
    return Failure(
        "job_gave_up",
        f"The job was begun {deaths} times, and its process died each time.",
        "See the log of the service; a smaller file may do.",
    )


def lost_too_often(losses: int) -> Failure:
    """Return what is told of a job whose worker was lost too often."""
    return Failure(
        "job_gave_up",
        f"The job was begun {losses} times, and its worker was lost each time.",
        "See the log of the service, and whether its machines have memory left; then `vcci jobs resume`.",
    )


def files_refused(error: OSError) -> Failure:
    """Return what is told where the data folder cannot be written or read."""
    what = f"The files of the job cannot be read or written: {error.strerror or type(error).__name__}."
    return Failure("job_files_refused", what, "Make room in the data folder, or check its permissions.")


def wait_s(
    failure: Failure, *, failures: int, deaths: int, chance: float, budget: RetryBudget
) -> float | None:
    """Return how long to wait before the next attempt, in seconds; None: there is none.

    `failures` and `deaths` are those of before, `chance` is 0 to 1. Where the budget that all jobs of a
    worker share is used up, a job waits as long as any may: it is not given up for the sake of others.
    """
    if failure.is_death:
        return 0.0 if deaths + 1 < MOST_DEATHS else None
    if not failure.may_pass:
        return None
    is_of_database = failure.code == DATABASE_AWAY
    policy = AFTER_DATABASE if is_of_database else RETRIES
    drawn_s = policy.wait_s(failures + 1, AttemptFailedError(failure), chance=chance)
    if drawn_s is None or is_of_database or budget.take():
        return drawn_s
    return RETRIES.most_wait_s
