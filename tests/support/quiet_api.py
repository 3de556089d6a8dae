"""The whole application without the worker of jobs: what moves in it is what a test has asked for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr
from tests.support.api import SECRET, Api

from vcci.api.app import api, guarded
from vcci.api.hot_routes import HotRoutes
from vcci.database.announcements import OUTDATED
from vcci.edge.answer_cache import AnswerCache
from vcci.runtime.service import opened_service
from vcci.runtime.value_cache import answer_store, hearing
from vcci.settings import Settings

Plant = Callable[[FastAPI], None]


def nothing(_: FastAPI) -> None:
    """Plant nothing."""


@asynccontextmanager
async def quiet(url: str, *, plant: Plant = nothing, **settings: Any) -> AsyncIterator[Api]:
    """Give the API over a migrated database; `plant` may add a route with a fault."""
    told = Settings(DATABASE_URL=SecretStr(url), secret=SecretStr(SECRET), **settings)
    async with opened_service(told) as service:
        routes = api(service)
        plant(routes)
        hot = HotRoutes(routes, service)
        cache = AnswerCache(hot, service.coherence, answer_store(told, redis=service.redis))
        service.listeners.append(cache.outdated)
        rooms: Any = {"coherence": service.coherence, "on_gap": cache.on_gap}
        async with hearing(service.direct_url, {OUTDATED: cache.heard}, service.authority, **rooms):
            yield Api(service, guarded(cache.middleware, service))
            await cache.middleware.aclose()
            await service.values.aclose()
            await hot.aclose()
