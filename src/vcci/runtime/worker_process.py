"""A process that only works on jobs: opened over the database in use, until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Final

from vcci.database.job_store import CHANNEL
from vcci.database.notifications import listening
from vcci.runtime.job_at_work import Work
from vcci.runtime.job_kinds import KINDS
from vcci.runtime.job_worker import SLOTS, leave, working
from vcci.runtime.ledgers import database_url
from vcci.runtime.service import opened_service
from vcci.settings import Settings

STOPS: Final = (signal.SIGINT, signal.SIGTERM)


async def work_until_stopped(
    settings: Settings,
    *,
    slots: int = SLOTS,
    kinds: Mapping[str, Work] = KINDS,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Work on jobs until SIGINT or SIGTERM; an embedded PostgreSQL that has died is started again."""
    stopped = asyncio.Event()
    for number in STOPS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def revive() -> None:
        await asyncio.to_thread(database_url, settings)

    is_ours = settings.database_url is None
    async with (
        opened_service(settings) as service,
        working(service, slots=slots, kinds=kinds, revive=revive if is_ours else leave) as worker,
        listening(service.direct_url, {CHANNEL: worker.heard}, on_gap=leave),
    ):
        say(f"worker {worker.worker_id} with {slots} slots")
        await stopped.wait()
    say("stopped")
