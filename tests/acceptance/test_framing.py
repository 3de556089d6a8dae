"""Requests whose end can be read in two ways, on raw sockets: none is answered as another one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.test_up import up

POST = b"POST /api/v1/calculator/calculate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ALIVE = b'{"status":"alive"}'

DOUBTFUL = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED,
    "length and chunks": POST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "chunks and length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two codings": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "coding with a tail": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "length with a sign": POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED,
    "length in hexadecimal": POST + b"Content-Length: 0x2\r\n\r\n{}" + SMUGGLED,
    "length below zero": POST + b"Content-Length: -1\r\n\r\n{}" + SMUGGLED,
    "length beyond numbers": POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}" + SMUGGLED,
    "chunk with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "chunk beyond numbers": POST
    + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n"
    + SMUGGLED,
    "blank before the colon": POST + b"Content-Length : 2\r\n\r\n{}" + SMUGGLED,
    "folded line": POST + b"X-One: a\r\n b\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED,
    "zero byte in a field": POST + b"X-One: a\0b\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED,
    "no host": b"GET /livez HTTP/1.1\r\nX-One: 1\r\n\r\n\r\n\r\n",
    "two hosts": b"GET /admin/performance/pool HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.fixture(scope="module")
def port(server_dir: Path) -> Iterator[int]:
    """The port of a running service."""
    with up(server_dir) as (_, port, _token):
        yield port


def told(port: int, request: bytes, *, seconds: float = 3.0) -> bytes:
    """Send bytes, and return all that comes back until the other side closes, or says no more."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        try:
            while part := connection.recv(65_536):
                found += part
        except (TimeoutError, ConnectionError):
            pass
    return found


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_doubtful_request_is_refused_and_nothing_after_it_is_answered(port: int, doubt: str) -> None:
    answer = told(port, DOUBTFUL[doubt])
    statuses = [line.split(b" ")[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert ALIVE not in answer
    assert [status for status in statuses if not status.startswith(b"4")] == []


def test_head_that_never_ends_and_body_that_is_too_large_cost_no_more_than_their_limit(port: int) -> None:
    endless = told(port, b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X-Field: " + b"x" * 2_000_000)
    large = told(port, POST + b"Content-Length: 3200000000\r\n\r\n{}")
    assert ALIVE not in endless
    assert large.split(b" ")[1] in (b"413", b"401")
    assert ALIVE in told(port, SMUGGLED, seconds=1.0)


def test_lines_that_end_without_a_carriage_return_are_read_as_lines(port: int) -> None:
    plain = POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}"
    answer = told(port, plain + SMUGGLED, seconds=2.0)
    assert answer.index(b" 401 ") < answer.index(ALIVE)


def test_requests_in_one_breath_are_answered_each_in_its_turn(port: int) -> None:
    answer = told(port, SMUGGLED + SMUGGLED.replace(b"/livez", b"/readyz"), seconds=2.0)
    assert answer.index(b"alive") < answer.index(b"ready")
