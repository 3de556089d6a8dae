"""How I like pages, my password and my sessions."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Request, Response

from vcci.database.api_keys import StoredKey, end_sessions, sessions_of
from vcci.database.tenants import Role as DatabaseRole
from vcci.edge.key_writes import permissions_of
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service
from vcci.runtime.sign_in import LEAST_CHARACTERS, MOST_CHARACTERS, change_password
from vcci.web.formats import NAMES, EmissionUnit
from vcci.web.viewer import THEMES, Viewer
from vcci.web.views import Reading, Table, View, form_of, pages, see_other, shown

router = pages()

HERE: Final = "/settings"
SESSION_COLUMNS: Final = ("id", "created_at", "expires_at", "is_this")

Password = Annotated[str, Form(max_length=1_000)]


@shown(router, "/settings")
async def settings(
    request: Request,
    service: TheService,
    viewer: Reading,
) -> View:
    """Show how the person likes pages, who they are here, and where they are signed in."""
    sessions = [_told(one, viewer) for one in await _sessions(service, viewer)]
    principal = viewer.principal
    document = {
        "name": viewer.name,
        "role": principal.role,
        "permissions": sorted(principal.permissions),
        "numbers": viewer.form.numbers.name.lower(),
        "unit": viewer.form.unit,
        "theme": viewer.theme,
        "sessions": sessions,
    }
    told = {
        "sessions": sessions,
        "has_password": principal.user_id is not None,
        "numbers": NAMES,
        "units": list(EmissionUnit),
        "themes": THEMES,
        "allowed": permissions_of(principal.role, list(principal.narrowed_to)),
        "least": LEAST_CHARACTERS,
        "most": MOST_CHARACTERS,
    }
    rows = ([one[name] for name in SESSION_COLUMNS] for one in sessions)
    return View("settings", HERE, document, Table(SESSION_COLUMNS, rows), told)


@router.post("/settings/password")
@form_of(settings)
async def new_password(
    service: TheService, viewer: Reading, *, old: Password, password: Password, again: Password
) -> Response:
    """Take another password for the person's own; all their sessions end, this one too."""
    if viewer.principal.user_id is None:
        raise ProblemError("conflict", "This session is of no user: it has no password.")
    if password != again:
        told = "The new password was not written the same twice."
        raise ProblemError("request_invalid", told, pointer="/again")
    if not await change_password(service, viewer.principal, old=old, new=password):
        raise ProblemError("request_invalid", "The old password is another.", pointer="/old")
    return see_other("/sign-in?next=%2Fsettings")


@router.post("/settings/sessions/end")
async def end_others(service: TheService, viewer: Reading) -> Response:
    """End all sessions of the person but this one."""
    await _end(service, viewer, but=viewer.principal.key_id)
    return see_other(HERE)


@router.post("/settings/sessions/{key_id}/end")
async def end_one(key_id: UUID, service: TheService, viewer: Reading) -> Response:
    """End one session of the person."""
    if not await _end(service, viewer, only=key_id):
        raise ProblemError("not_found", "You have no such session, or it has ended.")
    return see_other(HERE)


async def _end(service: Service, viewer: Viewer, **which: UUID) -> int:
    principal = viewer.principal
    if principal.user_id is None:
        return 0
    async with service.pool.transaction(principal.tenant_id, role=DatabaseRole.LOADER) as tx:
        return await end_sessions(tx, principal.tenant_id, principal.user_id, **which)


async def _sessions(service: Service, viewer: Viewer) -> list[StoredKey]:
    principal = viewer.principal
    if principal.user_id is None:
        return []
    async with service.pool.transaction(principal.tenant_id) as tx:
        return await sessions_of(tx, principal.tenant_id, principal.user_id)


def _told(session: StoredKey, viewer: Viewer) -> dict[str, Any]:
    return {
        "id": str(session.id),
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "is_this": session.id == viewer.principal.key_id,
    }
