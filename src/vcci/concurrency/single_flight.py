"""One piece of work for all who want its result while it is under way."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from vcci.concurrency.deadline import passed_as_error, seconds_left, until

LONGEST_SECONDS = 86_400.0


@dataclass(slots=True)
class SingleFlight:
    """Runs work under a key once at a time; who comes while it runs gets what it gives, or what it raises.

    The work goes on when a caller leaves, and has no caller's deadline; each of them waits until their own.
    """

    _flights: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    async def do(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        """Return the result of the work, begun now or before; raises `DeadlineError` when it is late."""
        task = self.start(key, work)
        with passed_as_error():
            async with asyncio.timeout(seconds_left(LONGEST_SECONDS)):
                return await asyncio.shield(task)

    def start(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> "asyncio.Task[Any]":
        """Begin the work, unless it runs; nobody need wait for it."""
        task = self._flights.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(_alone(work))
            self._flights[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    async def aclose(self) -> None:
        """Give up what is under way."""
        tasks = list(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, key: Hashable, task: "asyncio.Task[Any]") -> None:
        self._flights.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at: whoever waits has it, and nobody may be waiting


async def _alone(work: Callable[[], Awaitable[Any]]) -> Any:
    with until(None):
        return await work()
