"""How work in batches is divided, tried again and given up."""

from dataclasses import dataclass
from typing import Final

from vcci.concurrency.retries import IsTransient, may_pass
from vcci.errors import ConfigurationError
from vcci.events import Hook, ignore
from vcci.processing.sizing import BatchSizeOptimizer

MEGABYTE: Final = 1_000_000

LEAST: Final = {
    "batch_size": 1,
    "max_concurrent_batches": 1,
    "max_workers": 1,
    "chunk_memory_limit_mb": 1,
    "max_retries": 0,
    "first_wait_s": 0,
    "batch_time_limit_s": 0,
}
"""What a value is at least."""


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """The rules for work in batches. Raises `ConfigurationError` for what cannot be."""

    batch_size: int = 1_000
    """Records that are taken together; with an `optimizer`, what that says counts instead."""

    max_concurrent_batches: int = 10
    """Batches that are worked on at a time; as many again may wait for another try, or for their turn."""

    max_workers: int = 4
    """Processes, for what needs the processor. Else calls for single records at a time, in each batch."""

    chunk_memory_limit_mb: int = 100
    """A batch ends before `batch_size` where its records take so much memory (1 MB is a million bytes).

    A worker process may take so much beyond what it has when the processor is loaded; there a batch ends at
    a quarter of it.
    """

    progress: Hook = ignore
    """Is told `BatchAdvanced` after each batch, with the batch id as its stage."""

    retry_failed_batches: bool = True
    """Whether a call that failed is made again, and a batch that keeps failing is halved.

    If not, a call that fails fails all of its records.
    """

    max_retries: int = 3
    """Tries after the first, after an error that may pass."""

    skip_limit: int | None = None
    """Records that may fail; one more stops the work. None: any number."""

    is_transient: IsTransient = may_pass
    """Which errors may pass. `ValueError`, `TypeError` and `InputError` never do, whatever this says."""

    first_wait_s: float = 0.1
    """Longest wait before the second try; doubled for each that follows, and drawn at random."""

    batch_time_limit_s: float = 300.0
    """How long a worker process may take for a call; then it is ended."""

    optimizer: BatchSizeOptimizer | None = None
    """Finds the batch size while work goes on; what it learned is kept from one call to the next."""

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise _refused(name, getattr(self, name), least)
        if self.skip_limit is not None and self.skip_limit < 0:
            raise _refused("skip_limit", self.skip_limit, 0)

    @property
    def size(self) -> int:
        """Records that the next batch is to have."""
        return self.optimizer.size if self.optimizer else self.batch_size

    @property
    def limit_bytes(self) -> int:
        """Bytes that the records of a batch may take."""
        return self.chunk_memory_limit_mb * MEGABYTE


SMALL_BATCH_CONFIG: Final = BatchConfig(batch_size=100, max_concurrent_batches=5, max_workers=2)
MEDIUM_BATCH_CONFIG: Final = BatchConfig()
LARGE_BATCH_CONFIG: Final = BatchConfig(batch_size=10_000, max_concurrent_batches=20, max_workers=8)
"""Up to 200,000 records in memory: for records that are small."""


def _refused(name: str, value: float, least: float) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is {value}, and is at least {least}.",
        remedy="Correct the BatchConfig; docs/batches.md says what each of its values decides.",
        code="setting_invalid",
    )
