"""Keys of the API in PostgreSQL, each within its tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.table_lists import TableList
from vcci.domain.access import Permission, Role
from vcci.domain.api_keys import ApiKey, new_key
from vcci.services.paging import newest_first


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the database has it: everything but the secret."""

    id: UUID
    name: str
    role: str
    permissions: Sequence[str]
    secret_digest: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    user_id: UUID | None = None


COLUMNS: Final = "id, name, role, permissions, secret_digest, created_at, expires_at, revoked_at, user_id"

KEYS: Final = TableList(
    "vcci.api_keys", COLUMNS, lambda row: StoredKey(*row), {"id": newest_first("api_keys_pkey")}
)


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a key is for: its role, of that only some permissions if any are named, and how long it lives.

    One with `user_id` is that person's session.
    """

    name: str
    role: Role
    permissions: Sequence[Permission] = ()
    life: timedelta | None = None
    user_id: UUID | None = None


async def mint_key(
    tx: Connection, tenant_id: UUID, terms: KeyTerms, *, pepper: bytes
) -> tuple[ApiKey, StoredKey]:
    """Make a key and store all of it but its secret; role loader."""
    key, now = new_key(tenant_id, UUID(str(new_id()))), datetime.now(UTC)
    digest, expires_at = key.digest(pepper), None if terms.life is None else now + terms.life
    told = key.key_id, terms.name, terms.role, terms.permissions, digest
    stored = StoredKey(*told, now, expires_at, None, terms.user_id)
    await add_key(tx, tenant_id, stored)
    return key, stored


async def add_key(tx: Connection, tenant_id: UUID, key: StoredKey) -> None:
    """Store a key; role loader."""
    await tx.execute(
        "INSERT INTO vcci.api_keys (tenant_id, id, name, role, permissions, secret_digest, expires_at,"
        " user_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(tenant_id, key.id, key.name, key.role, list(key.permissions), key.secret_digest, key.expires_at),
        key.user_id,
    )


async def valid_key(tx: Connection, tenant_id: UUID, key_id: UUID) -> StoredKey | None:
    """Return a key that is neither revoked nor expired, by the database's clock."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 AND id = $2"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
        *(tenant_id, key_id),
    )
    return None if row is None else StoredKey(*row)


async def held_key(tx: Connection, tenant_id: UUID, key_id: UUID) -> StoredKey | None:
    """Return a valid key that nobody else uses up until this transaction ends; role loader."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 AND id = $2"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE",
        *(tenant_id, key_id),
    )
    return None if row is None else StoredKey(*row)


async def keys_of(tx: Connection, tenant_id: UUID) -> list[StoredKey]:
    """Return all of the tenant's keys, the newest first."""
    query = f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 ORDER BY id DESC"
    return [StoredKey(*row) for row in await tx.fetch(query, tenant_id)]


async def api_keys_of(tx: Connection, tenant_id: UUID, *, limit: int) -> list[StoredKey]:
    """Return the newest keys of a tenant that are nobody's session, revoked ones too."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 AND user_id IS NULL"
        " ORDER BY id DESC LIMIT $2",
        *(tenant_id, limit),
    )
    return [StoredKey(*row) for row in rows]


async def sessions_of(tx: Connection, tenant_id: UUID, user_id: UUID) -> list[StoredKey]:
    """Return the sessions of a person that are neither ended nor over, the newest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 AND user_id = $2"
        " AND revoked_at IS NULL AND expires_at > now() ORDER BY id DESC",
        *(tenant_id, user_id),
    )
    return [StoredKey(*row) for row in rows]


async def end_sessions(
    tx: Connection, tenant_id: UUID, user_id: UUID, *, only: UUID | None = None, but: UUID | None = None
) -> int:
    """End sessions of a person: only one of them, or all but one; returns how many ended; role loader."""
    rows = await tx.fetch(
        "UPDATE vcci.api_keys SET revoked_at = now() WHERE tenant_id = $1 AND user_id = $2"
        " AND revoked_at IS NULL AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4)"
        " RETURNING id",
        *(tenant_id, user_id, only, but),
    )
    return len(rows)


async def key_by_id(tx: Connection, tenant_id: UUID, key_id: UUID) -> StoredKey | None:
    """Return a key of the tenant, valid or not; None if there is none."""
    query = f"SELECT {COLUMNS} FROM vcci.api_keys WHERE tenant_id = $1 AND id = $2"
    row = await tx.fetchrow(query, tenant_id, key_id)
    return None if row is None else StoredKey(*row)


async def revoke_key(tx: Connection, tenant_id: UUID, key_id: UUID) -> bool:
    """Revoke a key; says whether there was one that was not revoked yet; role loader."""
    done = await tx.execute(
        "UPDATE vcci.api_keys SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
        *(tenant_id, key_id),
    )
    return str(done) == "UPDATE 1"
