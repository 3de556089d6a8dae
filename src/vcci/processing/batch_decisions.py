"""What is done after a call that failed: the same once more, both halves by themselves, or nothing."""

from dataclasses import dataclass
from typing import Final

from vcci.concurrency.deadline import current_deadline
from vcci.concurrency.retries import RetryBudget, RetryPolicy
from vcci.errors import InputError
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batch_results import AnswerError, WorkerDiedError, WorkerMemoryError, WorkerTimeError

NEVER_PASSES: Final = (InputError, ValueError, TypeError)
"""Errors of the record, or of the processor, that come back however often it is tried."""

TOO_LARGE: Final = (WorkerMemoryError, WorkerTimeError)
"""Errors that a smaller batch may not have."""


@dataclass(frozen=True, slots=True)
class Part:
    """Indexes that are called together: the calls they were in before, and the tries of this very part."""

    indexes: tuple[int, ...]
    attempts: int = 0
    tries: int = 0
    is_half: bool = False
    wait_s: float = 0.0

    def again(self, indexes: tuple[int, ...], wait_s: float) -> "Part":
        """Return what is to be tried once more after a call."""
        return Part(indexes, self.attempts + 1, self.tries + 1, self.is_half, wait_s)

    def halves(self) -> list["Part"]:
        """Return both halves after a call that failed."""
        middle = len(self.indexes) // 2
        halves = (self.indexes[:middle], self.indexes[middle:])
        return [Part(half, self.attempts + 1, is_half=True) for half in halves]


@dataclass(frozen=True, slots=True)
class Again:
    """Try the same once more, after a wait in seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Halve:
    """Call both halves by themselves."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The records have failed."""


Decision = Again | Halve | GiveUp


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides after a call that failed. All batches of a run share the budget."""

    config: BatchConfig
    budget: RetryBudget

    def after(self, error: BaseException, part: Part, *, size: int, chance: float) -> Decision:
        """Return what is to be done about `size` records of a part that failed; `chance` is 0 to 1.

        What may pass is tried again as it is, and then halved only as far as the budget goes: it may be that
        the other side is down, and that every half fails, too. A half is not tried again before it is halved.
        A worker that died is given the same once more, since it may have been ended for the sake of others.
        """
        if not self.config.retry_failed_batches or isinstance(error, AnswerError):
            return GiveUp()
        if isinstance(error, WorkerDiedError):
            may_be_innocent = part.tries == 0 and (size == 1 or not part.is_half)
            return Again(0.0) if may_be_innocent and self.config.max_retries else _halved(size)
        if not self.may_pass(error):
            return _halved(size)
        wait_s = None if part.is_half and size > 1 else self._wait_s(error, part.tries + 1, chance=chance)
        decision = _halved(size) if wait_s is None else Again(wait_s)
        return decision if isinstance(decision, GiveUp) or self.budget.take() else GiveUp()

    def may_pass(self, error: BaseException) -> bool:
        """Say whether an error may be gone when the same is tried once more."""
        if not isinstance(error, Exception) or isinstance(error, NEVER_PASSES):
            return False
        return self.config.is_transient(error)

    def is_for_size(self, error: BaseException) -> bool:
        """Say whether an error may be that of a batch which is too large."""
        return isinstance(error, TOO_LARGE) or self.may_pass(error)

    def _wait_s(self, error: BaseException, attempt: int, *, chance: float) -> float | None:
        """Return the wait before another try; None where none is left, or the deadline would be past."""
        policy = RetryPolicy(self.config.max_retries + 1, self.config.first_wait_s)
        wait_s = policy.wait_s(attempt, error, chance=chance) if isinstance(error, Exception) else None
        deadline = current_deadline()
        is_late = wait_s is not None and deadline is not None and wait_s >= deadline.remaining_s
        return None if is_late else wait_s


def _halved(size: int) -> Decision:
    return Halve() if size > 1 else GiveUp()
