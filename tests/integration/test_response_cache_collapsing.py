"""Many requests for the same thing at the same time: real tasks, one fetch."""

import asyncio

import pytest
from tests.http_cache.caller import Clock, Origin, Reply, call, until

from vcci.middleware.response_cache import ResponseCacheMiddleware


async def many(cache: ResponseCacheMiddleware, origin: Origin, count: int) -> list[asyncio.Task[Reply]]:
    """Start callers while the application is held, and return once all wait and one fetch is on its way."""
    origin.may_answer.clear()
    tasks = [asyncio.create_task(call(cache)) for _ in range(count)]
    await until(lambda: cache.stats().total_requests >= count and origin.fetches >= 1)
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


async def test_two_hundred_callers_make_one_fetch() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    tasks = await many(cache, origin, 200)
    origin.may_answer.set()
    replies = await asyncio.gather(*tasks)
    assert (origin.fetches, {reply.body for reply in replies}) == (1, {b"1"})
    assert sum(reply.cache_status == "vcci; fwd=uri-miss; collapsed" for reply in replies) == 199


async def test_the_first_callers_leaving_does_not_fail_the_others_nor_the_fetch() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    tasks = await many(cache, origin, 50)
    tasks[0].cancel()
    origin.may_answer.set()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(replies[0], asyncio.CancelledError)
    assert {reply.body for reply in replies if isinstance(reply, Reply)} == {b"1"}
    assert origin.fetches == 1


async def test_a_followers_leaving_changes_nothing() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    tasks = await many(cache, origin, 3)
    tasks[1].cancel()
    origin.may_answer.set()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(reply, Reply) for reply in replies] == [True, False, True]


async def test_an_error_is_shared_and_not_asked_for_again_by_each() -> None:
    origin = Origin(error=RuntimeError("away"))
    cache = ResponseCacheMiddleware(origin)
    tasks = await many(cache, origin, 50)
    origin.may_answer.set()
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    assert (origin.fetches, {type(reply) for reply in replies}) == (1, {RuntimeError})


async def test_an_answer_that_may_not_be_stored_is_given_to_one_and_later_ones_do_not_wait() -> None:
    origin = Origin({"cache-control": "no-store"})
    cache = ResponseCacheMiddleware(origin)
    tasks = await many(cache, origin, 10)
    origin.may_answer.set()
    bodies = {reply.body for reply in await asyncio.gather(*tasks)}
    assert len(bodies) == 10
    later = await many(cache, origin, 20)
    assert origin.fetches == 30
    origin.may_answer.set()
    await asyncio.gather(*later)


async def test_callers_of_a_stale_response_are_answered_after_one_validation() -> None:
    origin, clock = Origin({"cache-control": "max-age=60", "etag": '"v"'}), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 61
    tasks = await many(cache, origin, 50)
    origin.may_answer.set()
    assert {reply.body for reply in await asyncio.gather(*tasks)} == {b"1"}
    assert origin.fetches == 2


async def test_callers_share_the_stale_response_that_stands_in_for_an_error() -> None:
    origin, clock = Origin({"cache-control": "max-age=60, stale-if-error=300"}), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 61
    origin.status = 503
    tasks = await many(cache, origin, 50)
    origin.may_answer.set()
    assert {(reply.status, reply.body) for reply in await asyncio.gather(*tasks)} == {(200, b"1")}
    assert origin.fetches == 2


async def test_a_request_after_a_write_does_not_join_a_fetch_from_before_it() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    before = await many(cache, origin, 1)
    await cache.invalidator.invalidate_by_path("/a")
    after = asyncio.create_task(call(cache))
    await until(lambda: origin.fetches == 2)
    origin.may_answer.set()
    replies = await asyncio.gather(*before, after)
    assert replies[1].body == b"2"
    assert (await call(cache)).body == b"2"


async def test_a_client_that_leaves_ends_a_response_that_nobody_else_gets() -> None:
    origin = Origin({"cache-control": "no-store"}, body=b"x", parts=10**9)
    cache = ResponseCacheMiddleware(origin)
    task = asyncio.create_task(call(cache))
    await until(lambda: origin.fetches == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: cache.fetches_under_way == 0)
