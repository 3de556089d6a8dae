"""The application: the routes, and before them what every request passes.

body limits -> who asks -> how often -> cached answers -> routes
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from vcci import __version__
from vcci.api.answers import ANSWERS
from vcci.api.description import document_of
from vcci.api.hot_routes import HotRoutes
from vcci.api.readiness import make_ready
from vcci.api.routes import (
    admin,
    calculator,
    emissions,
    factors,
    health,
    intake,
    jobs,
    keys,
    recalculations,
    reporting,
    runs,
    suppliers,
)
from vcci.database.announcements import OUTDATED
from vcci.database.job_store import CHANNEL as JOBS
from vcci.domain.access import Principal, Role
from vcci.edge.answer_cache import AnswerCache
from vcci.edge.authentication import Authentication, Authenticator
from vcci.edge.deadlines import RequestDeadline
from vcci.edge.intake_writes import takes_files
from vcci.edge.limits import BodyLimit, Rate, RateLimit, is_loopback
from vcci.edge.permissions import permission_of, routes_of
from vcci.edge.query_watch import WatchedQueries
from vcci.edge.recalculations import RECALCULATIONS
from vcci.monitoring.loop_lag import watched_loop
from vcci.monitoring.performance import get_performance_monitor
from vcci.monitoring.requests import MeasuredRequests, Templates
from vcci.monitoring.traces import TracedRequests
from vcci.monitoring.translation import PoolGauge, count
from vcci.runtime.job_worker import working
from vcci.runtime.service import Service, opened_service
from vcci.runtime.value_cache import answer_store, hearing
from vcci.settings import Settings
from vcci.web.routers import ROUTERS as PAGES

ROUTERS = (
    *(calculator.router, emissions.router, factors.router, suppliers.router, intake.router, jobs.router),
    *(reporting.router, runs.router, recalculations.router, keys.router, admin.router, health.router),
    *PAGES,
)

TEMPLATES: Final = frozenset(
    route.path.replace(":uuid}", "}")
    for router in ROUTERS
    for route in iter_route_contexts(router.routes)
    if route.path
)
"""The addresses of all routes, with parameters by name; a last one that takes the rest says so."""

FORM_BYTES: Final = 2_000_000
"""What a form may have beside its file."""

DEVELOPMENT_KEY_ID: Final = UUID(int=0)
"""No key has this id: what was done without a key can be told."""


def api(service: Service | None) -> FastAPI:
    """Return the routes; without a service they describe themselves and answer nothing."""
    app = FastAPI(
        title="VCCI", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json"
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    for route in routes_of(app):
        permission_of(route)
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    app.openapi = lambda: document_of(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def opened_application(service: Service, *, workers: int = 1) -> AsyncIterator[ASGIApp]:
    """Give the whole stack over a service, with what runs in its background."""
    routes, settings = api(service), service.settings
    await make_ready(routes, service)
    hot = HotRoutes(routes, service)
    store = answer_store(settings, redis=service.redis)
    cache = AnswerCache(hot, service.coherence, store, settings.api_cache_strategy)
    service.listeners.append(cache.outdated)
    gauge = PoolGauge(kept=service.pool.options.size)
    shown = watched_loop(also=[lambda: gauge.show(service.pool.statistics())])
    async with shown, working(service) as worker:
        channels = {OUTDATED: cache.heard, JOBS: worker.heard}
        async with hearing(
            service.direct_url,
            channels,
            service.authority,
            coherence=service.coherence,
            on_gap=cache.on_gap,
            hook=service.hook,
        ):
            yield guarded(cache.middleware if settings.api_cache else hot, service, workers=workers)
            service.is_stopping = True
            await cache.middleware.aclose()
            await service.values.aclose()
            await hot.aclose()
    service.listeners.remove(cache.outdated)


def guarded(routes: ASGIApp, service: Service, *, workers: int = 1) -> ASGIApp:
    """Return routes behind what every request passes before it is answered."""
    rate = Rate(service.settings.requests_per_minute / workers)
    authenticator = Authenticator(service.pool, service.pepper)
    known = Authentication(RateLimit(routes, rate), authenticator, _without_key(service))
    settings, route_of = service.settings, Templates(TEMPLATES).of
    timely = RequestDeadline(known, settings.request_seconds, _is_long)
    of_files = settings.max_file_bytes + FORM_BYTES
    limited: ASGIApp = BodyLimit(
        timely, lambda path: of_files if takes_files(path) else settings.max_body_bytes
    )
    if settings.query_analysis:
        limited = WatchedQueries(limited, route_of)
    latencies = get_performance_monitor().metrics.endpoints
    measured = MeasuredRequests(limited, route_of, settings.server_timing, latencies)
    return TracedRequests(measured, route_of)


def _is_long(scope: Scope) -> bool:
    """Say whether a request may take as long as it takes: an upload, a look at all runs, a job's events."""
    path: str = scope["path"]
    return takes_files(path) or path == RECALCULATIONS or path.endswith("/events")


class Server:
    """ASGI: opens the service when the server starts, and closes it when it stops."""

    def __init__(self, settings: Settings, *, workers: int = 1) -> None:
        self._settings = settings
        self._workers = workers
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._opened() as self._app:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ASGIApp]:
        async with (
            opened_service(self._settings, hook=count) as service,
            opened_application(service, workers=self._workers) as app,
        ):
            yield app


def _without_key(service: Service) -> Callable[[Scope], Principal | None]:
    def principal(scope: Scope) -> Principal | None:
        if service.settings.development and scope["path"].startswith("/admin/") and is_loopback(scope):
            return Principal(service.home_tenant_id, DEVELOPMENT_KEY_ID, Role.ADMIN)
        return None

    return principal
