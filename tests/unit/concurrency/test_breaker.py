"""What fails again and again is left alone for a while, then tried by one call at a time."""

import asyncio
from contextlib import suppress

import pytest

from vcci.concurrency.breaker import Breaker, BreakerOpenError, BreakerState


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("The source", failures=3, window_s=30, open_s=10, clock=clock)


def stands(breaker: Breaker, state: BreakerState) -> bool:
    return breaker.state is state


def verdict(error: BaseException) -> bool | None:
    """OSError is a failure, what a caller gave up says nothing, all else is an answer."""
    return None if isinstance(error, asyncio.CancelledError) else isinstance(error, OSError)


def fail(breaker: Breaker, error: BaseException | None = None, *, times: int = 1) -> None:
    for _ in range(times):
        with suppress(OSError, ValueError, asyncio.CancelledError), breaker.watching(verdict):
            raise error or OSError


def succeed(breaker: Breaker) -> None:
    with breaker.watching(verdict):
        pass


def test_calls_pass_until_as_many_failed_as_said(breaker: Breaker) -> None:
    fail(breaker, times=2)
    assert stands(breaker, BreakerState.CLOSED)
    fail(breaker)
    assert stands(breaker, BreakerState.OPEN)


def test_open_breaker_refuses_and_says_when_it_will_try_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now_s = 4.0
    with pytest.raises(BreakerOpenError, match="not called for 6 s") as raised:
        succeed(breaker)
    assert (raised.value.code, raised.value.retry_after_s) == ("breaker_open", 6.0)


def test_failures_that_lie_further_apart_than_the_window_open_nothing(breaker: Breaker, clock: Clock) -> None:
    for clock.now_s in (0.0, 20.0, 40.0, 60.0, 80.0):
        fail(breaker)
    assert stands(breaker, BreakerState.CLOSED)


def test_errors_that_are_answers_open_nothing(breaker: Breaker) -> None:
    fail(breaker, ValueError("no such factor"), times=10)
    assert breaker.is_spotless


def test_one_call_at_a_time_tries_a_half_open_breaker(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now_s = 10.0
    assert stands(breaker, BreakerState.HALF_OPEN)
    with breaker.watching(verdict), pytest.raises(BreakerOpenError):
        succeed(breaker)


def test_success_of_that_call_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now_s = 10.0
    succeed(breaker)
    assert breaker.is_spotless


def test_failure_of_that_call_opens_it_anew(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now_s = 10.0
    fail(breaker)
    clock.now_s = 19.9
    assert stands(breaker, BreakerState.OPEN)
    clock.now_s = 20.0
    assert stands(breaker, BreakerState.HALF_OPEN)


def test_caller_that_leaves_lets_the_next_one_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now_s = 10.0
    fail(breaker, asyncio.CancelledError())
    assert stands(breaker, BreakerState.HALF_OPEN)
    succeed(breaker)
    assert stands(breaker, BreakerState.CLOSED)


def test_call_from_before_it_opened_does_not_close_it(breaker: Breaker, clock: Clock) -> None:
    with breaker.watching(verdict):
        fail(breaker, times=3)
        clock.now_s = 10.0
    assert stands(breaker, BreakerState.HALF_OPEN)


def test_late_failures_do_not_keep_it_open_for_longer(breaker: Breaker, clock: Clock) -> None:
    with suppress(OSError), breaker.watching(verdict):
        fail(breaker, times=3)
        clock.now_s = 9.0
        raise OSError
    clock.now_s = 10.0
    assert stands(breaker, BreakerState.HALF_OPEN)
