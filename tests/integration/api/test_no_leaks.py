"""After each answer, and after a client that has left, tasks and connections are as they were."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from tests.support.api import Api
from tests.support.asgi_call import Call
from tests.support.jobs import uploaded
from tests.support.operations import World, asked, described
from tests.support.places import Place, furnished_once, furnished_place
from tests.support.quiet_api import quiet
from tests.support.settling import at_rest, settled

from vcci.edge.permissions import Everybody, TheService

Opened = tuple[Api, World]
__all__ = ["furnished_once", "furnished_place"]

GONE = (OSError, ClientDisconnect)
"""What a server takes for a client that has left."""

LEFT_BEHIND: set[asyncio.Task[None]] = set()


@pytest_asyncio.fixture
async def place(furnished_place: Place) -> AsyncIterator[tuple[Api, World]]:
    """A furnished tenant, and the application without the worker of jobs."""
    async with quiet(furnished_place.url, plant=plant, data_dir=furnished_place.data_dir) as api:
        yield api, furnished_place.world


def plant(app: FastAPI) -> None:
    """Add routes that leave something behind: a task, and a connection."""

    async def task() -> None:
        LEFT_BEHIND.add(asyncio.create_task(asyncio.sleep(60)))

    async def connection(service: TheService) -> None:
        await service.pool.take()

    app.add_api_route("/planted/task", task, dependencies=[Everybody])
    app.add_api_route("/planted/connection", connection, dependencies=[Everybody])


async def call_of(place: Opened, operation: tuple[str, str], **behaviour: Any) -> Call:
    """Return a call of an operation; `behaviour` is its client's, as `Call` has it."""
    api, world = place
    async with api.client(world.key) as client:
        made = await asked(client, world, operation)
        request = client.build_request(operation[0], made.pop("url"), **made)
    await request.aread()
    return Call(request, **behaviour)


async def test_answer_leaves_nothing_behind(place: Opened) -> None:
    api, left, before = place[0], {}, await at_rest(place[0])
    for operation in described():
        call = await call_of(place, operation)
        await call.of(api.app)
        assert (call.is_whole, call.status // 100) == (True, 2), (operation, call.body)
        left[operation] = await settled(api, before)
    assert {operation: rest for operation, rest in left.items() if rest} == {}


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("leaves_after", [0, 1, 2])
async def test_client_that_leaves_in_the_middle_leaves_nothing_behind(
    place: Opened, leaves_after: int, spec: str
) -> None:
    api, left, before = place[0], {}, await at_rest(place[0])
    for operation in described():
        call = await call_of(place, operation, leaves_after=leaves_after, spec=spec)
        with suppress(*GONE):
            await asyncio.wait_for(call.of(api.app), 10)
        left[operation] = await settled(api, before)
    assert {operation: rest for operation, rest in left.items() if rest} == {}


@pytest.mark.parametrize("leaves_after", [1, 2])
async def test_events_end_as_soon_as_their_client_leaves(place: Opened, leaves_after: int) -> None:
    api, world = place
    before = await at_rest(api)
    async with api.client(world.key) as client:
        queued = await uploaded(client, b"Supplier,Amount\nA,1\n")
        call = Call(client.build_request("GET", f"{queued['links']['job']}/events"), leaves_after)
    under_way = asyncio.create_task(call.of(api.app))
    done, _ = await asyncio.wait([under_way], timeout=5)
    assert (done, len(call.sent), call.is_whole) == ({under_way}, leaves_after, False)
    assert await settled(api, before) == {}


@pytest.mark.parametrize(("what", "told"), [("task", "tasks"), ("connection", "in use")])
async def test_what_is_left_behind_is_found(place: Opened, what: str, told: str) -> None:
    api, before = place[0], await at_rest(place[0])
    async with api.client() as client:
        assert (await client.get(f"/planted/{what}")).status_code == 200
    assert told in await settled(api, before, turns=50)
    for task in LEFT_BEHIND:
        task.cancel()
