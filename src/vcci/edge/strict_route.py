"""Routes that read JSON strictly, and say what is wrong with a request as a problem."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute

from vcci.edge.json_bodies import MalformedJsonError, parsed_json
from vcci.edge.permissions import Needs, calls_of
from vcci.edge.problems import ProblemError

LARGE_BYTES: Final = 50_000


class StrictRequest(Request):
    """A request whose JSON means the same to every reader."""

    async def json(self) -> Any:
        """Return the body's value."""
        if not hasattr(self, "_json"):
            try:
                self._json = await _parsed(await self.body())
            except MalformedJsonError as error:
                raise HTTPException(400, str(error)) from None  # FastAPI lets no other error through here
        return self._json


async def _parsed(body: bytes) -> Any:
    """Read a large body in a thread: other requests go on meanwhile."""
    return await asyncio.to_thread(parsed_json, body) if len(body) > LARGE_BYTES else parsed_json(body)


class StrictRoute(APIRoute):
    """A route of the API: who may not ask is told so before the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, over strict requests."""
        handler = super().get_route_handler()
        needs = [call for call in calls_of(self.dependant) if isinstance(call, Needs)]

        async def strict(request: Request) -> Response:
            for need in needs:
                await need(request)
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def problem_of_validation(error: RequestValidationError) -> ProblemError:
    """Return the problem that a request has, with a pointer (RFC 6901) to each fault."""
    faults = [
        {"pointer": _pointer(fault, error.body), "in": str(fault["loc"][0]), "detail": fault["msg"]}
        for fault in error.errors()
    ]
    return ProblemError(
        "request_invalid", faults[0]["detail"], pointer=faults[0]["pointer"], more={"errors": faults}
    )


def _pointer(fault: Mapping[str, Any], body: Any) -> str:
    """Leave out the steps by which pydantic names the members of a union: they are not in the body."""
    where, *steps = fault["loc"]
    if where == "body":
        steps = list(_steps_within(body, steps, is_missing=fault["type"] == "missing"))
    written = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "".join(f"/{step}" for step in written)


def _steps_within(value: Any, steps: Sequence[Any], *, is_missing: bool) -> Iterator[Any]:
    for place, step in enumerate(steps, start=1):
        is_member = isinstance(value, Mapping) and step in value
        is_item = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if is_member or is_item:
            value = value[step]
            yield step
        elif is_missing and place == len(steps):
            yield step
