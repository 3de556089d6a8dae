"""What PostgreSQL announces to this process: NOTIFY, over one connection that is looked after.

A notification is sent when its transaction commits, and to nobody if it is rolled back. While the connection
is away some are lost; `on_gap` says so before any more arrive.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

from vcci.database.connections import BROKEN, Connection, open_connection, refusals

HEARTBEAT_SECONDS: Final = 2.0
"""A connection that is dead without saying so is noticed after this time and as much again."""

RETRY_SECONDS: Final = 0.5

Heard = Callable[[str], None]


@dataclass(slots=True)
class Notifications:
    """Hears channels, for as long as it runs; `is_listening` is false while something may be missed."""

    url: str
    channels: Mapping[str, Heard]
    on_gap: Callable[[], Awaitable[None]]
    is_listening: bool = False
    _connection: Connection | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def asked(self, query: LiteralString) -> Any:
        """Return one value, asked over the connection that listens; raises `DatabaseError` without one."""
        async with self._turn:
            with refusals(self.url):
                if self._connection is None or self._connection.is_closed():
                    raise OSError("nothing listens now")
                return await self._connection.fetchval(query, timeout=HEARTBEAT_SECONDS)

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with suppress(TimeoutError, *BROKEN):
                await self._listen()
            self.is_listening = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await open_connection(self.url, is_for_pgbouncer=True)
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            for channel in self.channels:
                await connection.add_listener(channel, self._heard)
            self._connection = connection
            await self.on_gap()
            self.is_listening = True
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), HEARTBEAT_SECONDS)
                async with self._turn:
                    await connection.execute("SELECT", timeout=HEARTBEAT_SECONDS)
        finally:
            self._connection, self.is_listening = None, False
            connection.terminate()

    def _heard(self, *announced: Any) -> None:
        _connection, _process_id, channel, payload = announced
        self.channels[channel](str(payload))


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
