"""A caller that leaves, at whichever wait, leaves nothing behind: no connection, no task, no place taken."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any

import pytest
from tests.integration.clients.test_addresses import without_certificates
from tests.support.http_sources import AT_ONCE, HERE, Asked, Reply, answering_elsewhere, in_turn
from tests.support.waiting import until

from vcci.clients.addresses import AddressRules
from vcci.clients.http import AsyncHTTPClient, HttpLimits, Network


@coroutine
def leaving_at(work: Coroutine[Any, Any, Any], wait: int) -> Generator[Any, Any, int]:
    """Run `work`, but cancel it at its n-th wait; return how many waits there were."""
    step: Callable[[Any], Any] = work.send
    given: Any = None
    waits = 0
    while True:
        try:
            awaited = step(given)
        except StopIteration:
            return waits
        if waits == wait:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        waits += 1
        try:
            step, given = work.send, (yield awaited)
        except BaseException as error:
            step, given = work.throw, error


async def left_at_every_wait(client: AsyncHTTPClient, call: Callable[[], Coroutine[Any, Any, Any]]) -> int:
    """Make a call again and again, leave at its first, second, ... wait; return at how many it was left."""
    before, wait = asyncio.all_tasks(), 0
    while True:
        task = asyncio.create_task(as_coroutine(leaving_at(call(), wait)))
        try:
            await task
        except asyncio.CancelledError:
            wait += 1
        else:
            return wait
        assert asyncio.all_tasks() == before
        assert client.transport.in_use == 0
        await client.transport.aclose()


async def as_coroutine(work: Awaitable[Any]) -> Any:
    return await work


async def slowly(_: Asked) -> Reply:
    await asyncio.sleep(0.001)
    return Reply.of("here")


@pytest.mark.parametrize(
    ("answer", "least_waits"),
    [(slowly, 3), (in_turn(*[Reply(503), Reply.of(1)] * 100), 5)],
    ids=["a slow answer", "one that is asked for again"],
)
async def test_get_that_is_left_leaves_nothing(answer: Any, least_waits: int) -> None:
    with answering_elsewhere(answer) as source:
        async with source.client(limits=HttpLimits(first_wait_s=0.001)) as client:
            assert await left_at_every_wait(client, lambda: client.get("/")) >= least_waits
        await until(lambda: source.open == 0)


async def test_get_of_a_kept_connection_that_is_left_leaves_nothing() -> None:
    async def two(client: AsyncHTTPClient) -> None:
        await client.get("/")
        await client.get("/")

    with answering_elsewhere(slowly) as source:
        async with source.client() as client:
            await left_at_every_wait(client, lambda: two(client))
        await until(lambda: source.open == 0)


async def test_answer_that_is_too_large_and_left_leaves_nothing() -> None:
    async def refused(client: AsyncHTTPClient) -> None:
        with pytest.raises(Exception, match="bytes"):
            await client.get("/")

    with answering_elsewhere(in_turn(Reply(200, b"x" * 200_000))) as source:
        async with source.client(limits=HttpLimits(most_bytes=1_000)) as client:
            await left_at_every_wait(client, lambda: refused(client))
        await until(lambda: source.open == 0)


async def test_get_over_tls_that_is_left_leaves_nothing() -> None:
    tls = without_certificates(ssl.PROTOCOL_TLS_CLIENT)
    network = Network(AddressRules(allow_private=True), tls=tls)
    with answering_elsewhere(slowly, tls=without_certificates(ssl.PROTOCOL_TLS_SERVER)) as source:
        async with AsyncHTTPClient(f"https://127.0.0.1:{source.port}", network=network) as client:
            assert await left_at_every_wait(client, lambda: client.get("/")) >= 4
        await until(lambda: source.open == 0)


async def test_place_of_a_call_that_was_left_is_free_for_the_next() -> None:
    limits = HttpLimits(at_once_per_host=1, most_waiting_per_host=1)
    with answering_elsewhere(slowly) as source:
        async with source.client(limits=limits, max_connections=1) as client:
            for _ in range(20):
                calls = [asyncio.create_task(client.get("/")) for _ in range(2)]
                await asyncio.sleep(0.001)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            assert await client.get("/") == "here"


async def test_client_that_is_closed_has_no_connection() -> None:
    with answering_elsewhere(slowly) as source:
        client = AsyncHTTPClient(source.url, limits=AT_ONCE, network=HERE)
        await asyncio.gather(*(client.get("/") for _ in range(10)))
        assert client.transport.connections == source.open > 0
        await client.aclose()
        await until(lambda: source.open == 0)


async def test_caller_that_leaves_during_the_handshake_closes_the_connection() -> None:
    taken: set[asyncio.StreamWriter] = set()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.add(writer)
        while await reader.read(10_000):
            pass
        taken.discard(writer)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, AsyncHTTPClient(address, network=HERE) as client:
        call = asyncio.create_task(client.get("/"))
        await until(lambda: bool(taken))
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await until(lambda: not taken)
