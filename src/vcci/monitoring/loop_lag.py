"""How late the event loop is: a sleeper that looks at the clock when it is woken."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from vcci.monitoring.metrics import METRICS

INTERVAL_S: Final = 0.25
"""Four looks in a second: a loop that stands still for 100 ms in each second is seen within minutes."""

_LAG: Final = METRICS.histogram("event_loop_lag_seconds").only


@asynccontextmanager
async def watched_loop(
    *, interval_s: float = INTERVAL_S, also: Iterable[Callable[[], None]] = ()
) -> AsyncIterator[None]:
    """Measure the lag of this event loop meanwhile; `also` is called at once and each time, to read the rest.

    What a reader raises ends the measuring, and is raised at the end.
    """
    readers = tuple(also)
    for read in readers:
        read()
    task = asyncio.create_task(_watch(interval_s, readers))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def _watch(interval_s: float, also: Iterable[Callable[[], None]]) -> None:
    while True:
        due_s = monotonic() + interval_s
        await asyncio.sleep(interval_s)
        _LAG.observe(max(0.0, monotonic() - due_s))
        for read in also:
            read()
