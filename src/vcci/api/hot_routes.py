"""The routes that are asked most often, answered in ASGI before the router.

They do what the routes of the same address do, with work for one tenant that comes at the same time done
together: one transaction, one commit for many calculations. Whatever is out of the ordinary goes on to the
router, which says what is wrong with it; a test sends the same requests both ways.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vcci.concurrency import Coalescer
from vcci.database.announcements import announce_outdated
from vcci.database.calculation_store import StoredCalculation, add_calculations
from vcci.database.emissions_read import FoundLine
from vcci.database.line_batch import lines_by_ids
from vcci.database.tenants import Role
from vcci.domain.access import Permission, Principal
from vcci.edge.authentication import principal_in
from vcci.edge.calculated import OUTDATED, calculated
from vcci.edge.json_bodies import MalformedJsonError, parsed_json
from vcci.edge.line_answers import line_response
from vcci.edge.problems import ProblemError, problem
from vcci.errors import DatabaseError
from vcci.monitoring.timings import timed
from vcci.runtime.service import Service
from vcci.services.activity_request import ActivityRequest

CALCULATE: Final = "/api/v1/calculator/calculate"
LINES: Final = "/api/v1/emissions/"
LENGTH_OF_UUID: Final = 36
OUT_OF_THE_ORDINARY: Final = frozenset({b"idempotency-key", b"if-none-match", b"if-match"})
"""Request fields that the router sees to."""


class HotRoutes:
    """ASGI: answers calculations and single lines here, and lets everything else on."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._stores: Coalescer[UUID, StoredCalculation, None] = Coalescer(self._store, _concerns_all)
        self._reads: Coalescer[UUID, UUID, FoundLine | None] = Coalescer(self._lines, _concerns_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the request on."""
        principal = principal_in(scope) if scope["type"] == "http" else None
        if principal is None or not OUT_OF_THE_ORDINARY.isdisjoint(name for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if method == "POST" and path == CALCULATE and principal.may(Permission.CALCULATE):
            await self._calculate(scope, receive, send, principal=principal)
            return
        line_id = _line_id(path) if method == "GET" and principal.may(Permission.READ) else None
        if line_id is None:
            await self._app(scope, receive, send)
            return
        await self._line(scope, receive, send, asked=(principal.tenant_id, line_id))

    async def aclose(self) -> None:
        """Wait until all that was asked is answered."""
        await self._stores.aclose()
        await self._reads.aclose()

    async def _calculate(self, scope: Scope, receive: Receive, send: Send, *, principal: Principal) -> None:
        body = await _body(receive)
        asked = _read(scope, body)
        if asked is None:
            await self._app(scope, _again(body, receive), send)
            return
        made = calculated(self._service, principal, asked)
        with timed("db"):
            await self._stores.ask(principal.tenant_id, made)
        await Response(made.reply, media_type="application/json")(scope, receive, send)

    async def _line(self, scope: Scope, receive: Receive, send: Send, *, asked: tuple[UUID, UUID]) -> None:
        with timed("db"):
            found = await self._reads.ask(*asked)
        answer = problem(ProblemError("not_found")) if found is None else line_response(found)
        await answer(scope, receive, send)

    async def _store(self, tenant_id: UUID, many: Sequence[StoredCalculation]) -> Sequence[None]:
        async with self._service.pool.transaction(tenant_id, role=Role.LOADER, kind="calculate") as tx:
            await add_calculations(tx, tenant_id, many)
            said = await announce_outdated(tx, tenant_id, OUTDATED)
        await self._service.outdated(said)
        return [None] * len(many)

    async def _lines(self, tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[FoundLine | None]:
        async with self._service.pool.transaction(tenant_id, kind="lines_by_id") as tx:
            return await lines_by_ids(tx, tenant_id, ids)


def _concerns_all(error: Exception) -> bool:
    return isinstance(error, DatabaseError)


def _line_id(path: str) -> UUID | None:
    if not path.startswith(LINES) or len(path) != len(LINES) + LENGTH_OF_UUID:
        return None
    try:
        return UUID(path[len(LINES) :])
    except ValueError:
        return None


async def _body(receive: Receive) -> bytes:
    """Return the whole body; raises `ClientDisconnect` where its sender has left before its end."""
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        is_whole = not message.get("more_body")
    return body


def _read(scope: Scope, body: bytes) -> ActivityRequest | None:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        return None
    try:
        return ActivityRequest.model_validate(parsed_json(body))
    except (MalformedJsonError, ValidationError):
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already once more."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Any:
        return first.pop() if first else await receive()

    return replayed
