"""Whether the service lives, is ready, and its metrics."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from vcci.domain.access import Permission
from vcci.edge.authentication import principal_in
from vcci.edge.limits import is_loopback
from vcci.edge.permissions import Everybody, TheService
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.monitoring.metrics import CONTENT_TYPE, exposition

router = APIRouter(tags=["health"], route_class=StrictRoute, dependencies=[Everybody])

READY_SECONDS: Final = 1.0
"""A database that takes longer to answer is as good as away."""


class Health(BaseModel):
    """That it is well."""

    status: str


@router.get("/livez")
async def alive() -> Health:
    """Say that the process answers."""
    return Health(status="alive")


@router.get("/readyz")
async def ready(service: TheService) -> Health:
    """Say whether requests can be answered: the database does, and the service is not about to stop."""
    if service.is_stopping:
        raise ProblemError("service_away", "The service is stopping.", headers={"Retry-After": "5"})
    try:
        async with asyncio.timeout(READY_SECONDS), service.pool.transaction(None) as tx:
            await tx.execute("SELECT")
    except TimeoutError:
        raise ProblemError(
            "service_away", "The database does not answer.", headers={"Retry-After": "1"}
        ) from None
    return Health(status="ready")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, service: TheService) -> Response:
    """Return the metrics in Prometheus' format: to this machine, or to a key that may administer."""
    if not service.settings.prometheus:
        raise ProblemError("not_found", "Metrics are switched off (PROMETHEUS_ENABLED).")
    principal = principal_in(request.scope)
    is_operator = principal is not None and principal.tenant_id == service.home_tenant_id
    may_see = is_operator and principal is not None and principal.may(Permission.ADMINISTER)
    if not may_see and not is_loopback(request.scope):
        raise ProblemError(
            "permission_missing", "Metrics are for this machine and for those who run the service."
        )
    return Response(await asyncio.to_thread(exposition), media_type=CONTENT_TYPE)
