"""Questions that come together are answered together."""

import asyncio
from collections.abc import Sequence

import pytest

from vcci.concurrency import Coalescer


class Books:
    """Work that remembers what it was asked together, and refuses a negative number."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[int]]] = []

    async def work(self, key: str, numbers: Sequence[int]) -> list[int]:
        self.asked.append((key, list(numbers)))
        await asyncio.sleep(0)
        if any(number < 0 for number in numbers):
            raise ValueError("negative")
        return [number * 10 for number in numbers]


async def test_everyone_gets_the_answer_to_their_own_question() -> None:
    coalescer = Coalescer(Books().work)
    answers = await asyncio.gather(*(coalescer.ask("a", number) for number in range(1_000)))
    assert answers == [number * 10 for number in range(1_000)]


async def test_questions_that_come_together_are_asked_together() -> None:
    books = Books()
    coalescer = Coalescer(books.work)
    await asyncio.gather(*(coalescer.ask("a", number) for number in range(400)))
    assert len(books.asked) <= 4


async def test_tenants_are_never_asked_for_together() -> None:
    books = Books()
    coalescer = Coalescer(books.work)
    await asyncio.gather(*(coalescer.ask("ab"[number % 2], number) for number in range(100)))
    assert all(len({number % 2 for number in numbers}) == 1 for _, numbers in books.asked)


async def test_bad_question_fails_alone() -> None:
    coalescer = Coalescer(Books().work)
    asked = (coalescer.ask("a", number) for number in (1, -2, 3))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert (answers[0], answers[2]) == (10, 30)
    assert isinstance(answers[1], ValueError)


async def test_what_concerns_all_is_not_tried_for_each() -> None:
    books = Books()
    coalescer = Coalescer(books.work, concerns_all=lambda error: isinstance(error, ValueError))
    asked = (coalescer.ask("a", number) for number in (-1, -2, -3))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError] * 3
    assert len(books.asked) <= 2


async def test_question_that_is_given_up_does_not_hold_others_up() -> None:
    coalescer = Coalescer(Books().work)
    given_up = asyncio.create_task(coalescer.ask("a", 1))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await coalescer.ask("a", 2) == 20
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_nothing_is_kept_of_keys_that_nobody_asks_for() -> None:
    coalescer = Coalescer(Books().work)
    await asyncio.gather(*(coalescer.ask(f"tenant {number}", number) for number in range(50)))
    await coalescer.aclose()
    assert (coalescer._waiting, coalescer._lanes, coalescer._tasks) == ({}, {}, set())
