"""The response cache around a real ASGI application, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http_cache.caller import Clock, Origin, call, until

from vcci.errors import ConfigurationError
from vcci.middleware.cache_key import Partition, Scope
from vcci.middleware.cache_store import MemoryStore
from vcci.middleware.freshness import STANDARD
from vcci.middleware.response_cache import ResponseCacheMiddleware


def by_tenant(scope: Scope) -> Partition | None:
    fields = dict(scope["headers"])
    tenant = fields.get(b"x-tenant")
    return Partition(tenant.decode()) if tenant else None


async def test_a_hit_is_the_same_response_with_its_age() -> None:
    origin = Origin({"cache-control": "max-age=60", "x-request": "7", "content-length": "1"})
    clock = Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    first = await call(cache)
    clock.now_s += 5
    second = await call(cache)
    assert (origin.fetches, first.body, second.body) == (1, b"1", b"1")
    assert first.cache_status == "vcci; fwd=uri-miss; stored"
    assert (second.headers["age"], second.headers["x-request"]) == ("5", "7")
    assert second.cache_status == "vcci; hit; ttl=55"


async def test_what_may_yet_prove_too_long_is_not_said_to_be_stored() -> None:
    assert (await call(ResponseCacheMiddleware(Origin()))).cache_status == "vcci; fwd=uri-miss"


async def test_a_head_is_answered_from_a_stored_get() -> None:
    origin = Origin(body=b"12345")
    cache = ResponseCacheMiddleware(origin)
    await call(cache)
    reply = await call(cache, method="HEAD")
    assert (origin.fetches, reply.body, reply.headers["content-length"]) == (1, b"", "5")


async def test_a_part_and_a_304_come_from_the_store() -> None:
    origin = Origin({"cache-control": "max-age=60", "etag": '"v"'}, body=b"0123456789")
    cache = ResponseCacheMiddleware(origin)
    await call(cache)
    part = await call(cache, range="bytes=2-4")
    same = await call(cache, if_none_match='W/"v"')
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert (same.status, same.body, origin.fetches) == (304, b"", 1)


async def test_a_stale_response_is_asked_about_and_used_again() -> None:
    origin, clock = Origin({"cache-control": "max-age=60", "etag": '"v"'}), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 61
    checked = await call(cache)
    again = await call(cache)
    assert origin.requests[1]["if-none-match"] == '"v"'
    assert (checked.status, checked.body, checked.cache_status) == (
        200,
        b"1",
        "vcci; fwd=stale; fwd-status=304",
    )
    assert (origin.fetches, again.cache_status) == (2, "vcci; hit; ttl=60")


async def test_a_304_about_another_response_leads_to_a_whole_one() -> None:
    origin, clock = Origin({"cache-control": "max-age=60", "etag": '"v"'}), Clock()
    cache = ResponseCacheMiddleware(_Confused(origin), clock=clock)
    await call(cache)
    clock.now_s += 61
    reply = await call(cache)
    assert (reply.status, reply.body, origin.fetches) == (200, b"2", 2)


class _Confused:
    """Answers any If-None-Match with a 304 that names a version of its own."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        if b"if-none-match" not in dict(scope["headers"]):  # type: ignore[call-overload]
            await self.origin(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"w"')]}
        await send(start)  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


async def test_two_tenants_never_share_an_answer_and_strangers_are_not_served_from_the_cache() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin, key_for=by_tenant)
    bodies = [
        (await call(cache, x_tenant=tenant, authorization=tenant)).body for tenant in ("a", "b", "a", "b")
    ]
    unknown = await call(cache)
    assert (bodies, unknown.body, unknown.cache_status) == ([b"1", b"2", b"1", b"2"], b"3", "")


CONTROLS = ["max-age=60", "no-store", "public, max-age=60", "private, max-age=60", "max-age=0", "no-cache"]
STEP = st.tuples(
    st.sampled_from(["a", "b", "aa", ""]),
    st.sampled_from(["/x", "/y?a", "/b"]),
    st.sampled_from(["GET", "HEAD", "GET", "POST", "DELETE"]),
    st.sampled_from(CONTROLS),
    st.integers(0, 70),
)


@given(st.lists(STEP, max_size=30))
async def test_no_tenant_ever_gets_what_was_made_for_another(
    steps: list[tuple[str, str, str, str, int]],
) -> None:
    made = {"vary": "Accept", "etag": '"same"'}
    origin, clock = Origin(varies=lambda sent: f"for {sent.get('x-tenant')}".encode()), Clock()
    cache = ResponseCacheMiddleware(origin, key_for=by_tenant, clock=clock, default_strategy=STANDARD)
    for tenant, path, method, control, later_s in steps:
        origin.fields = {**made, "cache-control": f"{control}, stale-while-revalidate=20, stale-if-error=20"}
        clock.now_s += later_s
        reply = await call(cache, path, method=method, x_tenant=tenant, authorization=tenant)
        assert reply.body in (f"for {tenant}".encode(), b"")
    await cache.aclose()


async def test_a_target_too_long_to_keep_is_passed_on() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    assert [(await call(cache, "/" + "x" * 3000)).body for _ in range(2)] == [b"1", b"2"]


async def test_without_a_partition_an_answer_to_credentials_is_for_its_asker_only() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    bodies = [(await call(cache, authorization="a")).body for _ in range(2)]
    assert (bodies, (await call(cache)).body) == ([b"1", b"2"], b"3")


async def test_a_write_drops_every_tenants_answer_before_its_own_reply_is_out() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin, key_for=by_tenant)
    await call(cache, x_tenant="a")
    await call(cache, x_tenant="b")
    await call(cache, method="DELETE")
    assert [(await call(cache, x_tenant=tenant)).body for tenant in ("a", "b")] == [b"4", b"5"]


