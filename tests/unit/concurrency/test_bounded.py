"""Much work runs a little at a time, in order, and a failure never looks like a result."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from inspect import CORO_CLOSED, getcoroutinestate

import pytest

from vcci.concurrency.bounded import (
    Done,
    Failed,
    async_timed,
    bounded_gather,
    bounded_outcomes,
    run_concurrent,
)
from vcci.events import StageFinished


class Works:
    """Works that count how many of them began, are under way, were ever under way together, and ended."""

    def __init__(self, *bad: int) -> None:
        self.bad = bad
        self.taken = self.under_way = self.most = self.cancelled = 0

    def __call__(self, count: int) -> Iterator[Callable[[], Awaitable[int]]]:
        for number in range(count):
            self.taken += 1
            yield partial(self.work, number)

    async def work(self, number: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            for _ in range(5 - number % 5):
                await asyncio.sleep(0)
            if number in self.bad:
                raise ValueError(number)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        return number * 10


async def test_results_come_in_the_order_of_the_works() -> None:
    assert await bounded_gather(Works()(100), 7) == [number * 10 for number in range(100)]


@pytest.mark.parametrize("limit", [1, 2, 10])
async def test_as_many_are_under_way_as_the_limit_allows_and_no_more(limit: int) -> None:
    works = Works()
    await bounded_gather(works(100), limit)
    assert works.most == limit


async def test_works_are_taken_only_when_they_can_begin() -> None:
    works = Works(20)
    with pytest.raises(ValueError, match="20"):
        await bounded_gather(works(10**9), 3)
    assert works.taken <= 20 + 3 * 5


async def test_first_failure_is_raised_and_ends_the_rest() -> None:
    works = Works(4, 5, 6)
    with pytest.raises(ValueError, match="4"):
        await bounded_gather(works(100), 10)
    assert (works.under_way, works.cancelled > 0) == (0, True)


async def test_caller_that_is_cancelled_leaves_no_task() -> None:
    works, before = Works(), asyncio.all_tasks()
    task = asyncio.create_task(bounded_gather(works(100), 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (works.under_way, asyncio.all_tasks()) == (0, before)


async def test_input_that_breaks_off_is_an_error() -> None:
    def works() -> Iterator[Callable[[], Awaitable[int]]]:
        yield from Works()(3)
        raise LookupError("the file broke off")

    with pytest.raises(LookupError):
        await bounded_gather(works(), 2)
    with pytest.raises(LookupError):
        await bounded_outcomes(works(), 2)


async def test_each_work_has_its_value_or_its_error_in_its_place() -> None:
    outcomes = await bounded_outcomes(Works(1, 3)(5), 2)
    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done, Failed, Done]
    assert [outcome.value for outcome in outcomes if isinstance(outcome, Done)] == [0, 20, 40]
    assert [outcome.error.args for outcome in outcomes if isinstance(outcome, Failed)] == [(1,), (3,)]


async def test_work_that_cancels_itself_is_a_failure_not_a_gap() -> None:
    async def leaves() -> int:
        raise asyncio.CancelledError

    outcomes = await bounded_outcomes([leaves, lambda: Works().work(1)])
    assert [type(outcome) for outcome in outcomes] == [Failed, Done]
    with pytest.raises(asyncio.CancelledError):
        await bounded_gather([leaves, lambda: Works().work(1)])


async def test_no_work_is_no_result() -> None:
    assert (await bounded_gather([]), await bounded_outcomes([])) == ([], [])


async def test_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await bounded_gather(Works()(1), 0)


async def test_coroutines_run_a_few_at_a_time() -> None:
    works = Works()
    assert await run_concurrent([works.work(number) for number in range(50)], 10) == [
        number * 10 for number in range(50)
    ]
    assert works.most == 10


@pytest.mark.filterwarnings("error")
async def test_coroutines_that_never_began_are_closed_after_a_failure() -> None:
    works = Works(0)
    coroutines = [works.work(number) for number in range(50)]
    with pytest.raises(ValueError, match="0"):
        await run_concurrent(coroutines, 2)
    assert {getcoroutinestate(coroutine) for coroutine in coroutines} == {CORO_CLOSED}


async def test_timed_function_reports_its_name_even_if_it_fails() -> None:
    heard: list[StageFinished] = []

    @async_timed(heard.append)
    async def half(number: int) -> float:
        return 1 / number

    assert await half(2) == 0.5
    with pytest.raises(ZeroDivisionError):
        await half(0)
    assert [event.stage.rpartition(".")[2] for event in heard] == ["half", "half"]
