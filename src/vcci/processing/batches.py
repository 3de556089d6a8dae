"""Many records through a processor that waits for others: bounded, in the order of the input, all there."""

from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

from vcci.concurrency.bounded import async_timed
from vcci.processing.batch_calls import LocalCall, Processor
from vcci.processing.batch_config import MEDIUM_BATCH_CONFIG, BatchConfig
from vcci.processing.batch_results import BatchStatistics
from vcci.processing.batch_run import BatchRun
from vcci.processing.batch_source import BatchSource, Records


def new_batch_id() -> str:
    """Return an id that no other work has."""
    return f"batch-{uuid4().hex}"


class AsyncBatchProcessor:
    """Runs records through processors that wait for others: services, databases, files.

    Keeps nothing from one call to the next but what the `optimizer` of its config learned: calls may overlap.
    """

    def __init__(
        self, config: BatchConfig = MEDIUM_BATCH_CONFIG, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._config = config
        self._clock = clock

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

        `processor` takes one record, or with `of_batches` a list of them and returns a list as long; then a
        call that raises must have done nothing, as its records are called again. It is awaited if it is
        asynchronous, and else runs in threads. `done` is filled by index as records are settled: after a
        cancellation it says what was done, and given again, such records are not called again.

        Raises `SkipLimitError` when more records fail than may.
        """
        settled: dict[int, Any] = {} if done is None else done
        lanes, slots = self._config.max_workers, self._config.max_concurrent_batches
        call = LocalCall(processor, of_batches, lanes, most_threads=slots * (1 if of_batches else lanes))
        run = BatchRun(
            config=self._config,
            call=call,
            batch_id=batch_id or new_batch_id(),
            slots=slots,
            done=settled,
            clock=self._clock,
        )
        source = BatchSource(records, limit_bytes=self._config.limit_bytes)
        try:
            await run.over(source)
        finally:
            call.close()
        return [settled[index] for index in range(source.position)], run.statistics


@async_timed()
async def process_in_batches(  # noqa: PLR0917  (the signature that is known)
    records: Records, fn: Processor, batch_size: int = 1_000, max_concurrent: int = 10
) -> list[Any]:
    """Return for each record, in their order, what `fn` returned for it, or a `Failed`."""
    config = BatchConfig(batch_size=batch_size, max_concurrent_batches=max_concurrent)
    results, _ = await AsyncBatchProcessor(config).process_batch(records, fn)
    return results
