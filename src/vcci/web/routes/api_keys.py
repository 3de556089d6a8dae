"""Keys of the API: made, shown once, and revoked, by administrators."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Query, Request, Response
from pydantic import StringConstraints

from vcci.database.api_keys import KeyTerms, StoredKey, api_keys_of, mint_key, revoke_key
from vcci.database.tenants import Role as DatabaseRole
from vcci.domain.access import PERMISSIONS, Permission, Role
from vcci.edge.key_writes import MOST_DAYS, KeyRequest, key_as_json, refuse_more
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.services.activity_request import WRITABLE
from vcci.web.pages import page
from vcci.web.views import Administering, Table, View, form_of, pages, see_other, shown

router = pages()

HERE: Final = "/settings"
KEYS: Final = f"{HERE}/keys"
MOST_SHOWN: Final = 500
COLUMNS: Final = ("id", "name", "role", "permissions", "created_at", "expires_at", "revoked_at")

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=WRITABLE), Form()]
Days = Annotated[int | None, Form(ge=1, le=MOST_DAYS)]
Some = Annotated[list[Permission] | None, Form(max_length=10)]


@shown(router, KEYS)
async def api_keys(
    request: Request,
    service: TheService,
    viewer: Administering,
    *,
    ended: Annotated[bool, Query()] = False,
) -> View:
    """List the keys without their secrets, the newest first; those that ended only if asked for."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await api_keys_of(tx, tenant_id, limit=MOST_SHOWN)
    keys = [key_as_json(key) for key in found if ended or _is_valid(key)]
    told = {
        "api_keys": keys,
        "ended": ended,
        "is_cut": len(found) == MOST_SHOWN,
        "own_id": str(viewer.principal.key_id),
        "roles": list(Role),
        "permissions": list(Permission),
        "allowed": PERMISSIONS,
        "most_days": MOST_DAYS,
    }
    rows = ([_cell(one[name]) for name in COLUMNS] for one in keys)
    return View("api-keys", HERE, {"keys": keys}, Table(COLUMNS, rows), told)


@router.post(KEYS)
@form_of(api_keys)
async def make_key(
    service: TheService,
    viewer: Administering,
    *,
    name: Name,
    role: Annotated[Role, Form()],
    permissions: Some = None,
    expires_in_days: Days = None,
) -> Response:
    """Make a key, and show it this once; it may do no more than who makes it."""
    asked = KeyRequest(name=name, role=role, permissions=permissions or [], expires_in_days=expires_in_days)
    refuse_more(viewer.principal, asked)
    life = None if expires_in_days is None else timedelta(days=expires_in_days)
    terms = KeyTerms(asked.name, asked.role, asked.permissions, life)
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        key, stored = await mint_key(tx, tenant_id, terms, pepper=service.pepper)
    told = {"here": HERE, "made": key_as_json(stored), "secret": key.text()}
    return page("api-key-made", viewer=viewer, status=201, **told)


@router.post(f"{KEYS}/{{key_id}}/revoke")
async def revoke(key_id: UUID, service: TheService, viewer: Administering) -> Response:
    """Revoke a key: within a second nobody answers to it. The key that asks is left as it is."""
    if key_id == viewer.principal.key_id:
        raise ProblemError("conflict", "This is the key of your own session: sign out instead.")
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
        if not await revoke_key(tx, tenant_id, key_id):
            raise ProblemError("not_found", "There is no such key that could be revoked.")
    return see_other(KEYS)


def _is_valid(key: StoredKey) -> bool:
    is_over = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    return key.revoked_at is None and not is_over


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value
