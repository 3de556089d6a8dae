"""The first page, the description of the API, and a page for each problem."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from vcci.api.described_operations import by_tag
from vcci.api.pages import HEADERS, asset, page
from vcci.database.run_store import runs_of
from vcci.domain.access import Permission
from vcci.edge.authentication import SESSION_COOKIE, principal_in
from vcci.edge.permissions import Everybody, TheService
from vcci.edge.problem_pages import known_problem
from vcci.edge.problems import Kind
from vcci.edge.strict_route import StrictRoute
from vcci.runtime.sessions import SESSION_LIFE, session_for

router = APIRouter(tags=["pages"], route_class=StrictRoute, dependencies=[Everybody], include_in_schema=False)

MOST_RUNS: Final = 50
NO_SUCH_PROBLEM: Final = Kind(404, "No such problem", "Check the code.")


@router.get("/")
async def front(
    request: Request, service: TheService, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show the tenant's runs; a token becomes a session."""
    if token:
        return await _session(service, token)
    principal = principal_in(request.scope)
    runs: list[Any] | None = None
    if principal is not None and principal.may(Permission.READ):
        async with service.pool.transaction(principal.tenant_id) as tx:
            runs = (await runs_of(tx, principal.tenant_id))[:MOST_RUNS]
    return page("front", runs=runs, address=f"http://{request.url.netloc}")


@router.get("/docs")
async def described(request: Request) -> Response:
    """Show what the API does."""
    document = request.app.openapi()
    return page("docs", document=document, tags=by_tag(document))


@router.get("/problems/{code}")
async def problem_page(code: str) -> Response:
    """Show what a problem is, and what to do."""
    known = known_problem(code)
    if known is None:
        return page("problem", status=404, code=code, known=NO_SUCH_PROBLEM)
    return page("problem", code=code, known=known)


@router.get("/assets/pages.css")
async def style() -> Response:
    """Return the style of the pages."""
    return asset("pages.css")


@router.get("/assets/mark.svg")
async def mark() -> Response:
    """Return the icon of the pages."""
    return asset("mark.svg")


async def _session(service: TheService, token: str) -> Response:
    session = await session_for(service, token)
    if session is None:
        return page("used", status=403)
    answer = RedirectResponse("/", status_code=303, headers=HEADERS)
    answer.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        path="/",
    )
    return answer
