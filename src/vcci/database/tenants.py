"""Tenants: the one place that sets which tenant a transaction works for, and the check that nothing leaks.

Row security shows and takes only rows of the tenant that is set; with none set it shows nothing. Role and
tenant hold for the transaction only, so a pooled connection carries neither to its next user.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from vcci.concurrency.deadline import current_deadline, passed
from vcci.database.connections import BROKEN, Connection
from vcci.database.ids import new_id
from vcci.database.leak_checks import CHECKS
from vcci.database.roles import APP, LOADER

ALLOWED_DEFINERS: Final[tuple[str, ...]] = ()
"""SECURITY DEFINER functions that may exist, as schema.name(arguments). None so far."""


LONGEST_SECONDS: Final = 86_400.0
MARGIN_SECONDS: Final = 0.05
"""PostgreSQL's clock and ours do not end a deadline at the same moment."""


class Role(StrEnum):
    """Whose rights a transaction has."""

    APP = APP
    LOADER = LOADER


@asynccontextmanager
async def tenant_transaction(
    connection: Connection, *, tenant_id: UUID | None, role: Role = Role.APP
) -> AsyncIterator[Connection]:
    """Open a transaction for one tenant, with the rights of a role; with no tenant it sees no rows.

    It is begun and set in one round trip. Statements end at the deadline of the work, which PostgreSQL is
    told; raises `DeadlineError` then.
    """
    await begin(connection, tenant_id, role)
    try:
        yield connection
        await connection.execute("COMMIT")
    except BaseException as error:
        await roll_back(connection, error)
        raise


async def begin(connection: Connection, tenant_id: UUID | None, role: Role) -> None:
    """Begin a tenant's transaction; whoever does ends it, and sees `tenant_transaction` for how."""
    await connection.execute(f"BEGIN; {settings_of(tenant_id, role)}")


async def roll_back(connection: Connection, error: BaseException) -> None:
    """Roll back for an error, which a broken connection never hides.

    Raises `DeadlineError` where PostgreSQL has ended the statement at the deadline of the work.
    """
    with suppress(*BROKEN):
        await connection.execute("ROLLBACK")
    if isinstance(error, asyncpg.QueryCanceledError):
        deadline = current_deadline()
        if deadline is not None and deadline.remaining_s <= MARGIN_SECONDS:
            raise passed() from None


def settings_of(tenant_id: UUID | None, role: Role) -> str:
    """Return the SQL that gives a transaction its tenant, its rights and its deadline, until it ends."""
    if not isinstance(tenant_id, UUID | None):  # nothing but a UUID gets into the statement
        raise TypeError(f"a tenant is named by a UUID, not by a {type(tenant_id).__name__}")
    tenant = tenant_id or ""
    settings = f"SET LOCAL ROLE {role.value}; SET LOCAL vcci.tenant_id = '{tenant}'"
    deadline = current_deadline()
    if deadline is None:
        return settings
    most_ms = math.ceil(deadline.or_sooner(LONGEST_SECONDS) * 1000)
    return f"{settings}; SET LOCAL statement_timeout = {most_ms}"


async def ensure_tenant(connection: Connection, slug: str) -> UUID:
    """Return the tenant of a short name, made if it is not there."""
    async with tenant_transaction(connection, tenant_id=None, role=Role.LOADER) as tx:
        await tx.execute(
            "INSERT INTO vcci.tenants (id, slug, name) VALUES ($1, $2, $2) ON CONFLICT (slug) DO NOTHING",
            new_id(),
            slug,
        )
        found: UUID = await tx.fetchval("SELECT id FROM vcci.tenants WHERE slug = $1", slug)
    return found


async def tenant_slug(tx: Connection, tenant_id: UUID) -> str:
    """Return the short name of a tenant."""
    found: str = await tx.fetchval("SELECT slug FROM vcci.tenants WHERE id = $1", tenant_id)
    return found


async def tenant_named(tx: Connection, slug: str) -> UUID | None:
    """Return the tenant of a short name, None if there is none; role loader."""
    found: UUID | None = await tx.fetchval("SELECT id FROM vcci.tenants WHERE slug = $1", slug)
    return found


async def tenant_ids(tx: Connection) -> list[UUID]:
    """Return all tenants."""
    return [row["id"] for row in await tx.fetch("SELECT id FROM vcci.tenants ORDER BY id")]


async def leaks(connection: Connection) -> list[str]:
    """Return every object by which rows could reach another tenant; empty when all is well."""
    found = []
    for what, sql in CHECKS.items():
        arguments = [list(ALLOWED_DEFINERS)] if "$1" in sql else []
        found += [f"{what}: {row['name']}" for row in await connection.fetch(sql, *arguments)]
    return sorted(found)
