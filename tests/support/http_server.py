"""The application behind a real socket, and a proxy that cuts connections."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from anyio.from_thread import start_blocking_portal
from tests.support.api import running


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    """Serve an application on a free port of the loopback address; give the port."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, lifespan="off", log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event to wait for)
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass(slots=True)
class Cuts:
    """How often connections are cut: before the request has arrived, and after it was answered."""

    chance: random.Random
    share: float
    before: int = 0
    after: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)


@asynccontextmanager
async def cutting(port: int, cuts: Cuts) -> AsyncIterator[int]:
    """Give the port of a proxy that cuts some connections: half in the request, half before the answer."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = await reader.readexactly(_length(head))
                fate = cuts.chance.random() / cuts.share
                if fate < 0.5:
                    cuts.before += 1
                    inner_writer.write(head + body[: len(body) // 2])
                    break
                inner_writer.write(head + body)
                answer = await inner_reader.readuntil(b"\r\n\r\n")
                answer += await inner_reader.readexactly(_length(answer))
                if fate < 1.0:
                    cuts.after += 1
                    break
                writer.write(answer)
        inner_writer.close()
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@contextmanager
def in_a_thread(url: str, **settings: Any) -> Iterator[tuple[str, str]]:
    """Serve the API over a database in a thread with a loop of its own; give its address and a key."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_whole(url, **settings)) as it:
        yield it


@asynccontextmanager
async def _whole(url: str, **settings: Any) -> AsyncIterator[tuple[str, str]]:
    async with running(url, **settings) as api, serving(api.app) as port:
        yield f"http://127.0.0.1:{port}", await api.key()
