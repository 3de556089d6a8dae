"""A closed loop of HTTP/1.1 clients, cheap enough to leave the other core to the server.

It measures work, not waiting: requests per CPU second of the server, which does not depend on how many
clients there are. Every answer is counted and its status checked.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TICKS = 100
"""Ticks of /proc/PID/stat in a second."""


@dataclass(slots=True)
class Tally:
    """What the clients have seen: answers by status, and the bytes of one of them."""

    statuses: dict[bytes, int] = field(default_factory=dict)
    sample: bytes = b""

    @property
    def answers(self) -> int:
        """All answers."""
        return sum(self.statuses.values())


class Client(asyncio.Protocol):
    """One connection that sends the next request when the last is answered."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, until_s: float) -> None:
        self.requests, self.tally, self.until_s = requests, tally, until_s
        self.done = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        """Take a whole answer, and send the next request."""
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        name = head.lower().find(b"content-length:")
        length = int(head[name + 15 : (head + b"\r\n").find(b"\r\n", name)])
        if len(body) < length:
            return
        status = head[9:12]
        self.tally.statuses[status] = self.tally.statuses.get(status, 0) + 1
        self.tally.sample, self.received = self.tally.sample or self.received, b""
        if time.perf_counter() < self.until_s:
            self.transport.write(next(self.requests))
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a connection that the server closed early is an error."""
        if not self.done.done():
            self.done.set_result(exc)


async def load(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Tally:
    """Send requests over many connections for a time."""
    loop, tally = asyncio.get_running_loop(), Tally()
    until_s = time.perf_counter() + seconds
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: Client(requests, tally, until_s), "127.0.0.1", port)
        clients.append(client)
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), seconds + 30)
    return tally


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and all below it that live."""
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(own[11]) + int(own[12])) / TICKS + sum(cpu_seconds(int(child)) for child in children)
