"""Values in a real Valkey: typed, with an end, sent once, and failures that are no absences."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from tests.support.valkey import running_valkey

from vcci.clients.redis_operations import AsyncRedisOperations
from vcci.concurrency.deadline import within
from vcci.errors import DeadlineError, InputError, RemoteError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
async def client(server: str) -> AsyncIterator[Any]:
    client: Any = Redis.from_url(server, retry=Retry(NoBackoff(), 0))
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def values(client: Any) -> AsyncRedisOperations:
    return AsyncRedisOperations(client)


@pytest.mark.parametrize("value", ["123", "", "null", 123, 1.5, True, None, Decimal("1.50"), [1, {"a": "b"}]])
async def test_value_comes_back_as_what_it_was(values: AsyncRedisOperations, value: Any) -> None:
    await values.set("key", value)
    found = await values.get("key", "absent")
    assert (found, type(found)) == (value, type(value))


async def test_client_that_decodes_texts_reads_the_same(server: str, values: AsyncRedisOperations) -> None:
    await values.set("key", "123")
    client: Any = Redis.from_url(server, decode_responses=True)
    assert await AsyncRedisOperations(client).get("key") == "123"
    await client.aclose()


async def test_absence_is_the_default_and_a_stored_none_is_not(values: AsyncRedisOperations) -> None:
    await values.set("none", None)
    assert [await values.get("none", "absent"), await values.get("nothing", "absent")] == [None, "absent"]
    assert await values.mget(["none", "nothing"]) == {"none": None}


async def test_every_value_has_an_end(values: AsyncRedisOperations, client: Any) -> None:
    await values.set("a", 1)
    await values.set("b", 1, 60)
    await values.mset({"c": 1, "d": 1})
    await values.mset({"e": 1}, ttl=60)
    ends = [round(await client.pttl(key), -4) for key in "abcde"]
    assert ends == [3_600_000, 60_000, 3_600_000, 3_600_000, 60_000]


async def test_value_without_time_to_live_is_refused(values: AsyncRedisOperations) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        await values.set("key", 1, 0)


async def test_deleted_values_are_counted_and_gone(values: AsyncRedisOperations) -> None:
    await values.mset({"a": 1, "b": 2})
    assert (await values.delete("a", "b", "c"), await values.delete(), await values.mget("ab")) == (2, 0, {})


async def test_value_of_something_else_is_an_error_not_an_absence(
    values: AsyncRedisOperations, client: Any
) -> None:
    await client.set("key", "123")
    with pytest.raises(RemoteError) as raised:
        await values.get("key", "absent")
    assert raised.value.code == "redis_value_malformed"


async def executed(client: Any) -> int:
    """Return how many transactions the server has run."""
    stats = await client.info("commandstats")
    return int(stats.get("cmdstat_exec", {"calls": 0})["calls"])


async def test_pipeline_is_sent_once_when_its_block_ends(values: AsyncRedisOperations, client: Any) -> None:
    await client.config_resetstat()
    async with values.pipeline() as pipeline:
        pipeline.set("a", "1")
        pipeline.get("a")
        pipeline.get("nothing", "absent")
        pipeline.delete("a")
        assert await values.get("a") is None
    assert pipeline.results == [True, "1", "absent", 1]
    assert await executed(client) == 1


async def test_pipeline_is_not_sent_after_an_error_in_its_block(
    values: AsyncRedisOperations, client: Any
) -> None:
    await client.config_resetstat()
    with suppress(LookupError):
        async with values.pipeline() as pipeline:
            pipeline.set("a", 1)
            raise LookupError
    assert (await executed(client), await values.get("a", "absent"), pipeline.results) == (0, "absent", [])


async def test_many_values_are_kept_all_or_none(values: AsyncRedisOperations) -> None:
    with pytest.raises(InputError):
        await values.mset({"a": 1, "b": object()})
    assert await values.mget("ab") == {}


async def test_nothing_to_do_is_not_sent(values: AsyncRedisOperations, client: Any) -> None:
    await client.config_resetstat()
    await values.mset({})
    assert (await values.mget([]), await executed(client)) == ({}, 0)


async def test_server_that_is_not_there_is_no_absence() -> None:
    client: Any = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    values = AsyncRedisOperations(client)
    for call in (
        values.get("a"),
        values.set("a", 1),
        values.mget("a"),
        values.mset({"a": 1}),
        values.delete("a"),
    ):
        with pytest.raises(RemoteError) as raised:
            await call
        assert raised.value.code == "redis_away"
    await client.aclose()


async def test_refusal_of_the_server_is_no_absence(values: AsyncRedisOperations, client: Any) -> None:
    await client.lpush("list", "x")
    with pytest.raises(RemoteError) as raised:
        await values.get("list", "absent")
    assert raised.value.code == "redis_away"


async def test_server_that_stands_still_is_given_up(values: AsyncRedisOperations, client: Any) -> None:
    await client.execute_command("CLIENT", "PAUSE", 400, "ALL")
    with pytest.raises(RemoteError, match=r"within 0\.25 s"):
        await values.get("key")


async def test_sooner_deadline_counts(values: AsyncRedisOperations, client: Any) -> None:
    await client.execute_command("CLIENT", "PAUSE", 200, "ALL")
    with within(0.02), pytest.raises(DeadlineError):
        await values.get("key")
    with within(-1), pytest.raises(DeadlineError):
        await values.get("key")


async def test_answer_to_a_call_that_was_given_up_is_never_that_of_another(server: str) -> None:
    client: Any = Redis.from_url(server, max_connections=1, retry=Retry(NoBackoff(), 0))
    patient = AsyncRedisOperations(client, timeout_s=10)
    await patient.mset({"a": "of a", "b": "of b"})
    other: Any = Redis.from_url(server)
    await other.execute_command("CLIENT", "PAUSE", 100, "ALL")
    with pytest.raises(RemoteError):
        await AsyncRedisOperations(client, timeout_s=0.02).get("a")
    assert [await patient.get("b") for _ in range(3)] == ["of b"] * 3
    await asyncio.gather(client.aclose(), other.aclose())


def test_redis_is_not_needed_to_import_the_module() -> None:
    code = "import sys, vcci.clients.redis_operations; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
