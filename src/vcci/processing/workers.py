"""Worker processes: started when they are needed, kept for the next call, replaced when they die.

They are made by a fork server where there is one, so that no thread of this process is copied halfway.
"""

import asyncio
import multiprocessing
import pickle
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing.context import BaseContext
from typing import Any, Final

from vcci.errors import InputError
from vcci.processing.batch_calls import Processor, Raised, is_asynchronous
from vcci.processing.batch_config import BatchConfig
from vcci.processing.batch_results import (
    RaisedInWorkerError,
    WorkerDiedError,
    WorkerMemoryError,
    WorkerTimeError,
)
from vcci.processing.worker_process import LOAD, ONE_BY_ONE, OUT_OF_MEMORY, PROTOCOL, TOGETHER, serve

LEAVE_S: Final = 5.0
"""How long a worker may take to end by itself before it is killed."""

LOAD_S: Final = 60.0
"""How long it may take to load a processor, with all that it imports; longer where calls may be longer."""

_IDS: Final = count()


class ProcessorError(InputError):
    """A processor cannot be used in another process."""

    code = "batch_processor_refused"


class RecordError(InputError):
    """A record cannot be sent to another process."""

    code = "batch_record_not_picklable"


@dataclass(frozen=True, slots=True)
class SentProcessor:
    """A processor as it is sent, pickled once for all workers."""

    id: int
    pickled: bytes


def sent(processor: Processor) -> SentProcessor:
    """Return a processor ready to be sent; raises `ProcessorError` for one that cannot be."""
    if is_asynchronous(processor):
        raise ProcessorError(
            "A coroutine function cannot be run in worker processes.",
            remedy="Use AsyncBatchProcessor for what waits; give this one a plain function.",
            code="batch_processor_asynchronous",
        )
    try:
        return SentProcessor(next(_IDS), pickle.dumps(processor, PROTOCOL))
    except Exception as error:
        raise ProcessorError(
            f"The processor cannot be sent to another process: {error}.",
            remedy="Define it at the top of a module; give it what it needs with functools.partial, or as "
            "part of each record. Lambdas, functions within functions, and objects that hold connections "
            "cannot be sent.",
            code="batch_processor_not_picklable",
        ) from error


class Worker:
    """One process and the pipe to it; one errand at a time."""

    def __init__(self, context: BaseContext, limit_mb: int) -> None:
        self._pipe, other = context.Pipe()
        self.process = context.Process(  # type: ignore[attr-defined]
            target=serve, args=(other, limit_mb), daemon=True, name="vcci-batch-worker"
        )
        self.process.start()
        other.close()
        self._loaded: int | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked: it has not died, and its pipe is whole."""
        return not self._pipe.closed and self.process.is_alive()

    def load(self, processor: SentProcessor) -> None:
        """Have it load a processor, unless it has; raises `ProcessorError` if that fails.

        A worker that has served before may have been dying already: then `WorkerDiedError`.
        """
        if self._loaded == processor.id:
            return
        error: BaseException | None
        try:
            answer = self.ask(LOAD + processor.pickled)
            error = answer.error if isinstance(answer, Raised) else None
        except WorkerDiedError as died:
            if self._loaded is not None:
                raise
            error = died
        except MemoryError as lack:
            error = lack
        if error is not None:
            raise ProcessorError(
                f"The processor cannot be loaded in a worker process: {type(error).__name__}: {error}",
                remedy="Define it in a module that can be imported there, not in a console or notebook; a "
                "script has to begin its work below `if __name__ == '__main__':`.",
                code="batch_processor_not_loaded",
            )
        self._loaded = processor.id

    def ask(self, message: bytes) -> Any:
        """Send a message and return the answer; raises `WorkerDiedError`, and `MemoryError` as it did."""
        try:
            self._pipe.send_bytes(message)
            answer = self._pipe.recv_bytes()
        except (EOFError, OSError):
            raise self._died() from None
        if answer == OUT_OF_MEMORY:
            raise MemoryError
        try:
            return pickle.loads(answer)  # noqa: S301  (of a process that this one made)
        except Exception as error:
            what = f"its result cannot be read again ({error})"
            return Raised(RaisedInWorkerError(type(error).__name__, what, "batch_result_not_picklable"))

    def kill(self) -> None:
        """End it at once; an `ask` under way raises."""
        self.process.kill()

    def leave(self) -> None:
        """Let it end, and kill it if it does not."""
        self._pipe.close()
        self.process.join(LEAVE_S)
        self.process.kill()
        self.process.join()

    def _died(self) -> WorkerDiedError:
        self._pipe.close()
        self.process.join(LEAVE_S)
        self.process.kill()
        self.process.join()
        status = int(self.process.exitcode or 0)
        return WorkerDiedError(_name_of(-status) if status < 0 else "", max(status, 0))


@dataclass(slots=True)
class Errand:
    """Something that a worker is asked, by the clock of a loop; it can be ended before or after it began."""

    processor: SentProcessor
    letter: bytes
    records: list[Any]
    limit_s: float
    is_over: bool = False
    is_late: bool = False
    worker: Worker | None = None
    _timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        """Count the time from now on; called from the thread that serves the worker."""
        loop.call_soon_threadsafe(self._begin, loop, limit_s)

    def _begin(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.is_over:
            self._timer = loop.call_later(limit_s, self._end_late)

    def _end_late(self) -> None:
        self.is_late = True
        self.end()

    def end(self) -> None:
        """End it, and the worker that is at it."""
        self.is_over = True
        if self.worker is not None:
            self.worker.kill()

    def finish(self) -> None:
        """Count the time no longer."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()


