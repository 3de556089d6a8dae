"""Looks at uploaded ledgers: each is taken by a process of its own, once, and found again on disk.

Not in this process: texts of a large ledger are read by Python, which would take turns with the loop that
answers requests; and what takes too much memory takes only itself down.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from vcci.database.decisions import decisions_until
from vcci.errors import InputError
from vcci.runtime.import_look import FILE, Order, read, told, write
from vcci.runtime.service import Service
from vcci.settings import as_environment

CHILD: Final = ("-m", "vcci.runtime.import_look")
PATIENCE_SECONDS: Final = 8.0
"""A page waits so long for a look; after that it says that the file is being read."""

LONGEST_SECONDS: Final = 900.0
"""A look that takes longer is ended: the largest ledger that may be uploaded takes a part of that."""

MOST_AT_ONCE: Final = 2
"""Looks that one process of the service has taken at a time; others wait."""

_UNDER_WAY: dict[Path, "asyncio.Task[None]"] = {}
_TURNS: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()


async def look(service: Service, tenant_id: UUID, order: Order) -> Mapping[str, Any] | None:
    """Return what a look at a tenant's file sees, as import_look.py has it; None while it is being taken."""
    path = Path(order.folder) / order.name
    found = await asyncio.to_thread(read, path)
    if found is None:
        task = _UNDER_WAY.get(path)
        if task is None:
            task = _UNDER_WAY[path] = asyncio.create_task(_take(service, tenant_id, order))
            task.add_done_callback(lambda _: _UNDER_WAY.pop(path, None))
        await asyncio.wait((task,), timeout=PATIENCE_SECONDS)
        if not task.done():
            return None
        task.result()
        found = await asyncio.to_thread(read, path)
    seen: Mapping[str, Any] | None = found
    return seen


async def _take(service: Service, tenant_id: UUID, order: Order) -> None:
    path = Path(order.folder) / order.name
    async with service.pool.transaction(tenant_id) as tx:
        decisions = await decisions_until(tx, tenant_id, order.decided) if order.decided else []
    line = await asyncio.to_thread(order.line, decisions)
    async with _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_AT_ONCE)):
        environment = os.environ | as_environment(service.settings)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            with suppress(
                ConnectionError, TimeoutError
            ):  # it died at once, or takes too long: it left nothing
                if child.stdin is not None:
                    child.stdin.write(line)
                    await child.stdin.drain()
                await asyncio.wait_for(child.wait(), LONGEST_SECONDS)
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
    if not await asyncio.to_thread(path.exists):
        await asyncio.to_thread(_leave_word, path)


def _leave_word(path: Path) -> None:
    """Say of a look that has left nothing that it ended before its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    error = InputError(
        "The file takes more time or memory than a look may take.",
        remedy="Split the file, or run it with `vcci run`.",
        code="look_ended",
    )
    write(path, {"error": told(error, FILE), "questions": [], "open": [], "mapping": ""})
