"""How each error is answered: the one table from what is raised to a status."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from vcci.edge.permissions import routes_of
from vcci.edge.problems import ProblemError, problem, problem_of
from vcci.edge.strict_route import problem_of_validation
from vcci.errors import VcciError

LOG: Final = logging.getLogger("vcci.faults")

CODES_OF_STATUS: Final = {400: "body_malformed", 404: "not_found", 405: "method_not_allowed"}
"""What the router itself refuses."""


async def _of_problem(_: Request, error: Any) -> Response:
    return problem(error)


async def _of_core(_: Request, error: Any) -> Response:
    return problem_of(error)


async def _of_request(_: Request, error: Any) -> Response:
    return problem(problem_of_validation(error))


async def _of_router(request: Request, error: Any) -> Response:
    code = CODES_OF_STATUS.get(error.status_code, "internal_error")
    detail = error.detail if error.status_code == 400 else ""
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers or {}
    return problem(ProblemError(code, detail, headers=headers))


def _allowed(request: Request) -> str:
    """Return the methods of all routes of an address; each route knows only its own."""
    methods = {
        method
        for route in routes_of(request.app)
        if route.path_regex is not None and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods))


async def _of_fault(request: Request, error: Any) -> Response:
    """Say nothing of what went wrong inside; the log has it, with the address but not with what was asked."""
    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return problem(ProblemError("internal_error"))


ANSWERS: Final[dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]]] = {
    ProblemError: _of_problem,
    VcciError: _of_core,
    RequestValidationError: _of_request,
    HTTPException: _of_router,
    Exception: _of_fault,
}
