"""People who sign in: added, given another password or role, shut out and let in again, by administrators."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Request, Response
from pydantic import StringConstraints

from vcci.database.tenants import Role as DatabaseRole
from vcci.database.users import User, add_user, change_user, user_by_id, users_of
from vcci.domain.access import PERMISSIONS, Permission, Role
from vcci.edge.key_writes import KeyRequest, refuse_more
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service
from vcci.runtime.sign_in import LEAST_CHARACTERS, MOST_CHARACTERS, password_hash
from vcci.services.activity_request import WRITABLE
from vcci.web.viewer import Viewer
from vcci.web.views import Administering, Table, View, form_of, pages, see_other, shown

router = pages()

HERE: Final = "/settings"
USERS: Final = f"{HERE}/users"
COLUMNS: Final = ("id", "name", "role", "created_at", "disabled_at")

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=WRITABLE, strip_whitespace=True), Form()
]
Password = Annotated[str, Form(max_length=1_000)]
AsRole = Annotated[Role, Form()]


@shown(router, USERS)
async def users(
    request: Request,
    service: TheService,
    viewer: Administering,
) -> View:
    """List the people of the tenant, by name."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await users_of(tx, tenant_id)
    people = [_told(user) for user in found]
    told = {
        "users": found,
        "own_id": viewer.principal.user_id,
        "roles": list(Role),
        "permissions": list(Permission),
        "allowed": PERMISSIONS,
        "least": LEAST_CHARACTERS,
        "most": MOST_CHARACTERS,
    }
    rows = ([one[name] for name in COLUMNS] for one in people)
    return View("users", HERE, {"users": people}, Table(COLUMNS, rows), told)


@router.post(USERS)
@form_of(users)
async def add(
    service: TheService, viewer: Administering, *, name: Name, role: AsRole, password: Password
) -> Response:
    """Add a person with a role and a first password."""
    refuse_more(viewer.principal, KeyRequest(name=name, role=role))
    hashed = await asyncio.to_thread(password_hash, password)
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        await add_user(tx, tenant_id, name=name, role=role, password_hash=hashed)
    return see_other(USERS)


@router.post(f"{USERS}/{{user_id}}/disable")
async def disable(user_id: UUID, service: TheService, viewer: Administering) -> Response:
    """Shut a person out: their sessions end at once. Nobody does that to themselves."""
    _refuse_own(viewer, user_id, "Nobody disables themselves: another administrator can.")
    return await _change(service, viewer, user_id, is_disabled=True)


@router.post(f"{USERS}/{{user_id}}/enable")
async def enable(user_id: UUID, service: TheService, viewer: Administering) -> Response:
    """Let a person in again."""
    return await _change(service, viewer, user_id, is_disabled=False)


@router.post(f"{USERS}/{{user_id}}/password")
@form_of(users)
async def new_password(
    user_id: UUID, service: TheService, viewer: Administering, *, password: Password
) -> Response:
    """Give a person another password; their sessions end. One's own is changed with the old one."""
    _refuse_own(viewer, user_id, "You change your own password under Settings, with the old one.")
    hashed = await asyncio.to_thread(password_hash, password)
    return await _change(service, viewer, user_id, password_hash=hashed)


@router.post(f"{USERS}/{{user_id}}/role")
@form_of(users)
async def new_role(user_id: UUID, service: TheService, viewer: Administering, *, role: AsRole) -> Response:
    """Give a person another role; their sessions end. Nobody does that to themselves."""
    _refuse_own(viewer, user_id, "Nobody changes their own role: another administrator can.")
    refuse_more(viewer.principal, KeyRequest(name="role", role=role))
    return await _change(service, viewer, user_id, role=role)


def _refuse_own(viewer: Viewer, user_id: UUID, detail: str) -> None:
    if user_id == viewer.principal.user_id:
        raise ProblemError("conflict", detail)


async def _change(service: Service, viewer: Viewer, user_id: UUID, **told: Any) -> Response:
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        found = await user_by_id(tx, tenant_id, user_id)
        if found is None:
            raise ProblemError("not_found", "There is no such user.")
        await change_user(tx, tenant_id, found.name, **told)
    return see_other(USERS)


def _told(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "name": user.name,
        "role": user.role,
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }
