"""What work in batches gives: a value or a `Failed` for each record, numbers, errors that say what to do."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vcci.errors import DeadlineError, InputError, VcciError


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that could not be processed: its index in the input, the error, the calls that it was in."""

    record: int
    error: BaseException
    attempts: int


@dataclass(frozen=True, slots=True)
class BatchStatistics:
    """The numbers of one call. Every record that was settled is processed or failed, and never both."""

    batch_id: str
    total_records: int
    """Records that were taken from the input."""

    processed_records: int
    failed_records: int
    retried_records: int
    """Records that were tried again after an error that may pass, each counted once."""

    total_batches: int
    processed_batches: int
    """Batches of which no record failed in the end."""

    failed_batches: int
    retried_batches: int
    """Batches of which something was tried again."""

    calls: int
    """Calls of the processor that were given a whole batch or a part of it, together."""

    processing_time_seconds: float
    batch_sizes: Mapping[int, int]
    """How many batches there were of each size."""

    @property
    def records_per_second(self) -> float:
        """Records that were settled, over the time; 0 where that was too short to be measured."""
        settled = self.processed_records + self.failed_records
        return settled / self.processing_time_seconds if self.processing_time_seconds > 0 else 0.0


@dataclass(slots=True)
class Tally:
    """Numbers that grow while work goes on."""

    total: int = 0
    processed: int = 0
    failed: int = 0
    retried: int = 0
    calls: int = 0
    batches: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)

    def told(self, batch_id: str, seconds: float) -> BatchStatistics:
        """Return the numbers as they are now."""
        return BatchStatistics(
            batch_id=batch_id,
            total_records=self.total,
            processed_records=self.processed,
            failed_records=self.failed,
            retried_records=self.retried,
            total_batches=self.sizes.total(),
            processed_batches=self.batches["processed"],
            failed_batches=self.batches["failed"],
            retried_batches=self.batches["retried"],
            calls=self.calls,
            processing_time_seconds=seconds,
            batch_sizes=dict(self.sizes),
        )


class SkipLimitError(InputError):
    """More records failed than may; `done` has what was settled, by index, and `statistics` the numbers."""

    code = "batch_skip_limit"

    def __init__(self, failures: int, limit: int, *, last: Failed) -> None:
        self.done: Mapping[int, Any] = {}
        self.statistics: BatchStatistics | None = None
        super().__init__(
            f"{failures} records failed, and {limit} may; the last was record {last.record} "
            f"({type(last.error).__name__}: {last.error}).",
            remedy="Correct the records or the processor, then go on from `done` of this error; or raise "
            "skip_limit.",
        )


class AnswerError(InputError):
    """A processor of batches returned something else than one result for each record, in a list."""

    code = "batch_answer_refused"

    def __init__(self, found: str, wanted: int) -> None:
        self.found = found
        self.wanted = wanted
        super().__init__(
            f"The processor was given {wanted} records, and returned {found}.",
            remedy="Return a list with one result for each record, in their order; give of_batches=False if "
            "it takes one record.",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Give what makes it again in another process."""
        return (AnswerError, (self.found, self.wanted))


class CutOffError(VcciError):
    """A call of a processor was cancelled by something inside of it."""

    code = "batch_call_cancelled"

    def __init__(self) -> None:
        super().__init__(
            "The processor's call was cancelled from within.",
            remedy="See what it awaits: a task or a group in it was cancelled.",
        )


class WorkerDiedError(VcciError):
    """The process that worked on a record ended; `signal` names the signal, or is empty if it exited."""

    code = "batch_worker_died"

    def __init__(self, signal: str, status: int) -> None:
        self.signal = signal
        self.status = status
        how = f"was killed by {signal}" if signal else f"exited with status {status}"
        super().__init__(
            f"The process that worked on this {how}.",
            remedy="Try the record by itself; if memory ran out, see the log of the system.",
        )


class WorkerTimeError(DeadlineError):
    """A worker process took longer than `batch_time_limit_s`, and was ended."""

    code = "batch_time_limit"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The work took longer than {seconds:g} s, and its process was ended.",
            remedy="Try the record by itself, make batches smaller, or raise batch_time_limit_s.",
        )


class WorkerMemoryError(VcciError):
    """A worker process would have taken more memory than `chunk_memory_limit_mb`."""

    code = "batch_memory_limit"

    def __init__(self, limit_mb: int) -> None:
        super().__init__(
            f"The work needed more than {limit_mb} MB beside what the processor itself takes.",
            remedy="Divide the record, or raise chunk_memory_limit_mb.",
        )


class RaisedInWorkerError(VcciError):
    """Stands for an error of a worker process that cannot be sent from there; `raised` names its class."""

    def __init__(self, raised: str, message: str, code: str = "batch_worker_error") -> None:
        self.raised = raised
        self.is_transient = False
        self.retry_after_s = 0.0
        super().__init__(
            f"{raised}: {message}.",
            remedy="It was raised by the processor, in a worker process.",
            code=code,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Give what makes it again elsewhere."""
        return (_raised_again, (self.raised, self.what, self.code, self.is_transient, self.retry_after_s))


def _raised_again(*parts: Any) -> RaisedInWorkerError:
    raised, what, code, is_transient, retry_after_s = parts
    error = RaisedInWorkerError(raised, what.removeprefix(f"{raised}: ").removesuffix("."), code)
    error.is_transient, error.retry_after_s = is_transient, retry_after_s
    return error
