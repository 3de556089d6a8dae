"""How a processor is called: awaited on the loop, or in threads where it is synchronous.

A processor may be a function, a coroutine function, a partial of these, or an object that is called. What
it returns is awaited if it can be, so that a synchronous function may hand on a coroutine.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any, Protocol

from vcci.concurrency import bounded
from vcci.processing.batch_results import AnswerError, CutOffError

Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Raised:
    """Stands where the value of a record would, with what was raised in its place."""

    error: BaseException


class Call(Protocol):
    """Calls a processor with the records of a part of a batch, by their indexes."""

    of_batches: bool
    """Whether the processor takes all of them together."""

    async def __call__(self, part: Mapping[int, Any], outcomes: dict[int, Any]) -> BaseException | None:
        """Write a value or a `Raised` for each record; or return the error with which all of them failed.

        What was done when the call is cancelled is in `outcomes`.
        """


def is_asynchronous(processor: Processor) -> bool:
    """Say whether calling it gives a coroutine, as far as can be known before."""
    while isinstance(processor, partial):
        processor = processor.func
    called = type(processor).__call__
    return inspect.iscoroutinefunction(processor) or inspect.iscoroutinefunction(called)


@dataclass(slots=True)
class LocalCall:
    """Calls a processor in this process: `lanes` records of a part at a time, or all of them together.

    `most_threads` bounds the threads of all parts, which are made only if the processor is synchronous.
    """

    processor: Processor
    of_batches: bool
    lanes: int
    most_threads: int
    _threads: ThreadPoolExecutor | None = field(default=None, init=False)
    _is_asynchronous: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._is_asynchronous = is_asynchronous(self.processor)

    async def __call__(self, part: Mapping[int, Any], outcomes: dict[int, Any]) -> BaseException | None:
        """Call the processor; see `Call`."""
        if self.of_batches:
            return await self._together(part, outcomes)
        if self._is_asynchronous:
            works = {index: partial(self.processor, record) for index, record in part.items()}
            await self._awaited(works, outcomes)
        else:
            await self._in_threads(part, outcomes)
        return None

    def close(self) -> None:
        """Let the threads go; none is at work when all calls have returned."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    async def _together(self, part: Mapping[int, Any], outcomes: dict[int, Any]) -> BaseException | None:
        records = list(part.values())

        def answered(answer: Any) -> None:
            outcomes.update(zip(part, checked(answer, len(records)), strict=True))

        def in_thread() -> Any:
            try:
                answer = self.processor(records)
                return answer if inspect.isawaitable(answer) else answered(answer)
            except Exception as error:
                return Raised(error)

        async def work() -> None:
            if self._is_asynchronous:
                answered(await self.processor(records))
                return
            [found] = await self._finished([in_thread], Event())
            if isinstance(found, Raised):
                raise found.error
            if found is not None:
                answered(await found)

        [outcome] = await bounded.bounded_outcomes([work], 1)
        return _told(outcome.error) if isinstance(outcome, bounded.Failed) else None

    async def _in_threads(self, part: Mapping[int, Any], outcomes: dict[int, Any]) -> None:
        """Call the processor in `lanes` threads, each with its share of the records, one by one."""
        is_over = Event()
        shares = [list(part.items())[lane :: self.lanes] for lane in range(self.lanes)]
        works = [
            partial(_one_by_one, self.processor, share, outcomes=outcomes, is_over=is_over)
            for share in shares
            if share
        ]
        try:
            await self._finished(works, is_over)
            begun = {index: value for index, value in outcomes.items() if inspect.isawaitable(value)}
            await self._awaited({index: partial(_itself, value) for index, value in begun.items()}, outcomes)
        finally:
            for index, value in list(outcomes.items()):
                if inspect.isawaitable(value):
                    _given_up(outcomes.pop(index))

    async def _awaited(
        self, works: Mapping[int, Callable[[], Awaitable[Any]]], outcomes: dict[int, Any]
    ) -> None:
        """Await works, `lanes` at a time; each outcome is written when it is there."""

        async def work(index: int) -> None:
            outcomes[index] = await works[index]()

        found = await bounded.bounded_outcomes((partial(work, index) for index in works), self.lanes)
        for index, outcome in zip(works, found, strict=True):
            if isinstance(outcome, bounded.Failed):
                outcomes[index] = Raised(_told(outcome.error))

    async def _finished(self, works: Sequence[Callable[[], Any]], is_over: Event) -> list[Any]:
        """Run works in threads. When this is cancelled, what is called at that moment is still waited for."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.most_threads, thread_name_prefix="batch")
        loop = asyncio.get_running_loop()
        running = [loop.run_in_executor(self._threads, copy_context().run, work) for work in works]
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError:
            is_over.set()
            await asyncio.wait(running)
            raise
        return [one.result() for one in running]


def checked(answer: Any, wanted: int) -> list[Any]:
    """Return what a processor of batches answered, if it is a result for each record; else `AnswerError`."""
    if isinstance(answer, str | bytes | Mapping) or not hasattr(answer, "__len__"):
        raise AnswerError(f"an object of class {type(answer).__name__}", wanted)
    if len(answer) != wanted:
        raise AnswerError(f"{len(answer)} results", wanted)
    return list(answer)


def _one_by_one(
    processor: Processor, share: Sequence[tuple[int, Any]], *, outcomes: dict[int, Any], is_over: Event
) -> None:
    for index, record in share:
        if is_over.is_set():
            return
        try:
            outcomes[index] = processor(record)
        except Exception as error:
            outcomes[index] = Raised(error)


async def _itself(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _given_up(awaitable: Any) -> None:
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def _told(error: BaseException) -> BaseException:
    """Return an error that ends nobody's task: a cancellation that nobody asked for is one of its own."""
    if isinstance(error, asyncio.CancelledError):
        told = CutOffError()
        told.__cause__ = error
        return told
    return error
