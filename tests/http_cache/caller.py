"""An origin of the tests as ASGI application, and a caller of the middleware without a server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, str]
MOST_TURNS = 100_000
Message = dict[str, Any]


@dataclass
class Reply:
    """What a caller got."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def cache_status(self) -> str:
        """Return what the cache said of itself."""
        return self.headers.get("cache-status", "")


@dataclass
class Origin:
    """An application that answers each request with the next number, and can be held or fail."""

    fields: Fields = field(default_factory=lambda: {"cache-control": "max-age=60"})
    status: int = 200
    body: bytes | None = None
    parts: int = 1
    error: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    varies: Callable[[dict[str, str]], bytes] | None = None

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def fetches(self) -> int:
        return len(self.requests)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append({"method": scope["method"], "path": scope["path"], **sent})
        number = self.fetches
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        etag = self.fields.get("etag")
        status = 304 if etag is not None and sent.get("if-none-match") == etag else self.status
        headers = [(name.encode(), value.encode()) for name, value in self.fields.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"%d" % number if self.body is None else self.body
        if status == 304:
            body = b""
        if self.varies is not None:
            body = self.varies(sent)
        for part in range(self.parts):
            await send({"type": "http.response.body", "body": body, "more_body": part < self.parts - 1})


class Clock:
    """A clock that stands until it is moved; seconds since 1970."""

    def __init__(self) -> None:
        self.now_s = 1_784_000_000.0

    def __call__(self) -> float:
        return self.now_s


async def call(
    app: Callable[[Any, Any, Any], Awaitable[None]], path: str = "/a", *, method: str = "GET", **fields: str
) -> Reply:
    """Send a request to an ASGI application and return the whole reply."""
    reply = Reply()
    headers = [(b"host", b"api.example")]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    target, _, query = path.partition("?")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            reply.body += message.get("body", b"")

    scope = {
        "type": "http",
        "method": method,
        "path": target,
        "raw_path": target.encode(),
        "headers": headers,
    }
    await app({**scope, "scheme": "http", "query_string": query.encode()}, receive, send)
    return reply


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something holds; fail where it does not."""
    for _ in range(MOST_TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("What was waited for did not come.")
