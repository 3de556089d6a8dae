"""People who sign in, each within a tenant. Passwords are nowhere but as hashes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.domain.access import Role
from vcci.errors import InputError


@dataclass(frozen=True, slots=True)
class User:
    """A person as anybody of the tenant may see it."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is compared when somebody signs in; `waits_s` is how long nobody is let in, after failures."""

    user: User
    password_hash: str
    failures: int
    waits_s: float


COLUMNS: Final = "id, name, role, created_at, disabled_at"

HELD: Final = f"""
    SELECT {COLUMNS}, password_hash, failures, CASE WHEN failures < $3 THEN 0 ELSE greatest(0,
        extract(epoch FROM failed_at - now()) + least($5, $4 * power(2, failures - $3)))::float8 END
        AS waits_s
    FROM vcci.users WHERE tenant_id = $1 AND name = $2 AND disabled_at IS NULL FOR UPDATE
"""
FREE_FAILURES: Final = 4
FIRST_WAIT_S: Final = 2.0
MOST_WAIT_S: Final = 900.0
"""After so many failures in a row each further one doubles the wait, up to a quarter of an hour."""


async def add_user(tx: Connection, tenant_id: UUID, *, name: str, role: Role, password_hash: str) -> UUID:
    """Add a person; raises `InputError` for a name that is taken; role loader."""
    user_id: UUID = new_id()
    try:
        await tx.execute(
            "INSERT INTO vcci.users (tenant_id, id, name, role, password_hash) VALUES ($1, $2, $3, $4, $5)",
            *(tenant_id, user_id, name, role, password_hash),
        )
    except asyncpg.UniqueViolationError:
        raise InputError(
            f"There is a user {name!r} already.",
            remedy="Choose another name, or give that user a new password.",
            code="user_exists",
        ) from None
    return user_id


async def users_of(tx: Connection, tenant_id: UUID) -> list[User]:
    """Return all people of a tenant, by name."""
    query = f"SELECT {COLUMNS} FROM vcci.users WHERE tenant_id = $1 ORDER BY name"
    return [_user(row) for row in await tx.fetch(query, tenant_id)]


async def held_user(tx: Connection, tenant_id: UUID, name: str) -> SignIn | None:
    """Return who may sign in by a name; nobody else signs in as them until this transaction ends; loader."""
    row = await tx.fetchrow(HELD, tenant_id, name, FREE_FAILURES, FIRST_WAIT_S, MOST_WAIT_S)
    if row is None:
        return None
    return SignIn(_user(row), row["password_hash"], row["failures"], row["waits_s"])


async def count_failure(tx: Connection, tenant_id: UUID, user_id: UUID, *, is_over: bool) -> None:
    """Count a wrong password, or forget all before a right one; role loader."""
    told = "failures = 0, failed_at = NULL" if is_over else "failures = failures + 1, failed_at = now()"
    await tx.execute(f"UPDATE vcci.users SET {told} WHERE tenant_id = $1 AND id = $2", tenant_id, user_id)


async def user_by_id(tx: Connection, tenant_id: UUID, user_id: UUID) -> User | None:
    """Return a person of a tenant; None if there is none."""
    query = f"SELECT {COLUMNS} FROM vcci.users WHERE tenant_id = $1 AND id = $2"
    row = await tx.fetchrow(query, tenant_id, user_id)
    return None if row is None else _user(row)


async def change_user(
    tx: Connection,
    tenant_id: UUID,
    name: str,
    *,
    password_hash: str = "",
    is_disabled: bool | None = None,
    role: Role | None = None,
) -> bool:
    """Give a person a new password or role, shut them out or let them in again; loader.

    Either way all their sessions end. Says whether there is such a person.
    """
    row = await tx.fetchrow(
        "UPDATE vcci.users SET password_hash = CASE WHEN $3 = '' THEN password_hash ELSE $3 END,"
        " disabled_at = CASE WHEN $4::boolean IS NULL THEN disabled_at WHEN $4 THEN now() END,"
        " role = coalesce($5, role), failures = 0, failed_at = NULL"
        " WHERE tenant_id = $1 AND name = $2 RETURNING id",
        *(tenant_id, name, password_hash, is_disabled, role),
    )
    if row is None:
        return False
    await tx.execute(
        "UPDATE vcci.api_keys SET revoked_at = now() WHERE tenant_id = $1 AND user_id = $2"
        " AND revoked_at IS NULL",
        *(tenant_id, row["id"]),
    )
    return True


def _user(row: asyncpg.Record) -> User:
    user_id, name, role, created_at, disabled_at = tuple(row)[:5]
    return User(user_id, name, Role(role), created_at, disabled_at)
