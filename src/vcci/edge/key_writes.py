"""Keys of the API: what may be asked for, what is told of one; its secret is in neither."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from vcci.database.api_keys import StoredKey
from vcci.domain.access import PERMISSIONS, Permission, Principal, Role
from vcci.edge.problems import ProblemError
from vcci.services.activity_request import WRITABLE
from vcci.services.json_values import NO_BOOLEAN

MOST_DAYS: Final = 3_650


class KeyRequest(BaseModel):
    """A key that is to be made: what its role allows, or of that only the permissions that are named."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=WRITABLE)]
    role: Role
    permissions: Annotated[list[Permission], Field(max_length=10)] = []
    expires_in_days: Annotated[int | None, Field(ge=1, le=MOST_DAYS), NO_BOOLEAN] = None


def refuse_more(principal: Principal, asked: KeyRequest) -> None:
    """Raise `ProblemError` for a key that may do more than its role, or than the one that asks for it."""
    allowed = PERMISSIONS[asked.role]
    beyond = sorted(set(asked.permissions) - allowed)
    if beyond:
        told = f"The role {asked.role} does not allow {', '.join(beyond)}."
        raise ProblemError("request_invalid", told, pointer="/permissions")
    wanted = frozenset(asked.permissions) or allowed
    if not wanted <= principal.permissions:
        told = f"The key that asks may not {', '.join(sorted(wanted - principal.permissions))} itself."
        raise ProblemError("permission_missing", told)


def key_as_json(key: StoredKey) -> dict[str, Any]:
    """Return a key in plain values, without its secret, as `KeyAnswer` of the API says."""
    return {
        "id": str(key.id),
        "name": key.name,
        "role": key.role,
        "permissions": permissions_of(key.role, key.permissions),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def permissions_of(role: str, narrowed_to: Sequence[str] = ()) -> list[str]:
    """Return what a role allows, of that only some permissions where any are named, by name."""
    allowed = PERMISSIONS[Role(role)]
    return sorted(allowed & {Permission(name) for name in narrowed_to} if narrowed_to else allowed)
