"""Redis stands still, dies and flaps under the service: nobody notices anything of it in an answer.

FAULT_SECONDS=60 lets each case last a minute.
"""

import asyncio
import itertools
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr
from redis.asyncio import Redis
from tests.support.api import Api, running
from tests.support.operations import BOOKED, BOUGHT
from tests.support.valkey import StoppableValkey
from tests.support.waiting import until

SECONDS = float(os.environ.get("FAULT_SECONDS", "3"))
PER_SECOND = 200
CALCULATE, EMISSIONS = "/api/v1/calculator/calculate", "/api/v1/emissions"
REPORT = "/api/v1/reporting/emissions"
REPORTS = [f"{REPORT}?group_by=category&start_date=2020-01-{day:02}" for day in range(1, 29)]
Disturbance = Callable[[StoppableValkey], Coroutine[Any, Any, None]]


async def freeze(valkey: StoppableValkey) -> None:
    """Let it stand still nearly all the time."""
    await asyncio.sleep(SECONDS * 0.1)
    valkey.freeze()
    await asyncio.sleep(SECONDS * 0.7)
    valkey.thaw()
    await asyncio.sleep(SECONDS * 0.2)


async def kill(valkey: StoppableValkey) -> None:
    """End it, and start it again, empty."""
    await asyncio.sleep(SECONDS * 0.1)
    valkey.kill()
    await asyncio.sleep(SECONDS * 0.5)
    await asyncio.to_thread(valkey.restart)
    await asyncio.sleep(SECONDS * 0.4)


async def flap(valkey: StoppableValkey) -> None:
    """Let it stand still every other tenth of a second."""
    for _ in range(int(SECONDS / 0.2)):
        valkey.freeze()
        await asyncio.sleep(0.1)
        valkey.thaw()
        await asyncio.sleep(0.1)


@pytest.fixture
def valkey() -> Iterator[StoppableValkey]:
    """A server that is well when the test begins."""
    server = StoppableValkey()
    yield server
    server.end()


@dataclass
class Shop:
    """Two workers over one database, of which only the first has Redis, and what is asked of both."""

    with_redis: Api
    without: Api
    key: str
    paths: list[str] = field(default_factory=list)

    def clients(self) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient]:
        """Return a client of each."""
        return self.with_redis.client(self.key), self.without.client(self.key)


@pytest_asyncio.fixture
async def shop(url: str, data_dir: Path, valkey: StoppableValkey) -> AsyncIterator[Shop]:
    """The workers, with some lines in the inventory."""
    told: dict[str, Any] = {"data_dir": data_dir, "requests_per_minute": 10**9}
    redis = {"REDIS_URL": SecretStr(valkey.url)}
    async with running(url, **told, **redis) as one, running(url, **told) as other:
        key = await one.key()
        async with one.client(key) as client:
            booked = [(await client.post(EMISSIONS, json=BOOKED | {"category": n})).json() for n in (1, 2, 4)]
        lines = [f"{EMISSIONS}/{entry['lines'][0]['id']}" for entry in booked]
        await until(one.service.coherence.is_current)
        yield Shop(one, other, key, [EMISSIONS, f"{EMISSIONS}?category=2", *lines, *REPORTS])


def meaning(answer: httpx2.Response) -> Any:
    """Return what an answer says, but for the id that each calculation has for itself."""
    told = answer.json()
    return {name: value for name, value in told.items() if name != "calculation_id"}


async def asked_steadily(client: httpx2.AsyncClient, paths: list[str]) -> list[tuple[str, httpx2.Response]]:
    """Ask at a steady rate, whatever becomes of the answers; every fourth request is a calculation."""
    loop = asyncio.get_running_loop()
    began_s, under_way = loop.time(), []
    others = itertools.cycle(paths)
    for number in range(int(SECONDS * PER_SECOND)):
        await asyncio.sleep(max(0.0, began_s + number / PER_SECOND - loop.time()))
        path = CALCULATE if number % 4 == 0 else next(others)
        under_way.append((path, asyncio.create_task(one_answer(client, path, port=number % 60_000 + 1))))
    return [(path, await task) for path, task in under_way]


async def one_answer(client: httpx2.AsyncClient, path: str, *, port: int = 80) -> httpx2.Response:
    """Ask one thing; at another port it is another address, whose answer nobody has kept near."""
    method, body = ("POST", BOUGHT) if path == CALCULATE else ("GET", None)
    return await client.request(method, path, json=body, headers={"Host": f"127.0.0.1:{port}"})


async def keys_in(valkey: StoppableValkey) -> int:
    """Return how many things are kept in a server."""
    async with Redis.from_url(valkey.url) as redis:
        found: int = await redis.dbsize()
    return found


@pytest.mark.parametrize("disturb", [freeze, kill, flap])
async def test_every_answer_is_what_it_would_be_without_redis(
    shop: Shop, valkey: StoppableValkey, disturb: Disturbance
) -> None:
    client, plain = shop.clients()
    async with client, plain:
        expected = {path: meaning(await one_answer(plain, path)) for path in (CALCULATE, *shop.paths)}
        assert [(await one_answer(client, path)).status_code for path in shop.paths[:9]] == [200] * 9
        assert await keys_in(valkey) > 9
        answers, _ = await asyncio.gather(asked_steadily(client, shop.paths), disturb(valkey))
    assert Counter(answer.status_code for _, answer in answers) == {200: int(SECONDS * PER_SECOND)}
    assert {path for path, answer in answers if meaning(answer) != expected[path]} == set()
    assert {path for path, _ in answers} == {CALCULATE, *shop.paths}


@pytest.mark.parametrize("disturb", [freeze, kill, flap])
async def test_what_was_booked_is_in_every_later_answer(
    shop: Shop, valkey: StoppableValkey, disturb: Disturbance
) -> None:
    counts = []
    client, plain = shop.clients()
    async with client, plain:
        disturbing = asyncio.create_task(disturb(valkey))
        while not disturbing.done():
            booked = await client.post(EMISSIONS, json=BOOKED)
            lines = (await client.get(f"{EMISSIONS}?total=exact&limit=1")).json()["page_info"]["total_count"]
            report = (await client.get(REPORT)).json()["total"]["lines"]
            counts.append((booked.status_code, lines, report))
        await disturbing
    assert counts == [(201, 3 + n, 3 + n) for n in range(1, len(counts) + 1)]
    assert len(counts) > 10


async def test_worker_answers_with_what_another_has_left_in_redis(
    shop: Shop, url: str, data_dir: Path
) -> None:
    redis = shop.with_redis.service.settings.redis_url
    client, _ = shop.clients()
    async with client, running(url, data_dir=data_dir, REDIS_URL=redis) as second:
        await until(second.service.coherence.is_current)
        async with second.client(shop.key) as other:
            answers = [await one.get(REPORT) for one in (client, other)]
    assert ["hit" in answer.headers["cache-status"] for answer in answers] == [False, True]
