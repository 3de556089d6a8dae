"""Requests that come when they come: a load that does not wait for its answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def due_times(rate_per_s: float, *, seconds: float, seed: int) -> list[float]:
    """Return when requests are due, in seconds from the start, at random at an average rate; at least ten."""
    chooser, times, now = Random(seed), list[float](), 0.0
    while now < seconds or len(times) < 10:
        now += chooser.expovariate(rate_per_s)
        times.append(now)
    return times


async def served(times: Sequence[float], request: Callable[[int, float], Awaitable[T]]) -> list[T]:
    """Begin a request at each time, with its number and when it was due on the loop's clock; return answers.

    One that is begun late is told when it was due all the same: it has waited, too.
    """
    loop = asyncio.get_running_loop()
    started, tasks = loop.time(), list[asyncio.Future[T]]()
    for number, due in enumerate(times):
        early_s = started + due - loop.time()
        if early_s > 0:
            await asyncio.sleep(early_s)
        tasks.append(asyncio.ensure_future(request(number, started + due)))
    return await asyncio.gather(*tasks)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]
