"""One load for all who ask at once, in all processes; and nobody waits for a lease that is nobody's."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.support.caches import Truth, node_at
from tests.support.valkey import StoppableValkey

from vcci.cache import tiered
from vcci.cache.redis import LEASE_SECONDS, TIMEOUT_SECONDS, RedisCache
from vcci.cache.tiered import name_of

ROOT = Path(__file__).parents[2]
PROCESSES, CALLERS = 4, 200
PATIENCE_SECONDS = tiered.WAIT_SECONDS / 2


@pytest.fixture
def valkey() -> Iterator[StoppableValkey]:
    """A server that is well when the test begins."""
    server = StoppableValkey()
    yield server
    server.end()


async def started(url: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.faults.cold_node", url, str(CALLERS)]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)


async def test_cold_callers_of_four_processes_cause_one_load(valkey: StoppableValkey) -> None:
    nodes = [await started(valkey.url) for _ in range(PROCESSES)]
    for node in nodes:
        assert node.stdout is not None
        assert await node.stdout.readline() == b"ready\n"
    told = [json.loads((await done)[0]) for done in [node.communicate(b"go\n") for node in nodes]]
    assert sum(one["loads"] for one in told) == 1
    assert {value for one in told for value in one["values"]} == {"loaded"}
    assert [one["answers"] for one in told] == [CALLERS] * PROCESSES


async def test_lease_that_a_redis_gives_out_late_holds_nobody_up(valkey: StoppableValkey) -> None:
    keys = [f"k{number}" for number in range(8)]
    truth, client = Truth(**dict.fromkeys(keys, 1)), Redis.from_url(valkey.url)
    async with (
        node_at(valkey.url, timeout_s=TIMEOUT_SECONDS) as one,
        node_at(valkey.url, timeout_s=TIMEOUT_SECONDS) as other,
    ):
        await one.get(Truth(b=1), "b")  # its connections are there
        valkey.freeze()
        assert await asyncio.gather(*(one.get(truth, key) for key in keys)) == [1] * 8
        valkey.thaw()
        assert await client.keys("*:lease")
        wanted = asyncio.gather(*(other.get(truth, key) for key in keys))
        assert await asyncio.wait_for(wanted, PATIENCE_SECONDS) == [1] * 8
    await client.aclose()


async def test_lease_of_a_load_that_takes_long_is_kept(valkey: StoppableValkey) -> None:
    truth = Truth(a=1)
    truth.seconds = 2 * LEASE_SECONDS
    async with node_at(valkey.url) as one, node_at(valkey.url) as other:
        assert await asyncio.gather(*(node.get(truth, "a") for node in (one, other))) == [1, 1]
    assert truth.loads["a"] == 1


async def test_lease_of_a_process_that_died_is_soon_given_to_another(valkey: StoppableValkey) -> None:
    truth, client = Truth(a=1), Redis.from_url(valkey.url)
    assert await RedisCache(client, prefix="test").lease(name_of("plain", "t", "a"))
    async with node_at(valkey.url) as other:
        assert await asyncio.wait_for(other.get(truth, "a"), PATIENCE_SECONDS) == 1
    assert await client.dbsize() == 3  # the value, and what announcements are numbered by
    await client.aclose()