async def test_a_failed_write_drops_nothing() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    await call(cache)
    origin.status = 500
    await call(cache, method="POST")
    assert (await call(cache)).body == b"1"


async def test_a_group_is_dropped_by_a_writes_response_and_by_the_service() -> None:
    origin = Origin({"cache-control": "max-age=60", "cache-groups": '"factors"'})
    cache = ResponseCacheMiddleware(origin)
    await call(cache, "/factors/1")
    assert await cache.invalidator.invalidate_groups(["other"]) == 0
    assert await cache.invalidator.invalidate_groups(["factors"]) == 1
    await call(cache, "/factors/1")
    origin.fields = {"cache-group-invalidation": '"factors"'}
    await call(cache, "/import", method="POST")
    assert (await call(cache, "/factors/1")).body == b"4"


async def test_a_path_is_dropped_with_all_its_queries() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    for path in ("/a?x=1", "/a?x=2", "/ab"):
        await call(cache, path)
    assert await cache.invalidator.invalidate_by_path("/a") == 2
    assert [(await call(cache, path)).body for path in ("/a?x=1", "/ab")] == [b"4", b"3"]


async def test_a_body_above_the_limit_is_passed_on_in_parts_and_not_kept() -> None:
    origin = Origin(body=b"x" * 100, parts=50)
    cache = ResponseCacheMiddleware(origin, max_body_bytes=1000)
    assert [len((await call(cache)).body) for _ in range(2)] == [5000, 5000]
    assert origin.fetches == 2


async def test_a_body_shorter_than_it_says_is_not_kept() -> None:
    origin = Origin({"cache-control": "max-age=60", "content-length": "9"}, body=b"short")
    cache = ResponseCacheMiddleware(origin)
    await call(cache)
    await call(cache)
    assert origin.fetches == 2


async def test_each_variant_is_kept_for_whom_it_is() -> None:
    origin = Origin(
        {"cache-control": "max-age=60", "vary": "Accept"}, varies=lambda sent: sent["accept"].encode()
    )
    cache = ResponseCacheMiddleware(origin)
    asked = ["text/csv", "application/json", "text/csv", "application/json"]
    assert [(await call(cache, accept=kind)).body.decode() for kind in asked] == asked
    assert origin.fetches == 2


async def test_a_clients_no_cache_makes_work_only_where_that_is_allowed() -> None:
    counts = []
    for strategy in (None, STANDARD):
        origin = Origin()
        cache = ResponseCacheMiddleware(origin, default_strategy=strategy)
        await call(cache)
        await call(cache, cache_control="no-cache")
        counts.append(origin.fetches)
    assert counts == [1, 2]


async def test_only_if_cached_is_answered_without_the_application() -> None:
    origin = Origin()
    reply = await call(ResponseCacheMiddleware(origin), cache_control="only-if-cached")
    assert (reply.status, origin.fetches) == (504, 0)


async def test_a_get_with_a_body_goes_to_the_application() -> None:
    origin = Origin()
    cache = ResponseCacheMiddleware(origin)
    await call(cache)
    assert (await call(cache, content_length="3")).body == b"2"


@pytest.mark.parametrize("error", [None, RuntimeError("the database is away")])
async def test_a_stale_response_stands_in_for_a_failing_application(error: Exception | None) -> None:
    origin, clock = Origin({"cache-control": "max-age=60, stale-if-error=300"}), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 100
    origin.status, origin.error = 503, error
    reply = await call(cache)
    assert (reply.status, reply.body, reply.cache_status) == (200, b"1", "vcci; hit; ttl=-40")
    assert cache.stats().stood_in == 1
    clock.now_s += 300
    with pytest.raises(RuntimeError) if error else _nothing():
        assert (await call(cache)).status == 503


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


async def test_a_newer_response_that_may_not_be_stored_ends_the_older_one() -> None:
    allows = {"cache-control": "max-age=60, stale-if-error=900"}
    origin, clock = Origin(allows), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 61
    origin.fields = {"cache-control": "no-store"}
    await call(cache)
    origin.status = 503
    assert (await call(cache)).status == 503


async def test_a_store_that_fails_lets_every_request_through() -> None:
    class BrokenStore(MemoryStore):
        async def get(self, key: str) -> None:
            raise ConnectionError

        async def put(self, key: str, entry: object, **_: object) -> bool:
            raise ConnectionError

    origin = Origin()
    cache = ResponseCacheMiddleware(origin, store=BrokenStore())
    assert [(await call(cache)).body for _ in range(3)] == [b"1", b"2", b"3"]
    assert cache.stats().store_errors > 0


async def test_stats_count_hits_and_misses() -> None:
    cache = ResponseCacheMiddleware(Origin())
    for _ in range(4):
        await call(cache)
    found = cache.stats()
    assert (found.hits, found.misses, found.total_requests, found.hit_rate) == (3, 1, 4, 0.75)


async def test_a_stale_answer_is_given_at_once_and_renewed_once_behind_it() -> None:
    origin, clock = Origin({"cache-control": "max-age=60, stale-while-revalidate=600"}), Clock()
    cache = ResponseCacheMiddleware(origin, clock=clock)
    await call(cache)
    clock.now_s += 61
    origin.may_answer.clear()
    stale = [await call(cache) for _ in range(20)]
    assert {reply.body for reply in stale} == {b"1"}
    origin.may_answer.set()
    await until(lambda: cache.fetches_under_way == 0)
    assert (origin.fetches, (await call(cache)).body) == (2, b"2")


def test_a_strategy_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no strategy 'shrot'"):
        ResponseCacheMiddleware(Origin(), default_strategy="shrot")
