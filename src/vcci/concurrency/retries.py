"""Work that is tried again: only after errors that may pass, never for longer or more often than is of use.

Waits are drawn at random up to a bound that grows (full jitter), so that those who failed together do not
come back together. A budget that calls share keeps retries a small part of all calls: in an outage, trying
everything three times would treble the load on what is down already.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from vcci.concurrency.deadline import current_deadline

T = TypeVar("T")
P = ParamSpec("P")
IsTransient = Callable[[Exception], bool]

RETRIES_SHARE: Final = 0.1
"""Retries that a call pays in for: at most one in ten calls is a retry, once the reserve is used up."""

RESERVE: Final = 10
"""Retries that may be made at once before any call has paid for them."""


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """A try, counted from 1, failed with an error of that code or class; the next comes after `wait_s`."""

    attempt: int
    wait_s: float
    error: str


class RetryBudget:
    """Retries that calls share: each call pays in `share` of one, each retry takes one out."""

    def __init__(self, share: float = RETRIES_SHARE, *, reserve: float = RESERVE) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    @property
    def left(self) -> float:
        """Return how many retries may be made at once."""
        return self._left

    def pay_in(self) -> None:
        """Count a call; what is saved is never more than the reserve."""
        self._left = min(self._reserve, self._left + self._share)

    def take(self) -> bool:
        """Take one retry out; return False where none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` tries in all; before try n + 1 a wait of up to `first_wait_s` x `growth` ** (n - 1).

    No wait is longer than `most_wait_s`. What asks for more by a `retry_after_s` of its error is not tried
    again: to come back sooner would be of no use to it.
    """

    attempts: int = 3
    first_wait_s: float = 0.1
    most_wait_s: float = 5.0
    growth: float = 2.0
    budget: RetryBudget | None = None

    def wait_s(self, attempt: int, error: Exception, *, chance: float) -> float | None:
        """Return how long to wait after a failed try, in seconds; None: give up. `chance` is 0 to 1."""
        asked_s = float(getattr(error, "retry_after_s", None) or 0.0)
        if attempt >= self.attempts or asked_s > self.most_wait_s:
            return None
        bound_s = min(self.first_wait_s * self.growth ** (attempt - 1), self.most_wait_s)
        return min(asked_s + chance * bound_s, self.most_wait_s)


def not_heard(_event: RetryScheduled) -> None:
    """Drop the event: the hook of whoever does not listen."""


async def retried(
    work: Callable[[], Awaitable[T]],
    *,
    policy: RetryPolicy,
    is_transient: IsTransient,
    hook: Callable[[RetryScheduled], None] = not_heard,
) -> T:
    """Return what a try of `work` returns, or raise the error of the last one.

    Another try is made only after an error that `is_transient` names, while the policy and its budget allow
    it, and if its wait ends before the current deadline.
    """
    if policy.budget is not None:
        policy.budget.pay_in()
    attempt = 1
    while True:
        try:
            return await work()
        except Exception as error:
            wait_s = policy.wait_s(attempt, error, chance=random.random()) if is_transient(error) else None  # noqa: S311
            if wait_s is None or not _in_time(wait_s) or not _affordable(policy):
                raise
            hook(RetryScheduled(attempt, wait_s, str(getattr(error, "code", type(error).__name__))))
        await asyncio.sleep(wait_s)
        attempt += 1


def may_pass(error: Exception) -> bool:
    """Say whether an error is of a connection or a wait, or calls itself transient (`is_transient`)."""
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "is_transient", False))


def retry_async(
    max_retries: int = 3, backoff: float = 2.0, *, is_transient: IsTransient = may_pass
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Decorate a coroutine function: up to `max_retries` tries after the first, waits grown by `backoff`."""
    policy = RetryPolicy(attempts=max_retries + 1, growth=backoff)

    def decorated(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(function)
        async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
            return await retried(lambda: function(*args, **kwargs), policy=policy, is_transient=is_transient)

        return tried

    return decorated


def _in_time(wait_s: float) -> bool:
    deadline = current_deadline()
    return deadline is None or wait_s < deadline.remaining_s


def _affordable(policy: RetryPolicy) -> bool:
    return policy.budget is None or policy.budget.take()
