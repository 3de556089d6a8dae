"""One process of many that ask for one cold key: `python -m tests.faults.cold_node REDIS_URL CALLERS`.

It says that it is ready, waits for a line, lets its callers ask all at once, and tells what came of it.
"""

import asyncio
import json
import sys

from tests.support.caches import Truth, node_at


async def asked(url: str, callers: int) -> None:
    """Ask, once all others are ready, too."""
    truth = Truth(cold="loaded")
    truth.seconds = 0.05
    async with node_at(url) as node:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        values = await asyncio.gather(*(node.get(truth, "cold") for _ in range(callers)))
    told = {"loads": truth.loads["cold"], "answers": len(values), "values": sorted(set(values))}
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(asked(sys.argv[1], int(sys.argv[2])))
