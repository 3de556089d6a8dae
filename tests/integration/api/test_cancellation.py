"""A call that is cancelled at any of its awaits leaves all or nothing, and may be sent again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from starlette.requests import ClientDisconnect
from tests.support.api import Api
from tests.support.asgi_call import Call, CancelledAtAwait
from tests.support.effects import Books, books
from tests.support.operations import Asked, Operation, World, asked, described, is_write
from tests.support.places import Place, furnished_once, furnished_place
from tests.support.quiet_api import quiet
from tests.support.settling import at_rest, settled

__all__ = ["furnished_once", "furnished_place"]

EACH, FURTHER = 40, 1.3
"""So many places one by one; further ones each so many times as far."""

WRITES = [operation for operation in described() if is_write(operation)]
WITHOUT_EFFECT: dict[str, int] = {}
LOOPS_TURNS, AWAITS = "turns of the loop", "awaits"


@dataclass
class Scene:
    """A furnished tenant, the application without its worker, and what can be seen of both."""

    api: Api
    world: World
    books: Books
    before: Counter[str]

    async def asked(self, operation: Operation, **headers: str) -> Call:
        """Return a call of an operation; it would have an effect of its own."""
        async with self.api.client(self.world.key) as client:
            made: Asked = await asked(client, self.world, operation)
            given = made.pop("headers", {}) | headers
            request = client.build_request(operation[0], made.pop("url"), headers=given, **made)
            await request.aread()
        return Call(request)

    async def cancelled(self, call: Call, place: int, *, at: str) -> bool:
        """Run a call and cancel it at a place; return False where it came to its end before."""
        if at == AWAITS:
            steps = CancelledAtAwait(call.of(self.api.app), place)
            task = asyncio.ensure_future(steps)
            await asyncio.wait([task])
            is_asked_to_end = steps.suspended > place
        else:
            task = asyncio.ensure_future(call.of(self.api.app))
            for _ in range(place):
                await asyncio.sleep(0)
            is_asked_to_end = task.cancel()
            await asyncio.wait([task])
        assert task.cancelled() == is_asked_to_end, "it went on as if nobody had cancelled it"
        return is_asked_to_end

    async def rest(self) -> dict[str, Any]:
        """Return what is not as it was before."""
        return await settled(self.api, self.before)


@pytest_asyncio.fixture
async def scene(furnished_place: Place) -> AsyncIterator[Scene]:
    """A scene of its own for each test."""
    told: dict[str, Any] = {"data_dir": furnished_place.data_dir, "requests_per_minute": 10**9}
    async with quiet(furnished_place.url, **told) as api, books(furnished_place.url) as seen:
        yield Scene(api, furnished_place.world, seen, await at_rest(api))


def places() -> Iterator[int]:
    """Yield the places at which a call is cancelled, without an end."""
    place = 0
    while True:
        yield place
        place = place + 1 if place < EACH else int(place * FURTHER)


@pytest.mark.parametrize("past_cache", [False, True], ids=["cache", "past the cache"])
@pytest.mark.parametrize("at", [AWAITS, LOOPS_TURNS])
async def test_reading_that_is_cancelled_leaves_nothing(scene: Scene, at: str, past_cache: bool) -> None:
    faults, ends = {}, {}
    told = {"Cache-Control": "no-store"} if past_cache else {}
    for operation in (one for one in described() if not is_write(one)):
        for place in places():
            call = await scene.asked(operation, **told, Host=f"127.0.0.1:{place + 1}")
            if not await scene.cancelled(call, place, at=at):
                ends[operation] = place
                break
            if rest := await scene.rest():
                faults[operation, place] = rest
    assert faults == {}
    assert sum(ends.values()) > 2 * len(ends)


@pytest.mark.parametrize("at", [AWAITS, LOOPS_TURNS])
@pytest.mark.parametrize("operation", WRITES, ids=" ".join)
async def test_write_that_is_cancelled_has_one_effect_once_it_is_sent_again(
    scene: Scene, operation: Operation, at: str
) -> None:
    effect, seen = await effect_of(scene, operation), list[dict[str, int]]()
    for place in places():
        key = str(uuid4())
        call = await scene.asked(operation, **{"Idempotency-Key": key})
        before = await scene.books.now()
        is_cut = await scene.cancelled(call, place, at=at)
        assert await scene.rest() == {}, place
        seen.append(await scene.books.since(before))
        again = Call(call.request)
        await again.of(scene.api.app)
        assert again.status // 100 == 2, (place, again.body)
        assert await scene.books.since(before) == effect, place
        if not is_cut:
            break
    assert [one for one in seen if one not in (WITHOUT_EFFECT, effect)] == []
    assert WITHOUT_EFFECT in seen
    assert effect in seen


@pytest.mark.parametrize("at", [AWAITS, LOOPS_TURNS])
@pytest.mark.parametrize("path", ["calculate", "batch"])
async def test_calculation_without_a_key_that_is_cancelled_is_kept_whole_or_not_at_all(
    scene: Scene, path: str, at: str
) -> None:
    operation, seen = ("POST", f"/api/v1/calculator/{path}"), set()
    for place in places():
        call, before = await scene.asked(operation), await scene.books.now()
        is_cut = await scene.cancelled(call, place, at=at)
        assert await scene.rest() == {}, place
        seen.add((await scene.books.since(before)).get("calculations", 0))
        if not is_cut:
            break
    assert seen == {0, 3 if path == "batch" else 1}


@pytest.mark.parametrize("operation", [one for one in WRITES if one[0] != "DELETE"], ids=" ".join)
async def test_write_whose_client_leaves_within_its_body_has_no_effect(
    scene: Scene, operation: Operation
) -> None:
    call = await scene.asked(operation)
    call.is_cut, before = True, await scene.books.now()
    with suppress(ClientDisconnect):
        await call.of(scene.api.app)
    assert await scene.books.since(before) == {}
    assert await scene.rest() == {}


async def effect_of(scene: Scene, operation: Operation) -> dict[str, int]:
    """Return what a write leaves that nobody cancels."""
    call = await scene.asked(operation, **{"Idempotency-Key": str(uuid4())})
    before = await scene.books.now()
    await call.of(scene.api.app)
    assert call.status // 100 == 2, call.body
    return await scene.books.since(before)
