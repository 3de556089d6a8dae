"""Calls over HTTP to a real server: what is sent again, what is given up, and what is refused."""

import asyncio
import zlib
from collections.abc import Awaitable
from contextlib import suppress

import pytest
from tests.support.http_sources import AT_ONCE, HERE, Asked, Reply, Source, answering, in_turn, never

from vcci.clients.http import AsyncHTTPClient, HttpLimits
from vcci.clients.paths import path_of
from vcci.clients.remote_errors import RemoteCallError
from vcci.concurrency.breaker import BreakerOpenError
from vcci.concurrency.deadline import within
from vcci.concurrency.retries import RetryScheduled
from vcci.errors import DeadlineError, RemoteError

OK = Reply.of({"value": "0.4"})
AWAY = Reply(503)


def test_seed_names_and_defaults_are_kept() -> None:
    client = AsyncHTTPClient(
        base_url="https://api.example.com", timeout=30, max_retries=3, max_connections=100, keepalive=20
    )
    assert client.transport.connections == 0


async def test_get_returns_the_json_of_the_answer() -> None:
    async with answering(in_turn(OK)) as source, source.client() as client:
        assert await client.get("/factors/electricity") == {"value": "0.4"}


async def test_request_returns_status_headers_and_body() -> None:
    async with answering(in_turn(Reply(201, b"made", {"ETag": '"1"'}))) as source, source.client() as client:
        answer = await client.request("PUT", "/things/1", json={"name": "steel"})
    assert (answer.status, answer.headers["etag"], answer.body) == (201, '"1"', b"made")
    assert (source.asked[0].method, source.asked[0].body) == ("PUT", b'{"name":"steel"}')


async def test_answer_without_content_is_none() -> None:
    async with answering(in_turn(Reply(204))) as source, source.client() as client:
        assert await client.delete("/things/1") is None


async def test_calls_one_after_the_other_share_a_connection() -> None:
    async with answering(in_turn(OK)) as source, source.client() as client:
        for _ in range(10):
            await client.get("/")
        assert (source.connections, client.transport.connections) == (1, 1)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_call_that_may_be_repeated_is_sent_again(method: str, status: int) -> None:
    async with (
        answering(in_turn(Reply(status), Reply(status), Reply(200))) as source,
        source.client() as client,
    ):
        answer = await client.request(method, "/")
    assert (answer.status, len(source.asked)) == (200, 3)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 501])
async def test_status_that_would_not_change_is_not_asked_for_again(status: int) -> None:
    async with answering(in_turn(Reply(status), OK)) as source, source.client() as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
    assert (raised.value.status, len(source.asked)) == (status, 1)


async def test_post_is_sent_once() -> None:
    async with answering(in_turn(AWAY, OK)) as source, source.client() as client:
        with pytest.raises(RemoteCallError, match="status 503"):
            await client.post("/orders", json={})
    assert len(source.asked) == 1


async def test_post_with_a_key_is_sent_again_with_the_same_key() -> None:
    async with answering(in_turn(AWAY, OK)) as source, source.client() as client:
        await client.post("/orders", json={"n": 1}, idempotency_key="order-1")
    assert [asked.headers["idempotency-key"] for asked in source.asked] == ["order-1"] * 2
    assert [asked.body for asked in source.asked] == [b'{"n":1}'] * 2


async def test_retries_end_with_the_last_status() -> None:
    heard: list[RetryScheduled] = []
    async with answering(in_turn(AWAY)) as source, source.client(max_retries=2, hook=heard.append) as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
    assert (raised.value.code, len(source.asked)) == ("remote_failed", 3)
    assert [(event.attempt, event.error) for event in heard] == [(1, "remote_failed"), (2, "remote_failed")]


async def test_wait_that_the_server_asks_for_is_kept() -> None:
    heard: list[RetryScheduled] = []
    limits = HttpLimits(first_wait_s=0.0, most_wait_s=2.0)
    answer = in_turn(Reply(429, headers={"Retry-After": "1"}), OK)
    async with answering(answer) as source, source.client(limits=limits, hook=heard.append) as client:
        await client.get("/")
    assert [event.wait_s for event in heard] == [1.0]


