"""Keys of the API: made for a role, shown once, and revoked."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, Field

from vcci.database.api_keys import KEYS, KeyTerms, key_by_id, mint_key, revoke_key
from vcci.database.connections import Connection
from vcci.domain.access import Permission, Role
from vcci.edge.descriptions import described
from vcci.edge.key_writes import KeyRequest, key_as_json, refuse_more
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Administrator, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], route_class=StrictRoute)

EXAMPLE: Final[dict[str, Any]] = {"name": "nightly import", "role": "editor", "expires_in_days": 90}


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
    return await list_response(service, principal, paged, rows=KEYS, as_json=key_as_json)


@router.post("", status_code=201, response_model=NewKeyAnswer, responses=described(409))
async def make_key(asked: Asked, service: TheService, principal: Administrator, write: TheWrite) -> Response:
    """Make a key, and show it this once; it may do no more than the key that it is made with."""
    refuse_more(principal, asked)

    async def make(tx: Connection) -> Reply:
        life = None if asked.expires_in_days is None else timedelta(days=asked.expires_in_days)
        terms = KeyTerms(asked.name, asked.role, asked.permissions, life)
        key, stored = await mint_key(tx, principal.tenant_id, terms, pepper=service.pepper)
        told = key_as_json(stored)
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
        return Reply(key_as_json(found))

    return await write.once(end)
