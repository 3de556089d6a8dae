"""Records without end through a processor: in order, in bounded memory, gone on with after a crash."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from vcci.errors import InputError
from vcci.processing.batch_calls import LocalCall, Processor, is_asynchronous
from vcci.processing.batch_config import MEDIUM_BATCH_CONFIG, BatchConfig
from vcci.processing.batch_results import BatchStatistics
from vcci.processing.batch_run import BatchRun
from vcci.processing.batch_source import Batch, BatchSource, Records
from vcci.processing.batches import new_batch_id


class StreamBatch(list[Any]):
    """Results of records that lie together, each a value or a `Failed`: of those from `first` to `position`.

    A sink that stores `position` in the transaction that stores the results has each of them exactly once.
    """

    def __init__(self, results: list[Any], *, first: int) -> None:
        super().__init__(results)
        self.first = first
        self.position = first + len(results)


Sink = Callable[[StreamBatch], Any]
Checkpoint = Callable[[int], Any]


class StreamingBatchProcessor:
    """Runs streams of records through processors that wait for others; results come in the input's order.

    At most twice `max_concurrent_batches` batches are taken and not yet with the sink: while the sink or the
    processor is slow, the source waits.
    """

    def __init__(
        self, config: BatchConfig = MEDIUM_BATCH_CONFIG, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._config = config
        self._clock = clock

    def process_stream(
        self,
        source: Records,
        processor: Processor,
        sink: Sink | None = None,
        *,
        checkpoint: Checkpoint | None = None,
        of_batches: bool = False,
        start_at: int = 0,
        batch_id: str = "",
    ) -> "Stream":
        """Return the stream: await it for its numbers, or iterate over it for its `StreamBatch`es.

        `sink` gets these, one after the other and in order; once it has returned, `checkpoint` is told the
        position. Both run in threads unless they are asynchronous. The first `start_at` records of the
        source are left out: give the last position to go on. `processor` is as in `AsyncBatchProcessor`.

        Raises, when awaited or iterated over, what the source, the sink or the checkpoint raises, and
        `SkipLimitError`.
        """
        slots = self._config.max_concurrent_batches
        lanes = 1 if of_batches else self._config.max_workers
        call = LocalCall(processor, of_batches, lanes, most_threads=slots * lanes)
        records = BatchSource(source, limit_bytes=self._config.limit_bytes, start_at=start_at)
        return Stream(
            config=self._config,
            call=call,
            source=records,
            batch_id=batch_id or new_batch_id(),
            clock=self._clock,
            sink=sink,
            checkpoint=checkpoint,
        )


@dataclass(slots=True)
class Stream:
    """One pass through a source: awaited or iterated over, and once."""

    config: BatchConfig
    call: LocalCall
    source: BatchSource
    batch_id: str
    clock: Callable[[], float]
    sink: Sink | None
    checkpoint: Checkpoint | None
    statistics: BatchStatistics | None = None
    """The numbers, once it has ended."""

    _done: dict[int, Any] = field(default_factory=dict)
    _turns: dict[int, asyncio.Event] = field(default_factory=dict)

    def __await__(self) -> Generator[Any, None, BatchStatistics]:
        return self._run(self.sink).__await__()

    async def __aiter__(self) -> AsyncIterator[StreamBatch]:
        """Yield results batch by batch; one counts as taken when the next is asked for."""
        ready: asyncio.Queue[StreamBatch | None] = asyncio.Queue()

        async def sink(results: StreamBatch) -> None:
            if self.sink is not None:
                await _called(self.sink, results)
            ready.put_nowait(results)
            await ready.join()

        async def run() -> None:
            try:
                await self._run(sink)
            finally:
                ready.put_nowait(None)

        running = asyncio.create_task(run())
        try:
            while (results := await ready.get()) is not None:
                yield results
                ready.task_done()
            await running
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await running

    async def _run(self, sink: Sink | None) -> BatchStatistics:
        if self._turns:
            raise InputError(
                "A stream was awaited or iterated over a second time.",
                remedy="Call process_stream again, with start_at where the first one ended.",
                code="stream_used_twice",
            )
        run = BatchRun(
            config=self.config,
            call=self.call,
            batch_id=self.batch_id,
            slots=self.config.max_concurrent_batches,
            done=self._done,
            clock=self.clock,
        )

        async def deliver(batch: Batch) -> None:
            await self._turn(batch.number).wait()
            del self._turns[batch.number]
            results = [self._done.pop(index) for index in range(batch.first, batch.position)]
            if sink is not None:
                await _called(sink, StreamBatch(results, first=batch.first))
            if self.checkpoint is not None:
                await _called(self.checkpoint, batch.position)
            self._turn(batch.number + 1).set()

        self._turn(0).set()
        try:
            await run.over(self.source, deliver)
        finally:
            self.call.close()
            self.statistics = run.statistics
        return self.statistics

    def _turn(self, number: int) -> asyncio.Event:
        return self._turns.setdefault(number, asyncio.Event())


async def _called(function: Callable[[Any], Any], value: Any) -> None:
    """Call what may be asynchronous, else in a thread: that is waited for even when this is cancelled."""
    if is_asynchronous(function):
        await function(value)
        return
    running = asyncio.ensure_future(asyncio.to_thread(function, value))
    try:
        found = await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
    if inspect.isawaitable(found):
        await found
