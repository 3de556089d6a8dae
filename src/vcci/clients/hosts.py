"""What is known of each host: how many calls are under way, how many wait, and whether it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from vcci.clients.remote_errors import busy
from vcci.concurrency.breaker import Breaker
from vcci.concurrency.deadline import seconds_left

MOST_KNOWN: Final = 1_000
"""Hosts that are remembered; beyond it, those that nothing is known of are forgotten."""


class Gate:
    """Lets `at_once` calls through at a time and `most_waiting` wait; refuses further ones."""

    def __init__(self, host: str, *, at_once: int, most_waiting: int) -> None:
        self._host = host
        self._at_once = at_once
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0
        self._under_way = 0

    @property
    def is_idle(self) -> bool:
        """Return whether no call is under way or waits."""
        return self._under_way == self._waiting == 0

    @asynccontextmanager
    async def passing(self, most_s: float) -> AsyncIterator[None]:
        """Let a call through when there is a place; raises `RemoteCallError` if none comes in time."""
        if self._under_way + self._waiting >= self._at_once + self._most_waiting:
            raise busy(self._host, self._waiting)
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds_left(most_s)):
                await self._places.acquire()
        except TimeoutError:
            raise busy(self._host, self._waiting - 1) from None
        finally:
            self._waiting -= 1
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._places.release()


class Host:
    """A host, with its port where that is not the usual one, and what its calls pass through."""

    def __init__(self, name: str, *, at_once: int, most_waiting: int, breaker: Breaker | None = None) -> None:
        self.name = name
        self.gate = Gate(name, at_once=at_once, most_waiting=most_waiting)
        self.breaker = breaker or Breaker(name)


class Hosts:
    """The hosts that a client speaks to; each has its own gate and breaker."""

    def __init__(self, *, at_once: int, most_waiting: int) -> None:
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._known: dict[str, Host] = {}

    def of(self, name: str) -> Host:
        """Return the host of a name."""
        if name not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._forget()
            self._known[name] = Host(name, at_once=self._at_once, most_waiting=self._most_waiting)
        return self._known[name]

    def _forget(self) -> None:
        kept = (host for host in self._known.values() if not (host.gate.is_idle and host.breaker.is_spotless))
        self._known = {host.name: host for host in kept}
