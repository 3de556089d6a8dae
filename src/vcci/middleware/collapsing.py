"""One fetch for many requests of the same key: it runs on its own, and nobody's leaving fails the others.

RFC 9111 section 4 lets a cache answer several requests with one response if it is allowed to store it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Final

from vcci.middleware.cache_entry import View

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

UNSHARED_FOR_S: Final = 60.0
"""How long a key whose response could not be stored is not waited for: waiting would only add latency."""

UNSHARED_KEPT: Final = 10_000


class ClientLeftError(OSError):
    """The client that a response is for has gone; ASGI servers raise an OSError for it too."""


class Flight:
    """A fetch on its way, its messages for the one who began it, and its result for those who wait.

    While the response is being kept, the fetch goes on whatever happens to the client. Once it is known that
    it will not be kept, the waiting are let go, and each message waits until the client has taken the last.
    """

    def __init__(self) -> None:
        self.landed: asyncio.Future[View | None] = asyncio.get_running_loop().create_future()
        self._messages: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()
        self._gone = asyncio.Event()
        self.stood_in = False
        """Whether what landed is stale, and may serve because the fetch failed."""
        self._ended = False
        self._error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def keeps(self) -> bool:
        """Return whether the response is being kept, or still may be."""
        if not self.landed.done():
            return True
        return self.landed.exception() is None and self.landed.result() is not None

    def land(self, view: View | None) -> None:
        """Give the waiting what was stored, or None: each then has to fetch for itself."""
        if not self.landed.done():
            self.landed.set_result(view)

    def crash(self, error: BaseException) -> None:
        """Give the waiting the error of the fetch: asking again at once would not help."""
        self._error = error
        if not self.landed.done():
            if isinstance(error, asyncio.CancelledError):
                self.landed.set_result(None)
                return
            self.landed.set_exception(error)
            self.landed.exception()

    def end(self) -> None:
        """Say that no message comes any more."""
        self.land(None)
        self._ended = True
        self._wake.set()

    async def send(self, message: Message) -> None:
        """Take a message of the fetch."""
        if self._gone.is_set():
            if not self.keeps:
                raise ClientLeftError
            return
        self._messages.append(message)
        self._wake.set()
        while self.landed.done() and self._messages and not self._gone.is_set():
            self._taken.clear()
            await self._taken.wait()

    def leave(self) -> None:
        """Say that the client is gone. A response that will not be kept is then of no use to anyone."""
        self._gone.set()
        self._taken.set()
        self._messages.clear()
        if not self.keeps and self.task is not None:
            self.task.cancel()

    async def gone(self) -> None:
        """Wait until the client is gone."""
        await self._gone.wait()

    async def relay(self, send: Send) -> None:
        """Pass the messages on to the client; raise what the fetch raised."""
        try:
            while not (self._ended and not self._messages):
                self._wake.clear()
                while self._messages:
                    await send(self._messages.popleft())
                    self._taken.set()
                if not self._ended:
                    await self._wake.wait()
        finally:
            if not self._ended:
                self.leave()
        if self._error is not None:
            raise self._error


class Flights:
    """The fetches on their way, by key, and the keys for which waiting has proved useless."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._unshared: OrderedDict[str, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """Return how many fetches are on their way."""
        return len(self._tasks)

    def under_way(self, key: str) -> Flight | None:
        """Return the fetch of that key, if one is on its way."""
        return self._flights.get(key)

    def is_unshared(self, key: str, now_s: float) -> bool:
        """Return whether the last response of that key could not be shared."""
        return self._unshared.get(key, now_s) > now_s

    def begin(self, key: str, fetch: Callable[[Flight], Coroutine[Any, Any, None]]) -> Flight:
        """Start a fetch in a task of its own."""
        flight = self._flights[key] = Flight()

        async def run() -> None:
            try:
                await fetch(flight)
            except BaseException as error:
                flight.crash(error)
                if isinstance(error, asyncio.CancelledError):
                    raise
            finally:
                flight.end()
                if self._flights.get(key) is flight:
                    del self._flights[key]

        flight.task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(flight.task)
        flight.task.add_done_callback(self._tasks.discard)
        return flight

    def unshare(self, key: str, now_s: float) -> None:
        """Remember that a key's response could not be shared, for a while."""
        self._unshared[key] = now_s + UNSHARED_FOR_S
        self._unshared.move_to_end(key)
        while len(self._unshared) > UNSHARED_KEPT:
            self._unshared.popitem(last=False)

    async def aclose(self) -> None:
        """Cancel what is on its way, and wait for it to end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
