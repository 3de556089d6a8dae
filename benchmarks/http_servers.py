"""The servers that `http.py` compares, all behind the product's own check of keys and under row security.

    granian --factory benchmarks.http_servers:NAME

raw      constant bytes: what ASGI costs at all
cached   the product: answers from its response cache
fastapi  the same route of the product through FastAPI with its dependencies, nothing kept
hot      the product's hot routes, nothing kept
orm      the naive service of before/orm_service.py
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.before.orm_service import service_app

from vcci.api.app import api, guarded, opened_application
from vcci.api.hot_routes import HotRoutes
from vcci.runtime.service import Service, opened_service
from vcci.settings import load

BODY = b'{"a":"' + b"x" * 1_000 + b'"}'


class Constant:
    """Answers everything with the same bytes."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})


class Opened:
    """Opens the service in the worker, and puts an application over it."""

    def __init__(self, make: Callable[[Service, AsyncExitStack], Any]) -> None:
        self._make = make
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            async with AsyncExitStack() as stack:
                service = await stack.enter_async_context(opened_service(load()))
                self._app = await _awaited(self._make(service, stack))
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self._app(scope, receive, send)


async def _awaited(app: Any) -> Any:
    return await app if asyncio.iscoroutine(app) else app


def raw() -> Opened:
    return Opened(lambda service, _: guarded(Constant(), service))


def cached() -> Opened:
    return Opened(lambda service, stack: stack.enter_async_context(opened_application(service)))


def fastapi() -> Opened:
    return Opened(lambda service, _: guarded(api(service), service))


def hot() -> Opened:
    return Opened(lambda service, _: guarded(HotRoutes(api(service), service), service))


def orm() -> Opened:
    return Opened(lambda service, _: guarded(service_app(service), service))
