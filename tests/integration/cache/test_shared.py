"""Caches that share a real Valkey."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from tests.support.caches import Node, Truth, node_at, node_of
from tests.support.valkey import StoppableValkey, running_valkey

from vcci.cache.entry import Entry
from vcci.cache.keeping_current import check
from vcci.cache.redis import AT_ONCE, TIMEOUT_SECONDS, RedisCache


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
async def valkey(server: str) -> str:
    client = Redis.from_url(server)
    await client.flushall()
    await client.aclose()
    return server


async def hears(node: Node, number: int) -> None:
    """Wait until a node has heard an announcement."""
    for _ in range(500):
        if node.cache.coherence.number >= number:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the announcement was not heard")


async def test_what_one_node_has_loaded_another_finds_in_the_shared_layer(valkey: str) -> None:
    truth = Truth(a={"n": 1})
    async with node_at(valkey) as one, node_at(valkey) as other:
        assert [await one.get(truth, "a"), await other.get(truth, "a"), await other.get(truth, "a")] == [
            {"n": 1}
        ] * 3
        assert truth.loads["a"] == 1
        assert (other.came_of("l2"), other.came_of("l1")) == ({"hit": 1}, {"miss": 1, "hit": 1})


async def test_a_node_that_starts_later_uses_what_others_have_shared(valkey: str) -> None:
    truth = Truth(a=1)
    async with node_at(valkey) as one:
        await one.cache.invalidate("t", ["other"])
        await one.get(truth, "a")
    async with node_at(valkey) as later:
        assert (await later.get(truth, "a"), truth.loads["a"]) == (1, 1)


async def test_an_invalidation_by_one_node_outdates_all_layers_of_all_nodes(valkey: str) -> None:
    truth = Truth(a=1)
    async with node_at(valkey) as one, node_at(valkey) as other:
        for node in (one, other):
            await node.get(truth, "a")
        truth.values["a"] = 2
        await one.cache.invalidate("t", ["data"])
        await hears(other, one.cache.coherence.number)
        assert [await node.get(truth, "a") for node in (other, one)] == [2, 2]
        assert truth.loads["a"] == 2


async def test_cold_callers_of_two_nodes_cause_one_load(valkey: str) -> None:
    truth = Truth(a=1)
    truth.seconds = 0.1
    async with node_at(valkey) as one, node_at(valkey) as other:
        asked = [node.get(truth, "a") for _ in range(100) for node in (one, other)]
        assert await asyncio.gather(*asked) == [1] * 200
    assert truth.loads["a"] == 1


async def test_reads_that_come_together_are_one_command(valkey: str) -> None:
    truth = Truth(**{f"k{n}": n for n in range(50)})
    async with node_at(valkey) as one:
        await asyncio.gather(*(one.get(truth, f"k{n}") for n in range(50)))
    client = Redis.from_url(valkey)
    await client.config_resetstat()
    async with node_at(valkey) as other:
        assert await asyncio.gather(*(other.get(truth, f"k{n}") for n in range(50))) == list(range(50))
    calls = (await client.info("commandstats"))["cmdstat_mget"]["calls"]
    await client.aclose()
    assert (calls <= 3, truth.loads.total()) == (True, 50)


async def test_a_thousand_cold_values_at_once_are_all_shared_over_a_few_connections(valkey: str) -> None:
    truth = Truth(**{f"k{n}": n for n in range(1_000)})
    client = Redis.from_url(valkey)
    await client.config_resetstat()
    async with node_at(valkey) as one:
        await asyncio.gather(*(one.get(truth, key) for key in truth.values))
        assert one.came_of("l2")["error"] == 0
    connections = (await client.info("stats"))["total_connections_received"]
    shared = [key async for key in client.scan_iter("test:*", count=1_000)]
    await client.aclose()
    assert (len(shared), connections <= AT_ONCE + 4) == (1_000, True), connections


async def test_a_lease_that_was_lost_does_not_store_what_it_loaded(valkey: str) -> None:
    client = Redis.from_url(valkey)
    store = RedisCache(client, prefix="test")
    late, entry = await store.lease("a"), _entry(1)
    await client.delete(store._lease("a"))
    current = await store.lease("a")
    assert not await store.put("a", entry, kept_s=10, lease=late)
    assert await store.put("a", _entry(2), kept_s=10, lease=current)
    assert (await store.get("a"), await store.lease("a") != "") == (_entry(2), True)
    await client.aclose()


async def test_an_older_value_never_takes_the_place_of_a_newer_one(valkey: str) -> None:
    client = Redis.from_url(valkey)
    store = RedisCache(client, prefix="test")
    assert [await store.put("a", _entry(n), kept_s=10) for n in (5, 4, 5, 6)] == [True, False, True, True]
    await client.aclose()


async def test_who_fails_to_load_gives_the_lease_back(valkey: str) -> None:
    truth = Truth(a=1)
    truth.fails = True
    async with node_at(valkey) as one, node_at(valkey) as other:
        with pytest.raises(OSError, match="away"):
            await one.get(truth, "a")
        truth.fails = False
        assert await asyncio.wait_for(other.get(truth, "a"), 2) == 1


async def test_no_text_of_a_tenant_is_among_the_keys_and_all_keys_end(valkey: str) -> None:
    truth = Truth(a="of the tenant")
    client = Redis.from_url(valkey)
    async with node_at(valkey) as one:
        await one.get(truth, "a", kind="packed", owner="secret-tenant")
        keys = [key async for key in client.scan_iter("test:*")]
        ends = [await client.pttl(key) for key in keys]
    await client.aclose()
    assert len(keys) == 1
    assert b"secret" not in keys[0]
    assert ends[0] > 0


@pytest.mark.parametrize("how", ["freeze", "kill"])
async def test_without_the_shared_layer_every_read_is_answered_from_the_truth(how: str) -> None:
    server, truth = StoppableValkey(), Truth(a=1, b=2)
    async with node_at(server.url, timeout_s=TIMEOUT_SECONDS) as node:
        await node.get(truth, "a")
        getattr(server, how)()
        node.cache.coherence.current_until_s = 0.0
        answers = [await node.get(truth, key) for _ in range(40) for key in "ab"]
        assert answers == [1, 2] * 40
        assert node.came_of("truth")["error"] == 0
    server.end()


async def test_after_some_failures_nobody_waits_for_the_shared_layer() -> None:
    server = StoppableValkey()
    store = RedisCache(Redis.from_url(server.url), prefix="test")
    server.kill()
    outcomes = [type(one).__name__ for one in await _tries(store, 10)]
    assert outcomes == ["RemoteError"] * 3 + ["BreakerOpenError"] * 7
    assert store.is_away
    server.end()


async def test_a_redis_that_lost_its_memory_outdates_what_was_loaded_before() -> None:
    server, truth = StoppableValkey(), Truth(a=1)
    async with node_at(server.url) as node:
        await node.get(truth, "a")
        server.kill()
        server.restart()
        truth.values["a"] = 2
        number = node.cache.coherence.number
        await hears(node, number + 1)
        assert await node.get(truth, "a") == 2
    server.end()


async def test_a_cluster_serves_as_well_as_one_server() -> None:
    server = StoppableValkey(**{"cluster-enabled": "yes"})
    plain = Redis.from_url(server.url)
    await plain.cluster("ADDSLOTSRANGE", 0, 16383)
    for _ in range(500):
        if (await plain.cluster("INFO"))["cluster_state"] == "ok":
            break
        await asyncio.sleep(0.02)
    client: Any = RedisCluster.from_url(server.url)
    truth = Truth(**{f"k{n}": n for n in range(30)})
    nodes = [node_of(client), node_of(client)]
    for node in nodes:
        assert node.authority is not None
        await check(node.cache.coherence, node.authority)
        assert await asyncio.gather(*(node.get(truth, f"k{n}") for n in range(30))) == list(range(30))
    assert (truth.loads.total(), nodes[1].came_of("l2")) == (30, {"hit": 30})
    await client.aclose()
    await plain.aclose()
    server.end()


async def _tries(store: RedisCache, count: int) -> list[Any]:
    return [(await asyncio.gather(store.get("a"), return_exceptions=True))[0] for _ in range(count)]


def _entry(number: int) -> Entry:
    return Entry(b"1", number, frozenset(), 1.0, 2.0, 0.0)
