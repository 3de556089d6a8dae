"""Much work, little of it at a time: results in the order of the input, no failure that looks like one."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import Any, Final, Generic, ParamSpec, TypeVar

from vcci.events import StageFinished

T = TypeVar("T")
P = ParamSpec("P")
Work = Callable[[], Awaitable[T]]

AT_ONCE: Final = 10
"""Pieces of work under way at a time, unless the caller says otherwise."""

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """Work that succeeded, with its value."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """Work that failed, with what it raised."""

    error: BaseException


Outcome = Done[T] | Failed


class _WorkCancelledItselfError(Exception):
    """Ends the other workers, which a `CancelledError` that nobody asked for would not."""


async def bounded_gather(works: Iterable[Work[T]], limit: int = AT_ONCE) -> list[T]:
    """Return the results of all works, in their order, at most `limit` under way at a time.

    A work is taken from the iterable only when it can begin, so that there may be any number. The first
    failure cancels those under way, takes no more, and is raised.
    """
    found: dict[int, T] = {}
    errors: list[BaseException] = []

    async def work_on(place: int, work: Work[T]) -> None:
        found[place] = await work()

    try:
        await _worked_through(works, limit, work_on=work_on, errors=errors)
    except BaseExceptionGroup:
        raise errors[0] from None
    return [found[place] for place in range(len(found))]


async def bounded_outcomes(works: Iterable[Work[T]], limit: int = AT_ONCE) -> list[Outcome[T]]:
    """Return for each work, in their order, `Done` with its value or `Failed` with its error; fails never.

    At most `limit` are under way at a time. If the iterable itself raises, that is raised.
    """
    found: dict[int, Outcome[T]] = {}
    errors: list[BaseException] = []

    async def work_on(place: int, work: Work[T]) -> None:
        try:
            found[place] = Done(await work())
        except asyncio.CancelledError as error:
            if _is_asked_to_end():
                raise
            found[place] = Failed(error)
        except Exception as error:
            found[place] = Failed(error)

    try:
        await _worked_through(works, limit, work_on=work_on, errors=errors)
    except BaseExceptionGroup:
        raise errors[0] from None
    return [found[place] for place in range(len(found))]


async def run_concurrent(tasks: Iterable[Awaitable[T]], limit: int = AT_ONCE) -> list[T]:
    """Return the results of awaitables in their order, as `bounded_gather` does.

    After a failure the coroutines that have not begun are closed, and tasks cancelled, if `tasks` is a list
    or tuple: of an iterator nothing more is taken.
    """
    try:
        return await bounded_gather((_as_work(task) for task in tasks), limit)
    except BaseException:
        for task in tasks if isinstance(tasks, list | tuple) else ():
            _give_up(task)
        raise


def _log(event: StageFinished) -> None:
    LOG.debug("%s: %.3f s", event.stage, event.seconds)


def async_timed(
    report: Callable[[StageFinished], None] = _log,
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Decorate a coroutine function: each call reports its name and seconds, whether it succeeds or not."""

    def decorated(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(function)
        async def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            began = perf_counter()
            try:
                return await function(*args, **kwargs)
            finally:
                report(StageFinished(function.__qualname__, perf_counter() - began))

        return timed

    return decorated


async def _worked_through(
    works: Iterable[Work[T]],
    limit: int,
    *,
    work_on: Callable[[int, Work[T]], Awaitable[None]],
    errors: list[BaseException],
) -> None:
    """Let `limit` workers take works until there are none; `errors` gets what ended them, the first first."""
    if limit < 1:
        raise ValueError("limit is at least 1")
    queue = enumerate(works)

    async def worker() -> None:
        try:
            for place, work in queue:
                await work_on(place, work)
        except BaseException as error:
            errors.append(error)
            if isinstance(error, asyncio.CancelledError) and not _is_asked_to_end():
                raise _WorkCancelledItselfError from None
            raise

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(worker())


def _is_asked_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _as_work(task: Awaitable[T]) -> Work[T]:
    async def work() -> T:
        return await task

    return work


def _give_up(task: Awaitable[Any]) -> None:
    if isinstance(task, asyncio.Future):
        task.cancel()
    elif inspect.iscoroutine(task):
        task.close()
