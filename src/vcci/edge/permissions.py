"""What a route asks for. A route that declares nothing keeps the application from starting."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from vcci.domain.access import Permission, Principal
from vcci.edge.authentication import principal_in
from vcci.edge.problems import ProblemError
from vcci.edge.write_once import Write
from vcci.errors import ConfigurationError
from vcci.runtime.service import Service


@dataclass(frozen=True)
class Needs:
    """A dependency: gives the principal if it has the permission, else 401 or 403."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        """Return who asks."""
        principal = principal_in(request.scope)
        if principal is None:
            raise ProblemError("key_missing", headers={"WWW-Authenticate": "Bearer"})
        if not principal.may(self.permission):
            raise ProblemError(
                "permission_missing",
                f"The key has the permissions {', '.join(sorted(principal.permissions))};"
                f" {self.permission} is needed.",
            )
        return principal


@dataclass(frozen=True)
class NeedsNothing:
    """A dependency of the routes that answer to everybody."""

    async def __call__(self) -> None:
        """Let everybody in."""


async def service_of(request: Request) -> Service:
    """Return the service that the application was made for."""
    found: Service = request.app.state.service
    return found


async def _write(request: Request) -> Write:
    principal = principal_in(request.scope)
    if principal is None:
        raise ProblemError("key_missing", headers={"WWW-Authenticate": "Bearer"})
    return Write(await service_of(request), principal, request)


Reader = Annotated[Principal, Depends(Needs(Permission.READ))]
Calculating = Annotated[Principal, Depends(Needs(Permission.CALCULATE))]
Editor = Annotated[Principal, Depends(Needs(Permission.WRITE))]
Administrator = Annotated[Principal, Depends(Needs(Permission.ADMINISTER))]
Everybody = Depends(NeedsNothing())
"""For `dependencies=[...]` of a route that answers without a key."""

TheService = Annotated[Service, Depends(service_of)]
TheWrite = Annotated[Write, Depends(_write)]
"""A write of the request's principal; beside one of the permissions above, never instead of it."""


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Return the application's own routes, those of included routers among them."""
    return (route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute))


def permission_of(route: RouteContext) -> Permission | None:
    """Return what a route asks for, None if it answers to everybody; raises for one that does not say."""
    declared = [call for call in calls_of(route.dependant) if isinstance(call, Needs | NeedsNothing)]
    if len(declared) != 1:
        raise ConfigurationError(
            f"The route {route.path} declares {len(declared)} permissions.",
            remedy="Declare exactly one: Reader, Calculating, Editor, Administrator or Everybody.",
            code="route_without_permission",
        )
    return declared[0].permission if isinstance(declared[0], Needs) else None


def calls_of(dependant: Dependant) -> Iterator[Any]:
    """Yield what a route calls: its handler, and all that this depends on."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls_of(inner)
