"""What PostgreSQL announces to this process: NOTIFY, over one connection that is looked after.

A notification is sent when its transaction commits, and to nobody if it is rolled back. While the connection
is away some are lost; `on_gap` says so before any more arrive.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from vcci.database.connections import CONNECT_SECONDS, Connection, plain_url

HEARTBEAT_SECONDS: Final = 2.0
"""A connection that is dead without saying so is noticed after this time and as much again."""

RETRY_SECONDS: Final = 0.5

OUTDATED: Final = "vcci_outdated"
"""The channel on which writes say which of a tenant's answers they make outdated: `tenant/group`."""

Heard = Callable[[str], None]


@dataclass(slots=True)
class Notifications:
    """Hears channels, for as long as it runs; `is_listening` is false while something may be missed."""

    url: str
    channels: Mapping[str, Heard]
    on_gap: Callable[[], Awaitable[None]]
    is_listening: bool = False

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncio.TimeoutError):
                await self._listen()
            self.is_listening = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection: Connection = await asyncpg.connect(
            plain_url(self.url), timeout=CONNECT_SECONDS, statement_cache_size=0
        )
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            for channel in self.channels:
                await connection.add_listener(channel, self._heard)
            await self.on_gap()
            self.is_listening = True
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), HEARTBEAT_SECONDS)
                await connection.execute("SELECT", timeout=HEARTBEAT_SECONDS)
        finally:
            self.is_listening = False
            connection.terminate()

    def _heard(self, *announced: Any) -> None:
        _connection, _process_id, channel, payload = announced
        self.channels[channel](str(payload))


async def announce_outdated(tx: Connection, tenant_id: UUID, groups: Iterable[str]) -> None:
    """Say in a write's own transaction which groups of answers it makes outdated; heard if it commits."""
    for group in sorted(groups):
        await tx.execute("SELECT pg_notify($1, $2)", OUTDATED, f"{tenant_id}/{group}")


@asynccontextmanager
async def listening(
    url: str, channels: Mapping[str, Heard], *, on_gap: Callable[[], Awaitable[None]]
) -> AsyncIterator[Notifications]:
    """Give what listens in the background until the end."""
    notifications = Notifications(url, channels, on_gap)
    task = asyncio.create_task(notifications.run())
    try:
        yield notifications
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
