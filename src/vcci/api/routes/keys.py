"""Keys of the API: made for a role, shown once, and revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from vcci.database.api_keys import KEYS, KeyTerms, StoredKey, key_by_id, mint_key, revoke_key
from vcci.database.connections import Connection
from vcci.domain.access import PERMISSIONS, Permission, Principal, Role
from vcci.edge.descriptions import described
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Administrator, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply
from vcci.services.activity_request import WRITABLE
from vcci.services.json_values import NO_BOOLEAN

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], route_class=StrictRoute)

MOST_DAYS: Final = 3_650
EXAMPLE: Final[dict[str, Any]] = {"name": "nightly import", "role": "editor", "expires_in_days": 90}


class KeyRequest(BaseModel):
    """A key that is to be made: what its role allows, or of that only the permissions that are named."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=WRITABLE)]
    role: Role
    permissions: Annotated[list[Permission], Field(max_length=10)] = []
    expires_in_days: Annotated[int | None, Field(ge=1, le=MOST_DAYS), NO_BOOLEAN] = None


class KeyAnswer(BaseModel):
    """A key, without its secret."""

    id: UUID
    name: str
    role: Role
    permissions: list[Permission] = Field(description="What it may do.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyAnswer(KeyAnswer):
    """A key that was just made; `key` is what its holder sends, and is shown this once."""

    key: str | None = Field(description="None in the answer to a request that was sent again.")


Asked = Annotated[KeyRequest, Body(examples=[EXAMPLE])]
Paged = Annotated[PageQuery, Depends(page_query(KEYS.orders))]


@router.get("", response_model=PageAnswer[KeyAnswer], responses=described(400))
async def list_keys(service: TheService, principal: Administrator, paged: Paged) -> Response:
    """Return a page of the tenant's keys, the newest first."""
    return await list_response(service, principal, paged, rows=KEYS, as_json=_as_json)


@router.post("", status_code=201, response_model=NewKeyAnswer, responses=described(409))
async def make_key(asked: Asked, service: TheService, principal: Administrator, write: TheWrite) -> Response:
    """Make a key, and show it this once; it may do no more than the key that it is made with."""
    _refuse_more(principal, asked)

    async def make(tx: Connection) -> Reply:
        life = None if asked.expires_in_days is None else timedelta(days=asked.expires_in_days)
        terms = KeyTerms(asked.name, asked.role, asked.permissions, life)
        key, stored = await mint_key(tx, principal.tenant_id, terms, pepper=service.pepper)
        told = _as_json(stored)
        return Reply(told | {"key": key.text()}, 201, kept=told | {"key": None})

    return await write.once(make)


@router.delete("/{key_id}", response_model=KeyAnswer, responses=described(409))
async def revoke(key_id: UUID, principal: Administrator, write: TheWrite) -> Response:
    """Revoke a key: within a second nobody answers to it. A key does not revoke itself."""
    if key_id == principal.key_id:
        raise ProblemError("conflict", "A key does not revoke itself: use another administrator's.")

    async def end(tx: Connection) -> Reply:
        await revoke_key(tx, principal.tenant_id, key_id)
        found = await key_by_id(tx, principal.tenant_id, key_id)
        if found is None:
            raise ProblemError("not_found")
        return Reply(_as_json(found))

    return await write.once(end)


def _refuse_more(principal: Principal, asked: KeyRequest) -> None:
    allowed = PERMISSIONS[asked.role]
    beyond = sorted(set(asked.permissions) - allowed)
    if beyond:
        told = f"The role {asked.role} does not allow {', '.join(beyond)}."
        raise ProblemError("request_invalid", told, pointer="/permissions")
    wanted = frozenset(asked.permissions) or allowed
    if not wanted <= principal.permissions:
        told = f"The key that asks may not {', '.join(sorted(wanted - principal.permissions))} itself."
        raise ProblemError("permission_missing", told)


def _as_json(key: StoredKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "role": key.role,
        "permissions": _permissions(key.role, key.permissions),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _permissions(role: str, narrowed_to: Sequence[str]) -> list[str]:
    allowed = PERMISSIONS[Role(role)]
    return sorted(allowed & {Permission(name) for name in narrowed_to} if narrowed_to else allowed)