async def test_server_that_asks_for_a_long_wait_is_not_asked_again() -> None:
    async with (
        answering(in_turn(Reply(429, headers={"Retry-After": "3600"}), OK)) as source,
        source.client() as client,
    ):
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
    assert (raised.value.code, raised.value.retry_after_s, len(source.asked)) == (
        "remote_rate_limited",
        3600.0,
        1,
    )


async def test_answer_that_breaks_off_is_asked_for_again() -> None:
    async with (
        answering(in_turn(Reply(200, b'{"a": 1}', cut=4), Reply.of(2))) as source,
        source.client() as client,
    ):
        assert await client.get("/") == 2


async def test_try_that_hangs_leaves_time_for_another() -> None:
    def answer(asked: Asked) -> Reply | Awaitable[Reply]:
        return never(asked) if len(source.asked) == 1 else OK

    async with answering(answer) as source, source.client(timeout=1.0) as client:
        assert await client.get("/") == {"value": "0.4"}


async def test_call_is_given_up_at_its_timeout() -> None:
    async with answering(never) as source, source.client(timeout=0.1, max_retries=1) as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
        assert (raised.value.code, client.transport.connections) == ("remote_timed_out", 0)


async def test_sooner_deadline_of_the_work_counts() -> None:
    async with answering(never) as source, source.client(timeout=60) as client:
        with within(0.1), pytest.raises(DeadlineError):
            await client.get("/")
        assert client.transport.connections == 0


async def test_body_that_drips_is_given_up_at_the_timeout_too() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    source = Source(never, server.sockets[0].getsockname()[1])
    async with server, source.client(timeout=0.2, max_retries=0) as client:
        with pytest.raises(RemoteCallError, match="no whole answer"):
            await client.get("/")


async def test_server_that_is_not_there_is_away() -> None:
    async with answering(in_turn(OK)) as source:
        pass
    async with source.client(max_retries=1) as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
    assert raised.value.code == "remote_away"


@pytest.mark.parametrize("told", [{}, {"transfer-encoding": "chunked"}])
async def test_answer_over_the_limit_is_refused(told: dict[str, str]) -> None:
    body = b"x" * 1_001
    chunked = b"3e9\r\n" + body + b"\r\n0\r\n\r\n"
    reply = Reply(200, chunked, told | {"connection": "close"}) if told else Reply(200, body)
    limits = HttpLimits(most_bytes=1_000)
    async with answering(in_turn(reply)) as source, source.client(limits=limits) as client:
        with pytest.raises(RemoteCallError, match="more than 1,000 bytes") as raised:
            await client.get("/")
        assert (raised.value.code, client.transport.connections) == ("remote_answer_too_large", 0)


async def test_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zlib.compress(b"\0" * 200_000_000)
    reply = Reply(200, bomb, {"content-encoding": "deflate"})
    async with answering(in_turn(reply)) as source, source.client() as client:
        with pytest.raises(RemoteCallError, match="more than 10,000,000 bytes"):
            await client.get("/")
    assert len(bomb) < 1_000_000


async def test_answer_of_exactly_the_limit_is_taken() -> None:
    limits = HttpLimits(most_bytes=1_000)
    async with answering(in_turn(Reply(200, b"x" * 1_000))) as source, source.client(limits=limits) as client:
        assert len((await client.request("GET", "/")).body) == 1_000


@pytest.mark.parametrize("body", [b"", b"<html>", b"NaN", b'{"a": 1} {', b"\xff"])
async def test_answer_that_is_no_json_is_an_error_not_a_value(body: bytes) -> None:
    async with answering(in_turn(Reply(200, body))) as source, source.client() as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/")
    assert raised.value.code == "remote_answer_malformed"


async def test_redirect_is_not_followed() -> None:
    async with (
        answering(in_turn(Reply(302, headers={"Location": "/elsewhere"}))) as source,
        source.client() as client,
    ):
        with pytest.raises(RemoteCallError, match="not followed"):
            await client.get("/")
        assert (await client.request("GET", "/")).status == 302
    assert {asked.target for asked in source.asked} == {"/"}


