"""A cache without Redis: one process, one truth."""

import asyncio
from typing import Any

import pytest
from tests.support.caches import KINDS, Truth, node_of

from vcci.cache.tiered import MultiLevelCache
from vcci.cache.warming import CacheWarmer, Warmed, Warming
from vcci.concurrency import within
from vcci.errors import ConfigurationError, DeadlineError


async def test_a_value_is_loaded_once_and_read_many_times() -> None:
    node, truth = node_of(), Truth(a=[1])
    assert [await node.get(truth, "a") for _ in range(5)] == [[1]] * 5
    assert (truth.loads["a"], node.came_of("l1")) == (1, {"miss": 1, "hit": 4})


async def test_what_a_caller_does_to_a_value_nobody_else_sees() -> None:
    node, truth = node_of(), Truth(a={"n": [1]})
    (await node.get(truth, "a"))["n"].append(2)
    assert await node.get(truth, "a") == {"n": [1]}


async def test_many_who_ask_at_once_cause_one_load() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 0.02
    assert await asyncio.gather(*(node.get(truth, "a") for _ in range(500))) == [1] * 500
    assert truth.loads["a"] == 1


async def test_a_load_goes_on_when_the_first_who_asked_leaves() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 0.02
    first = asyncio.create_task(node.get(truth, "a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(node.get(truth, "a"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second, truth.loads["a"]) == (1, 1)


async def test_each_waits_until_their_own_deadline_and_the_load_has_none() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 0.05
    with within(0.01), pytest.raises(DeadlineError):
        await node.get(truth, "a")
    assert (await node.get(truth, "a"), truth.loads["a"]) == (1, 1)


async def test_values_of_two_owners_or_keys_are_apart() -> None:
    node = node_of()
    for owner, key, other in (("t", "a", {}), ("u", "a", {}), ("t", "b", {}), ("t", "a", {"region": "EU"})):
        value = [owner, key, *other]
        for _ in range(2):
            got = await node.cache.get_or_set(
                cache_type="plain", key=key, fetcher=_gives(value), owner=owner, **other
            )
            assert got == value
    assert len(node.cache.near) == 4


async def test_parts_of_a_key_cannot_be_mistaken_for_another_key() -> None:
    cache = MultiLevelCache(config=KINDS)
    asked = [("a", {"b": "c"}), ("a", {"b": "c", "d": ""}), ("a", {}), ("", {"a": "", "b": "c"})]
    asked += [("a:b=1:c", {}), ("a", {"b": "c:d=0:"}), ("1:a", {}), ("a:1", {})]
    for key, parts in asked:
        value = [key, parts]
        assert await cache.get_or_set(cache_type="plain", key=key, fetcher=_gives(value), **parts) == value


async def test_nothing_is_remembered_too_and_for_its_own_time() -> None:
    node, truth = node_of(), Truth()
    assert [await node.get(truth, "a", kind="absent") for _ in range(3)] == [None] * 3
    assert truth.loads["a"] == 1
    await asyncio.sleep(0.06)
    truth.values["a"] = 5
    assert await node.get(truth, "a", kind="absent") == 5


async def test_an_error_is_raised_to_all_who_wait_and_is_not_remembered() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.fails = True
    answers = await asyncio.gather(*(node.get(truth, "a") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    truth.fails = False
    assert await node.get(truth, "a") == 1


async def test_a_value_that_has_ended_stands_in_while_loading_fails() -> None:
    node, truth = node_of(), Truth(a=1)
    await node.get(truth, "a", kind="short")
    truth.fails = True
    await asyncio.sleep(0.06)
    assert await node.get(truth, "a", kind="short") == 1
    assert node.came_of("truth") == {"load": 1, "error": 1, "stale": 1}


async def test_a_slow_load_ends_by_itself_while_the_old_value_stands_in() -> None:
    node, truth = node_of(), Truth(a=1)
    await node.get(truth, "a", kind="short")
    truth.values["a"], truth.seconds = 2, 0.1
    await asyncio.sleep(0.06)
    assert await node.get(truth, "a", kind="short") == 1
    await asyncio.sleep(0.08)
    assert (await node.get(truth, "a", kind="short"), truth.loads["a"]) == (2, 2)


async def test_what_was_invalidated_never_stands_in() -> None:
    node, truth = node_of(), Truth(a=1)
    await node.get(truth, "a", kind="short")
    await node.cache.invalidate("t", ["data"])
    truth.fails = True
    with pytest.raises(OSError, match="away"):
        await node.get(truth, "a", kind="short")


async def test_an_invalidation_outdates_the_groups_that_it_names_and_no_others() -> None:
    node, truth = node_of(), Truth(a=1)
    await node.get(truth, "a")
    await node.cache.invalidate("t", ["other"])
    await node.cache.invalidate("u", ["data"])
    truth.values["a"] = 2
    assert await node.get(truth, "a") == 1
    await node.cache.invalidate("t", ["data"])
    assert await node.get(truth, "a") == 2


async def test_a_value_loaded_while_it_was_invalidated_is_not_used_afterwards() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 0.02
    reading = asyncio.create_task(node.get(truth, "a"))
    await asyncio.sleep(0.01)
    truth.values["a"] = 2
    await node.cache.invalidate("t", ["data"])
    assert await reading == 1
    assert await node.get(truth, "a") == 2


async def test_a_dear_value_is_loaded_anew_before_it_ends_and_nobody_waits_for_it() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 0.001
    await node.get(truth, "a", kind="eager")
    truth.values["a"] = 2
    answers = [await node.get(truth, "a", kind="eager")]
    await asyncio.sleep(0.02)
    answers.append(await node.get(truth, "a", kind="eager"))
    assert answers == [1, 2]
    assert node.came_of("l1") == {"miss": 1, "hit": 2}


async def test_a_kind_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'factors'.*absent, eager"):
        await MultiLevelCache(config=KINDS).get_or_set(cache_type="factors", key="a", fetcher=_gives(1))


async def test_warming_has_values_ready_a_few_at_a_time_and_leaves_out_what_fails() -> None:
    node, truth = node_of(), Truth(**{f"k{n}": n for n in range(20)})
    at_once, most = 0, 0

    def counted(key: str) -> Any:
        async def load() -> Any:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.001)
            at_once -= 1
            if key == "k7":
                raise OSError
            return await truth.of(key)()

        return load

    wanted = [Warming("plain", f"k{n}", counted(f"k{n}"), owner="t") for n in range(20)]
    assert await CacheWarmer(node.cache, wanted).warm_all(at_once=3) == Warmed(ready=19, failed=1, left=0)
    assert most == 3
    assert (await node.get(truth, "k3"), truth.loads["k3"]) == (3, 1)


async def test_warming_ends_when_its_time_is_over() -> None:
    node, truth = node_of(), Truth(a=1)
    truth.seconds = 60
    wanted = [Warming("plain", "a", truth.of("a"))]
    assert await CacheWarmer(node.cache, wanted).warm_all(most_s=0.02) == Warmed(0, 0, left=1)
    await node.cache.aclose()


def _gives(value: Any) -> Any:
    async def load() -> Any:
        return value

    return load
