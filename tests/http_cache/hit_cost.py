"""What a hit costs beside an application that sends the same bytes: the callable alone, and in a server.

The server is uvicorn's protocol on a transport that drops what is written, so no socket or kernel counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import process_time
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from vcci.middleware.response_cache import ResponseCacheMiddleware

App = Callable[[Any, Any, Any], Awaitable[None]]

BODY: Final = b"x" * 1047
FIELDS: Final = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"max-age=600"),
    (b"etag", b'"abc"'),
    (b"content-length", b"1047"),
]
ADDED_BY_A_HIT: Final = [(b"age", b"0"), (b"cache-status", b"vcci; hit; ttl=600")]
ASKED: Final = [
    *((b"host", b"api.example"), (b"user-agent", b"python"), (b"accept", b"*/*")),
    *((b"accept-encoding", b"gzip, br"), (b"connection", b"keep-alive")),
]
SCOPE: Final = {
    **{"type": "http", "method": "GET", "scheme": "http", "path": "/factors", "raw_path": b"/factors"},
    **{"query_string": b"q=steel", "headers": ASKED},
}
REQUEST: Final = (
    b"GET /factors?q=steel HTTP/1.1\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in ASKED) + b"\r\n"
)
ROUNDS: Final = 5
CALLS, REQUESTS = 50_000, 10_000


def sends(fields: list[tuple[bytes, bytes]]) -> App:
    """Return an application that sends these fields and the body, and does nothing else."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": fields.copy()})
        await send({"type": "http.response.body", "body": BODY})

    return app


async def rates() -> dict[str, float]:
    """Return hits, and answers of the bare application, for each CPU second; the best of some rounds."""
    bare, cache = sends([*FIELDS, *ADDED_BY_A_HIT]), ResponseCacheMiddleware(sends(FIELDS))
    await cache(SCOPE, _nothing, _drop)
    found: dict[str, float] = {}
    for name, rate in (("callable", _alone), ("served", _served)):
        found[f"{name}_bare_per_cpu_s"] = await _best(rate, bare)
        found[f"{name}_hits_per_cpu_s"] = await _best(rate, cache)
        ratio = found[f"{name}_hits_per_cpu_s"] / found[f"{name}_bare_per_cpu_s"]
        found[f"{name}_hit_ratio"] = round(ratio, 2)
    return found


async def _best(rate: Callable[[App], Awaitable[float]], app: App) -> float:
    return round(max([await rate(app) for _ in range(ROUNDS)]))


async def _alone(app: App) -> float:
    began = process_time()
    for _ in range(CALLS):
        await app(SCOPE, _nothing, _drop)
    return CALLS / (process_time() - began)


async def _served(app: App) -> float:
    config = Config(app, lifespan="off", log_level="critical", access_log=False, server_header=False)
    config.load()
    protocol = HttpToolsProtocol(config, ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(_Drain())
    began = process_time()
    for _ in range(REQUESTS):
        protocol.data_received(REQUEST)
        while protocol.cycle is not None and not protocol.cycle.response_complete:  # noqa: ASYNC110
            await asyncio.sleep(0)
    return REQUESTS / (process_time() - began)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_message: Any) -> None:
    """Take a message and do nothing with it."""


class _Drain(asyncio.Transport):
    """A transport that drops what is written."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 81)}.get(name, default)

    def write(self, data: Any) -> None: ...

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...
