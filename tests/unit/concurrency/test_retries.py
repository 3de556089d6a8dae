"""Work is tried again only where that is of use, and never more often than a budget allows."""

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

from vcci.concurrency.deadline import within
from vcci.concurrency.retries import RetryBudget, RetryPolicy, RetryScheduled, may_pass, retried, retry_async
from vcci.errors import RemoteError

AT_ONCE = RetryPolicy(attempts=3, first_wait_s=0.0)


class AwayError(ConnectionError):
    """An error that may pass; the other side may ask for a wait."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s


class Source:
    """Work that raises the errors it was given, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def work(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "here"


async def test_what_failed_twice_for_a_reason_that_passes_is_had_at_the_third_try() -> None:
    source = Source(AwayError(), AwayError())
    assert await retried(source.work, policy=AT_ONCE, is_transient=may_pass) == "here"
    assert source.calls == 3


async def test_last_error_is_raised_when_the_tries_are_used_up() -> None:
    last = AwayError()
    source = Source(AwayError(), AwayError(), last, AwayError())
    with pytest.raises(AwayError) as raised:
        await retried(source.work, policy=AT_ONCE, is_transient=may_pass)
    assert (raised.value, source.calls) == (last, 3)


async def test_error_that_does_not_pass_is_raised_at_once() -> None:
    source = Source(ValueError("a wrong question"))
    with pytest.raises(ValueError, match="a wrong question"):
        await retried(source.work, policy=AT_ONCE, is_transient=may_pass)
    assert source.calls == 1


async def test_no_wait_goes_past_the_deadline() -> None:
    source = Source(AwayError())
    slow = RetryPolicy(first_wait_s=60.0, most_wait_s=60.0)
    with within(0.001), pytest.raises(AwayError):
        await retried(source.work, policy=slow, is_transient=may_pass)
    assert source.calls == 1


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_wait_is_drawn_from_nothing_up_to_a_bound_that_grows_to_its_limit(chance: float) -> None:
    policy = RetryPolicy(attempts=9, first_wait_s=1.0, most_wait_s=5.0)
    waits = [policy.wait_s(attempt, AwayError(), chance=chance) for attempt in (1, 2, 3, 4, 5)]
    assert waits == [chance * bound for bound in (1.0, 2.0, 4.0, 5.0, 5.0)]


def test_wait_is_never_less_than_the_other_side_asks_for() -> None:
    assert RetryPolicy(first_wait_s=1.0).wait_s(1, AwayError(retry_after_s=2.0), chance=0.0) == 2.0


def test_what_asks_for_more_than_the_longest_wait_is_not_tried_again() -> None:
    assert RetryPolicy(most_wait_s=5.0).wait_s(1, AwayError(retry_after_s=5.1), chance=0.0) is None


async def test_in_an_outage_retries_stay_a_tenth_of_the_calls() -> None:
    budget = RetryBudget(share=0.1, reserve=10)
    policy = RetryPolicy(first_wait_s=0.0, budget=budget)
    sources = [Source(*(AwayError() for _ in range(3))) for _ in range(1_000)]
    for source in sources:
        with suppress(AwayError):
            await retried(source.work, policy=policy, is_transient=may_pass)
    assert sum(source.calls - 1 for source in sources) in range(100, 111)


async def test_budget_fills_again_but_not_beyond_its_reserve() -> None:
    budget = RetryBudget(share=0.5, reserve=2)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    for _ in range(100):
        budget.pay_in()
    assert [budget.take() for _ in range(3)] == [True, True, False]


async def test_each_retry_is_reported_before_its_wait() -> None:
    heard: list[RetryScheduled] = []
    error = RemoteError("It is away.", remedy="Wait.", code="remote_away")
    source = Source(error, AwayError())
    await retried(source.work, policy=AT_ONCE, is_transient=lambda _: True, hook=heard.append)
    assert heard == [RetryScheduled(1, 0.0, "remote_away"), RetryScheduled(2, 0.0, "AwayError")]


async def test_work_that_is_cancelled_is_not_tried_again() -> None:
    calls: Counter[str] = Counter()

    async def work() -> None:
        calls["work"] += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(retried(work, policy=AT_ONCE, is_transient=lambda _: True))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls["work"] == 1


async def test_decorated_function_is_tried_once_and_as_often_again_as_said() -> None:
    source = Source(*(AwayError() for _ in range(5)))
    with pytest.raises(AwayError):
        await retry_async(2, 0.0)(source.work)()
    assert source.calls == 3


async def test_decorated_function_keeps_its_name_arguments_and_other_errors() -> None:
    @retry_async(max_retries=3, backoff=2.0)
    async def halve(number: int, *, by: int = 2) -> float:
        return number / by

    assert (halve.__name__, await halve(4)) == ("halve", 2.0)
    with pytest.raises(ZeroDivisionError):
        await halve(4, by=0)