class WorkerPool:
    """At most `max_workers` workers, each served by a thread. It belongs to no event loop."""

    def __init__(self, config: BatchConfig) -> None:
        known = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
        self._limit_mb = config.chunk_memory_limit_mb
        self._threads = ThreadPoolExecutor(config.max_workers, thread_name_prefix="batch-worker")
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []

    @property
    def idle(self) -> tuple[int, ...]:
        """Process ids of workers that wait for work, in order."""
        return _pids(self._idle)

    @property
    def busy(self) -> tuple[int, ...]:
        """Process ids of workers that are at work, in order."""
        return _pids(self._busy)

    async def run(self, errand: Errand) -> Any:
        """Return what a worker answers; raises `WorkerTimeError` when it takes longer than it may.

        A worker whose errand is given up, for its time or for a cancellation, is killed.
        """
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._go, errand, loop)
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            errand.end()
            await asyncio.wait([running])
            running.exception()  # looked at: the cancellation is what counts
            raise
        finally:
            errand.finish()
        if errand.is_late and isinstance(running.exception(), WorkerDiedError):
            raise WorkerTimeError(errand.limit_s)
        return running.result()

    def close(self) -> None:
        """End the workers, once none is at work."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().leave()

    def _go(self, errand: Errand, loop: asyncio.AbstractEventLoop) -> Any:
        """Do an errand with an idle worker, or a new one; it is kept unless it died or is to be ended."""
        if errand.is_over:
            return None
        message = errand.letter + _pickled(errand.records)
        worker = self._living() or Worker(self._context, self._limit_mb)
        errand.worker = worker
        self._busy.append(worker)
        if errand.is_over:
            worker.kill()
        try:
            errand.begin(loop, max(errand.limit_s, LOAD_S))
            worker.load(errand.processor)
            errand.begin(loop, errand.limit_s)
            return worker.ask(message)
        except MemoryError:
            raise WorkerMemoryError(self._limit_mb) from None
        finally:
            errand.worker = None
            self._busy.remove(worker)
            self._keep(worker, is_over=errand.is_over)

    def _living(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            worker.leave()
        return None

    def _keep(self, worker: Worker, *, is_over: bool) -> None:
        if is_over or not worker.is_alive:
            worker.kill()
            worker.leave()
        else:
            self._idle.append(worker)


@dataclass(slots=True)
class WorkerCall:
    """Calls a processor in the workers of a pool; see `batch_calls.Call`."""

    pool: WorkerPool
    processor: SentProcessor
    of_batches: bool
    limit_s: float

    async def __call__(self, part: Mapping[int, Any], outcomes: dict[int, Any]) -> BaseException | None:
        """Send the records of a part to a worker."""
        letter = TOGETHER if self.of_batches else ONE_BY_ONE
        errand = Errand(self.processor, letter, list(part.values()), self.limit_s)
        try:
            answer = await self.pool.run(errand)
        except (RecordError, WorkerDiedError, WorkerMemoryError, WorkerTimeError) as error:
            return error
        if isinstance(answer, Raised):
            return answer.error
        outcomes.update(zip(part, answer, strict=True))
        return None


def _pickled(records: list[Any]) -> bytes:
    try:
        return pickle.dumps(records, PROTOCOL)
    except Exception as error:
        raise RecordError(
            f"A record cannot be sent to another process: {error}.",
            remedy="Give records that can be pickled: numbers, texts, lists, dictionaries.",
        ) from error


def _pids(workers: list[Worker]) -> tuple[int, ...]:
    return tuple(sorted(int(worker.process.pid or 0) for worker in list(workers)))


def _name_of(number: int) -> str:
    named = {int(one): one.name for one in signal.Signals}
    return named.get(number, f"signal {number}")
