"""A page in its three forms: for people, as JSON, and its main table as CSV, under one address each.

@shown(router, "/suppliers")
async def suppliers(request: Request, service: TheService, viewer: Reading) -> View: ...
"""

import csv
import io
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from vcci.domain.access import Permission
from vcci.domain.display import inert
from vcci.edge.authentication import SAFE_METHODS
from vcci.edge.permissions import Needs, calls_of
from vcci.edge.problem_pages import known_problem
from vcci.edge.problems import KINDS, ProblemError, problem, problem_of, status_of
from vcci.edge.strict_route import problem_of_validation
from vcci.errors import VcciError
from vcci.web.filled_forms import Filled, filled_in
from vcci.web.pages import HEADERS, page
from vcci.web.viewer import Viewer, refuse_forged, viewer_of


class Form(StrEnum):
    """What a page is asked for as."""

    HTML = ""
    JSON = ".json"
    CSV = ".csv"


@dataclass(frozen=True, slots=True)
class Table:
    """The main table of a page; cells are plain values."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows: by its template, as a document of plain values, and as a table.

    `here` is the path of the section whose entry in the menu is marked.
    """

    template: str
    here: str
    document: Any
    table: Table
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seeing(Needs):
    """A dependency: gives the viewer if they have the permission, else raises 401 or 403."""

    async def __call__(self, request: Request) -> Viewer:  # type: ignore[override]
        """Return who sees the page."""
        await super().__call__(request)
        viewer = viewer_of(request, request.app.state.service)
        assert viewer is not None  # noqa: S101  (there is a principal)
        return viewer


Reading = Annotated[Viewer, Depends(Seeing(Permission.READ))]
Editing = Annotated[Viewer, Depends(Seeing(Permission.WRITE))]
Administering = Annotated[Viewer, Depends(Seeing(Permission.ADMINISTER))]

Look = Callable[..., Awaitable[View]]
Taking = TypeVar("Taking", bound=Callable[..., Awaitable[Response]])

_PAGE_OF: Final[dict[Callable[..., Any], Look]] = {}
"""The page of the form that is sent to an endpoint, where it is shown again."""


def form_of(look: Look) -> Callable[[Taking], Taking]:
    """Say of what takes a form on which page it is: refused, it is shown there again as it was filled in."""

    def known(taking: Taking) -> Taking:
        _PAGE_OF[taking] = look
        return taking

    return known


class PageRoute(APIRoute):
    """A route of the pages: what is wrong is told on a page, and forms of other pages have no effect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, behind what every page asks first."""
        handler = super().get_route_handler()
        needs = [call for call in calls_of(self.dependant) if isinstance(call, Needs)]

        async def answered(request: Request) -> Response:
            try:
                for need in needs:
                    await need(request)
                if request.method not in SAFE_METHODS:
                    await refuse_forged(request, request.app.state.service)
                return await _taken_or_again(request, handler, _PAGE_OF.get(self.endpoint))
            except (ProblemError, VcciError, RequestValidationError) as error:
                return refusal(request, error)

        return answered


async def _taken_or_again(
    request: Request, handler: Callable[[Request], Awaitable[Response]], look: Look | None
) -> Response:
    try:
        return await handler(request)
    except (ProblemError, VcciError, RequestValidationError) as error:
        filled = await filled_in(request, error) if look else None
        if look is None or filled is None:
            raise
        service = request.app.state.service
        view = await look(request=request, service=service, viewer=viewer_of(request, service))
        return shown_again(request, view, filled)


def shown_again(request: Request, view: View, filled: Filled) -> Response:
    """Return the page of a form that was refused, with what was filled in and what is wrong with it."""
    view = replace(view, told={**view.told, "again": filled})
    return answered(request, view, Form.HTML, status=filled.status)


def pages() -> APIRouter:
    """Return a router of pages."""
    return APIRouter(tags=["pages"], route_class=PageRoute, include_in_schema=False)


def shown(router: APIRouter, path: str) -> Callable[[Look], Look]:
    """Register a page under its address, and under the same with .json and .csv."""

    def register(look: Look) -> Look:
        for form in (Form.JSON, Form.CSV, Form.HTML):  # an id ends before the suffix
            router.add_api_route(path + form, _in_form(look, form), methods=["GET"])
        return look

    return register


def _in_form(look: Look, form: Form) -> Callable[..., Awaitable[Response]]:
    @wraps(look)
    async def answer(*, request: Request, **told: Any) -> Response:
        view = await look(request=request, **told)
        return answered(request, view, form)

    return answer


def answered(request: Request, view: View, form: Form, *, status: int = 200) -> Response:
    """Return a view in a form."""
    if form is Form.JSON:
        return Response(
            orjson.dumps(view.document, default=str), media_type="application/json", headers=HEADERS
        )
    if form is Form.CSV:
        name = request.url.path.rpartition("/")[2]
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="{quote(name)}"'}
        return Response(_csv(view.table), media_type="text/csv; charset=utf-8", headers=headers)
    viewer = viewer_of(request, request.app.state.service)
    told = {"here": view.here, "request": request, "other_forms": _other_forms(request), **view.told}
    return page(view.template, viewer=viewer, status=status, **told)


def _other_forms(request: Request) -> dict[str, str]:
    if request.method not in SAFE_METHODS:
        return {}
    query = f"?{request.url.query}" if request.url.query else ""
    return {form.name: f"{request.url.path}{form}{query}" for form in (Form.JSON, Form.CSV)}


def _csv(table: Table) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([inert(one) if isinstance(one, str) else one for one in row] for row in table.rows)
    return written.getvalue().encode()


def see_other(path: str) -> RedirectResponse:
    """Lead a browser to another page, after a form was taken."""
    return RedirectResponse(path, status_code=303, headers=HEADERS)


def refusal(request: Request, error: ProblemError | VcciError | RequestValidationError) -> Response:
    """Return what a person is told of an error; programs get the problem."""
    if isinstance(error, RequestValidationError):
        error = problem_of_validation(error)
    if request.url.path.endswith((Form.JSON, Form.CSV)):
        return problem(error) if isinstance(error, ProblemError) else problem_of(error)
    if isinstance(error, ProblemError) and error.code == "key_missing":
        return _to_sign_in(request)
    viewer = viewer_of(request, request.app.state.service)
    if isinstance(error, ProblemError):
        kind = KINDS[error.code]
        status, title, detail, hint = kind.status, kind.title, error.detail, kind.hint
    else:
        known = known_problem(error.code)
        title = known.title if known else error.what
        status, detail, hint = status_of(error), error.what, error.remedy
    told = {"title": title, "detail": detail, "hint": hint, "code": error.code}
    return page("refused", status=status, viewer=viewer, **told)


def _to_sign_in(request: Request) -> Response:
    """Ask who it is; whoever looked for a page comes back to it."""
    if request.method not in SAFE_METHODS:
        return see_other("/sign-in?next=")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return see_other(f"/sign-in?next={quote(wanted, safe='')}")
