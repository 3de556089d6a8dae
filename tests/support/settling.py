"""Whether a service is as it was before: its connections all there, and no task left."""

import asyncio
from collections import Counter
from typing import Any, Final

from tests.support.api import Api
from tests.support.loop_watch import MOST_TURNS, tasks
from tests.support.waiting import until

Rest = dict[str, Any]
OBSERVED_TURNS: Final = 50


async def at_rest(api: Api) -> Counter[str]:
    """Return the most tasks of each kind that an application has which nobody asks anything."""
    notifications = api.service.authority.notifications
    assert notifications is not None
    await until(lambda: notifications.is_listening)
    most: Counter[str] = Counter()
    for _ in range(OBSERVED_TURNS):
        await asyncio.sleep(0.001)
        most |= tasks()
    return most


def unrest(api: Api, before: Counter[str]) -> Rest:
    """Return what is not as it was: tasks beside those of before, and connections that are not idle."""
    found = api.service.pool.statistics()
    told = {
        "tasks": dict(tasks() - before),
        "in use": found.in_use,
        "waiting": found.waiting,
        "lost": found.size - found.idle - found.in_use,
        "held": api.service.pool.held(),
    }
    return {name: value for name, value in told.items() if value}


async def settled(api: Api, before: Counter[str], *, turns: int = MOST_TURNS) -> Rest:
    """Return what is not as it was, at the latest after so many turns of the loop; empty when all is well."""
    for _ in range(turns):
        if not unrest(api, before):
            break
        await asyncio.sleep(0.001)
    return unrest(api, before)
