"""A small real HTTP/1.1 server on the loopback address, whose answers a test decides."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from anyio.from_thread import start_blocking_portal

from vcci.clients.addresses import AddressRules
from vcci.clients.http import AsyncHTTPClient, HttpLimits, Network

HERE = Network(AddressRules(allow_private=True))
"""The loopback address may be called."""

AT_ONCE = HttpLimits(first_wait_s=0.0)
"""Retries without a wait."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: target as it was sent, header fields by lower-case names."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; `cut` ends the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> "Reply":
        """Answer with JSON."""
        return cls(status, json.dumps(content).encode(), {k.replace("_", "-"): v for k, v in headers.items()})


Answer = Callable[[Asked], Reply | Awaitable[Reply]]


@dataclass(slots=True)
class Source:
    """A server: what it was asked, how many connections it took and has open, and how many calls at most."""

    answer: Answer
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    under_way: int = 0
    most_under_way: int = 0

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> AsyncHTTPClient:
        """Return a client of the server, whose retries do not wait."""
        defaults: dict[str, Any] = {"limits": AT_ONCE, "network": HERE}
        return AsyncHTTPClient(self.url, **defaults | options)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection until it ends."""
        self.connections += 1
        self.open += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        finally:
            self.open -= 1
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        lines = [line.partition(":") for line in head[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            reply = self.answer(asked)
            reply = reply if isinstance(reply, Reply) else await reply
        finally:
            self.under_way -= 1
        fields = {"content-length": str(len(reply.body))} | reply.headers
        sent = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*sent, "", ""]).encode() + reply.body[: reply.cut])
        await writer.drain()
        return reply.cut is None


def in_turn(*replies: Reply) -> Answer:
    """Answer with one reply after the other, then with the last of them always."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


async def never(_asked: Asked) -> Reply:
    """Give no answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody ends the wait")


@asynccontextmanager
async def answering(
    answer: Answer, *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Source]:
    """Serve on a free port; what is under way at the end is given up."""
    source = Source(answer)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(source.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, address, 0, ssl=tls)
    source.port = server.sockets[0].getsockname()[1]
    try:
        yield source
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def answering_elsewhere(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[Source]:
    """Serve in a thread with a loop of its own, so that no task of it is on the caller's."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(answering(answer, tls=tls)) as source,
    ):
        yield source