async def test_cookie_is_not_sent_back() -> None:
    answer = in_turn(Reply.of(1, set_cookie="tenant=a"))
    async with answering(answer) as source, source.client() as client:
        await client.get("/")
        await client.get("/")
    assert ["cookie" in asked.headers for asked in source.asked] == [False, False]


async def test_host_that_fails_again_and_again_is_left_alone() -> None:
    async with answering(in_turn(Reply(500))) as source, source.client() as client:
        for _ in range(5):
            with pytest.raises(RemoteCallError):
                await client.get("/")
        with pytest.raises(BreakerOpenError):
            await client.get("/")
    assert len(source.asked) == 5


async def test_host_that_hangs_again_and_again_is_left_alone() -> None:
    async with answering(never) as source, source.client(timeout=0.05, max_retries=0) as client:
        for _ in range(5):
            with pytest.raises(RemoteCallError):
                await client.get("/")
        with pytest.raises(BreakerOpenError):
            await client.get("/")


async def test_impatient_callers_do_not_have_a_host_left_alone_for_others() -> None:
    def answer(asked: Asked) -> Reply | Awaitable[Reply]:
        return OK if asked.target == "/now" else never(asked)

    async with answering(answer) as source, source.client() as client:
        for _ in range(10):
            with within(0.01), pytest.raises(DeadlineError):
                await client.get("/slow")
        assert await client.get("/now") == {"value": "0.4"}


async def test_few_calls_to_a_host_are_under_way_and_few_wait() -> None:
    async def slowly(_: Asked) -> Reply:
        await asyncio.sleep(0.02)
        return OK

    limits = HttpLimits(at_once_per_host=3, most_waiting_per_host=5)
    async with answering(slowly) as source, source.client(limits=limits) as client:
        calls = [client.get("/") for _ in range(20)]
        found = await asyncio.gather(*calls, return_exceptions=True)
    errors = [one.code for one in found if isinstance(one, RemoteError)]
    assert (len(found) - len(errors), set(errors), source.most_under_way) == (8, {"remote_busy"}, 3)


async def test_message_holds_neither_query_nor_credentials() -> None:
    async with answering(in_turn(Reply(401, b"secret"))) as source, source.client() as client:
        with pytest.raises(RemoteCallError) as raised:
            await client.get("/x?key=secret", params={"q": "secret"}, headers={"Authorization": "secret"})
    assert "secret" not in f"{raised.value}{raised.value!r}{raised.value.__dict__}"


async def test_header_that_would_smuggle_another_is_refused_without_its_text() -> None:
    async with answering(in_turn(OK)) as source, source.client() as client:
        with pytest.raises(RemoteError) as raised:
            await client.get("/", headers={"Authorization": "secret\r\nX-Admin: 1"})
    assert (raised.value.code, "secret" in str(raised.value), source.asked) == (
        "remote_url_refused",
        False,
        [],
    )


@pytest.mark.parametrize("text", ["a/b", "a?b=c#d", "100 % steel", "../x", "/a", "%2e%2e", "stål\n", "a\\b"])
async def test_text_of_a_user_stays_one_segment_of_the_path(text: str) -> None:
    async with answering(in_turn(OK)) as source, source.client() as client:
        await client.get(path_of("factors", text))
    assert source.asked[0].target.count("/") == 2
    assert not set(source.asked[0].target) & set("?# \n\\")


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/../../admin", "https://evil.example/", "x", "@evil.example/"]
)
async def test_no_path_leads_out_of_the_base_url(path: str) -> None:
    async with answering(in_turn(OK)) as source:
        client = AsyncHTTPClient(f"{source.url}/api/v1", limits=AT_ONCE, network=HERE)
        with suppress(RemoteError):
            await client.get(path)
        await client.aclose()
    assert all(asked.target.startswith("/api/v1/") for asked in source.asked)


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "file:///etc/passwd", "//example.com", "http://", "http://u:p@example.com"]
)
def test_base_url_is_http_and_without_credentials(url: str) -> None:
    with pytest.raises(RemoteError) as raised:
        AsyncHTTPClient(url)
    assert raised.value.code == "remote_url_refused"
