"""Many records through a processor that needs the processor: in processes of their own, which may die."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self

from vcci.processing.batch_calls import Processor
from vcci.processing.batch_config import MEDIUM_BATCH_CONFIG, BatchConfig
from vcci.processing.batch_results import BatchStatistics
from vcci.processing.batch_run import BatchRun
from vcci.processing.batch_source import BatchSource, Records
from vcci.processing.batches import new_batch_id
from vcci.processing.workers import WorkerCall, WorkerPool, sent

SHARE_OF_RECORDS: Final = 4
"""A batch ends where its records take a fourth of what a worker may: the rest is for work and results."""


class ParallelBatchProcessor:
    """Runs records through plain functions in `max_workers` processes, which are made once and kept.

    Close it, or use it in a `with` or `async with` block; processes that are left end with this one. Calls
    may overlap, and share the workers.
    """

    def __init__(
        self, config: BatchConfig = MEDIUM_BATCH_CONFIG, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._config = config
        self._clock = clock
        self._pool: WorkerPool | None = None

    @property
    def workers(self) -> tuple[int, ...]:
        """Process ids of the workers that wait for work, in order."""
        return self._pool.idle if self._pool is not None else ()

    @property
    def at_work(self) -> tuple[int, ...]:
        """Process ids of the workers that are at work, in order."""
        return self._pool.busy if self._pool is not None else ()

    async def process_batch(
        self,
        records: Records,
        processor: Processor,
        batch_id: str = "",
        *,
        of_batches: bool = False,
        done: dict[int, Any] | None = None,
    ) -> tuple[list[Any], BatchStatistics]:
        """Return for each record, in their order, its value or a `Failed`; and the numbers of this call.

        `processor` takes one record, or with `of_batches` a list of them and returns a list as long. A call
        whose worker died, hung or had too little memory is halved until the record that does it stands
        alone: work on the others of its batch is done again. `done` is as in `AsyncBatchProcessor`; a
        cancellation ends the workers that are at work, and their batches are not in it.

        Raises `ProcessorError` for a processor that cannot be sent or loaded, and `SkipLimitError`.
        """
        settled: dict[int, Any] = {} if done is None else done
        self._pool = self._pool or WorkerPool(self._config)
        call = WorkerCall(self._pool, sent(processor), of_batches, self._config.batch_time_limit_s)
        run = BatchRun(
            config=self._config,
            call=call,
            batch_id=batch_id or new_batch_id(),
            slots=min(self._config.max_workers, self._config.max_concurrent_batches),
            done=settled,
            clock=self._clock,
        )
        source = BatchSource(records, limit_bytes=self._config.limit_bytes // SHARE_OF_RECORDS)
        await run.over(source)
        return [settled[index] for index in range(source.position)], run.statistics

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)
