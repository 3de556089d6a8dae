"""One of several processes that ask for the same value at once: `python -m benchmarks.cache_process`.

Told a way to keep values, the URL of a Redis, how many ask, and how long loading takes. For each key on a
line of its input it prints how often this process has loaded it.
"""

import asyncio
import sys

from benchmarks.cache_ways import Opened, Truth, ours, redis_py, value_of


def opened_by(name: str) -> Opened:
    """Return what opens a cache by its name."""
    if name in ("ours", "redis_py"):
        return ours if name == "ours" else redis_py
    from benchmarks.cache_peers import ACROSS

    return ACROSS[name]


async def answer(name: str, url: str, *, callers: int, seconds: float) -> None:
    """Ask for what is named on each line of the input."""
    truth = Truth(seconds)
    async with opened_by(name)(url, truth) as cache:
        await cache.get(f"warm {id(truth)}")
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            key = line.strip()
            found = await asyncio.gather(*(cache.get(key) for _ in range(callers)), return_exceptions=True)
            right = sum(one == value_of(key) for one in found)
            print(truth.loads[key], right, flush=True)


if __name__ == "__main__":
    _, way, where, many, pause = sys.argv
    asyncio.run(answer(way, where, callers=int(many), seconds=float(pause)))
