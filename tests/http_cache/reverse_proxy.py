"""A thin ASGI reverse proxy to the suite's origin: one connection for each request, nothing kept.

The origin closes idle connections, sends statuses without a phrase, and bodies longer than they say;
a new connection for each request, read until its message ends, copes with all of these.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httptools

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]

HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
GREATEST_STATUS = 599
"""The origin answers 999 where it misses a condition; servers know no such status, and the test fails."""

READ_BYTES = 65_536


class _Reply:
    """A response as the parser calls it out."""

    def __init__(self, *, to_head: bool) -> None:
        self.headers: Fields = []
        self.body = b""
        self.complete = False
        self.head_complete = False
        self._to_head = to_head

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head_complete = True
        self.complete = self._to_head

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


class ReverseProxy:
    """ASGI application that asks the origin on a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Forward a request; raise ConnectionError where the origin hangs up first."""
        body = await _body_of(receive)
        reader, writer = await asyncio.open_connection("localhost", self._port)
        try:
            writer.write(_request_bytes(scope, body))
            await writer.drain()
            status, reply = await _read(reader, to_head=scope["method"] == "HEAD")
        finally:
            writer.close()
        fields = _without_hop_by_hop(reply.headers)
        await send({"type": "http.response.start", "status": min(status, GREATEST_STATUS), "headers": fields})
        await send({"type": "http.response.body", "body": reply.body})


async def _body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _request_bytes(scope: Any, body: bytes) -> bytes:
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    fields = [field for field in _without_hop_by_hop(scope["headers"]) if field[0] != b"content-length"]
    fields += [(b"connection", b"close"), *([(b"content-length", b"%d" % len(body))] if body else [])]
    lines = [b"%b %b HTTP/1.1" % (scope["method"].encode(), target), *(b"%b: %b" % field for field in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _without_hop_by_hop(headers: Fields) -> Fields:
    listed = b",".join(value for name, value in headers if name == b"connection")
    dropped = HOP_BY_HOP | set(re.split(rb"[\s,]+", listed.lower()))
    return [(name, value) for name, value in headers if name not in dropped]


async def _read(reader: asyncio.StreamReader, *, to_head: bool) -> tuple[int, _Reply]:
    reply = _Reply(to_head=to_head)
    parser = httptools.HttpResponseParser(reply)
    while not reply.complete:
        data = await reader.read(READ_BYTES)
        if not data:
            break
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            if not reply.complete:
                raise
    if not reply.head_complete:
        raise ConnectionResetError("The origin closed the connection before it answered.")
    return parser.get_status_code(), reply
