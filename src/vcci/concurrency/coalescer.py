"""Work that many ask for at once, done together."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from vcci.concurrency.deadline import Deadline, current_deadline, passed, until

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
R = TypeVar("R")

MOST_TOGETHER: Final = 200
"""Questions that are answered by one piece of work."""

LANES: Final = 2
"""Pieces of work for one key at a time: one gathers while the other is under way."""


@dataclass(slots=True)
class _Asked(Generic[A, R]):
    question: A
    answer: asyncio.Future[R]
    deadline: Deadline | None


@dataclass(slots=True)
class Coalescer(Generic[K, A, R]):
    """Answers questions that come at the same time by one piece of work for each key, such as a tenant.

    Nobody waits for a timer: a question that comes alone is worked on at once. `work` gets questions and
    returns an answer for each, in order. What fails together is tried one by one, so that a bad question
    fails alone; unless the error concerns all, as that of a database which is away. The work has the latest
    deadline of those who asked together, and each of them waits until their own.
    """

    work: Callable[[K, Sequence[A]], Awaitable[Sequence[R]]]
    concerns_all: Callable[[Exception], bool] = lambda _: False
    most: int = MOST_TOGETHER
    _waiting: dict[K, deque[_Asked[A, R]]] = field(default_factory=lambda: defaultdict(deque))
    _lanes: dict[K, int] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, key: K, question: A) -> R:
        """Return the answer to a question, or raise what it failed with; `DeadlineError` when it is late."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        deadline = current_deadline()
        self._waiting[key].append(_Asked(question, answer, deadline))
        if self._lanes.get(key, 0) < LANES:
            self._lanes[key] = self._lanes.get(key, 0) + 1
            task = asyncio.create_task(self._run(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if deadline is None:
            return await answer
        return await _by(deadline, answer)

    async def aclose(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, key: K) -> None:
        try:
            while waiting := self._waiting.get(key):
                together = [waiting.popleft() for _ in range(min(len(waiting), self.most))]
                await self._answer(key, [asked for asked in together if not asked.answer.done()])
        finally:
            self._lanes[key] -= 1
            if not self._lanes[key]:
                del self._lanes[key]
                self._waiting.pop(key, None)

    async def _answer(self, key: K, together: list[_Asked[A, R]]) -> None:
        if not together:
            return
        try:
            with until(_latest(together)):
                found = await self.work(key, [asked.question for asked in together])
        except Exception as error:
            if len(together) == 1 or self.concerns_all(error):
                for asked in together:
                    _fail(asked.answer, error)
                return
            for asked in together:
                await self._answer(key, [asked])
            return
        for asked, value in zip(together, found, strict=True):
            if not asked.answer.done():
                asked.answer.set_result(value)


async def _by(deadline: Deadline, answer: asyncio.Future[R]) -> R:
    try:
        async with asyncio.timeout(deadline.or_sooner(deadline.remaining_s)):
            return await answer
    except TimeoutError:
        raise passed() from None


def _latest(together: Sequence[_Asked[A, R]]) -> Deadline | None:
    """Return the latest deadline; None if somebody has none."""
    latest = None
    for asked in together:
        if asked.deadline is None:
            return None
        if latest is None or asked.deadline.at_s > latest.at_s:
            latest = asked.deadline
    return latest


def _fail(answer: asyncio.Future[R], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
