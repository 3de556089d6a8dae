"""Work that many ask for at once, done together."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
R = TypeVar("R")

MOST_TOGETHER: Final = 200
"""Questions that are answered by one piece of work."""

LANES: Final = 2
"""Pieces of work for one key at a time: one gathers while the other is under way."""


@dataclass(slots=True)
class Coalescer(Generic[K, A, R]):
    """Answers questions that come at the same time by one piece of work for each key, such as a tenant.

    Nobody waits for a timer: a question that comes alone is worked on at once. `work` gets questions and
    returns an answer for each, in order. What fails together is tried one by one, so that a bad question
    fails alone; unless the error concerns all, as that of a database which is away.
    """

    work: Callable[[K, Sequence[A]], Awaitable[Sequence[R]]]
    concerns_all: Callable[[Exception], bool] = lambda _: False
    most: int = MOST_TOGETHER
    _waiting: dict[K, deque[tuple[A, asyncio.Future[R]]]] = field(default_factory=lambda: defaultdict(deque))
    _lanes: dict[K, int] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, key: K, question: A) -> R:
        """Return the answer to a question, or raise what it failed with."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting[key].append((question, answer))
        if self._lanes.get(key, 0) < LANES:
            self._lanes[key] = self._lanes.get(key, 0) + 1
            task = asyncio.create_task(self._run(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def aclose(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, key: K) -> None:
        try:
            while waiting := self._waiting.get(key):
                together = [waiting.popleft() for _ in range(min(len(waiting), self.most))]
                await self._answer(key, [pair for pair in together if not pair[1].done()])
        finally:
            self._lanes[key] -= 1
            if not self._lanes[key]:
                del self._lanes[key]
                self._waiting.pop(key, None)

    async def _answer(self, key: K, together: list[tuple[A, asyncio.Future[R]]]) -> None:
        if not together:
            return
        try:
            found = await self.work(key, [question for question, _ in together])
        except Exception as error:
            if len(together) == 1 or self.concerns_all(error):
                for _, answer in together:
                    _fail(answer, error)
                return
            for pair in together:
                await self._answer(key, [pair])
            return
        for (_, answer), value in zip(together, found, strict=True):
            if not answer.done():
                answer.set_result(value)


def _fail(answer: asyncio.Future[R], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
