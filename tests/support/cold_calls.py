"""A process that has just started, and what stands in its loop's way when each operation is asked first.

    python -m tests.support.cold_calls '{"url": "postgresql://...", "data_dir": "...", ...}'

It prints, for each operation, its status, the blocking calls, and the modules that were loaded for it.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
from tests.support.api import running
from tests.support.jobs import FILES
from tests.support.loop_watch import watching_calls, watching_imports
from tests.support.operations import LEDGER, Client, World, asked, described, examples

Told = dict[str, dict[str, Any]]


async def requests(client: Client, world: World) -> AsyncIterator[tuple[str, httpx2.Request]]:
    """Yield a request of every operation, every example of a body, and an upload that is sent again."""
    for (method, path), body in examples():
        yield f"{method} {path} {json.dumps(body)[:60]}", client.build_request(method, path, json=body)
    for operation in described():
        made = await asked(client, world, operation)
        yield " ".join(operation), client.build_request(operation[0], made.pop("url"), **made)
    for time in ("first", "second"):
        upload, again = {"file": ("again.csv", LEDGER)}, {"Idempotency-Key": "again"}
        yield f"POST {FILES} ({time} time)", client.build_request("POST", FILES, files=upload, headers=again)


async def told(url: str, data_dir: Path, world: World) -> Told:
    """Ask everything once."""
    found: Told = {}
    async with running(url, data_dir=data_dir) as api, api.client(world.key) as client:
        async for name, request in requests(client, world):
            with watching_calls() as blocked, watching_imports() as loaded:
                try:
                    status: Any = (await client.send(request)).status_code
                except Exception as error:
                    status = repr(error)
            found[name] = {"status": status, "blocked": blocked, "loaded": loaded}
    return found


def main() -> None:
    """Ask, and print what was found as JSON."""
    given = json.loads(sys.argv[1])
    world = World(given["key"], given["ids"])
    sys.stdout.write(json.dumps(asyncio.run(told(given["url"], Path(given["data_dir"]), world))))
    sys.stdout.flush()
    os._exit(0)  # taking itself apart, CPython 3.11 crashes now and then (descr_dealloc)


if __name__ == "__main__":
    main()
