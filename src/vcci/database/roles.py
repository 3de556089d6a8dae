"""The three roles, their schemas, and who may take them on.

migrator  owns the tables
loader    owns partitions and the partitioned tables that they are attached to; writes
app       owns nothing; reads

None can log in; the login user is a member and takes on a role for the length of a transaction.
"""

from typing import Final, LiteralString

import asyncpg

from vcci.database.connections import Connection
from vcci.errors import DatabaseError

MIGRATOR: Final = "vcci_migrator"
LOADER: Final = "vcci_loader"
APP: Final = "vcci_app"
ROLES: Final = (MIGRATOR, LOADER, APP)

ATTEMPTS = 8
"""Roles are shared by all databases of a server, and no lock spans databases: a lost race is tried again."""

MISSING_ROLES: LiteralString = """
    SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name)
"""
MISSING_MEMBERSHIPS: LiteralString = """
    SELECT role, member FROM unnest($1::text[], $2::text[]) wanted (role, member)
    WHERE NOT (pg_has_role(member, role, 'USAGE') AND pg_has_role(member, role, $3))
"""
"""Since PostgreSQL 16 a membership may allow neither use nor SET ROLE: who creates a role gets such a one."""

MISSING_SCHEMAS: LiteralString = """
    SELECT name FROM unnest($1::text[]) name WHERE to_regnamespace(name) IS NULL
"""
OWNER_OF: Final = {"vcci": MIGRATOR, "vcci_runs": LOADER}


def dba_sql(login: str, *, database: str) -> str:
    """Return what a superuser must run once where the login may not create roles."""
    return "\n".join(
        [
            *(f"CREATE ROLE {role} NOLOGIN;" for role in ROLES),
            *(f"GRANT {role} TO {member};" for role, member in _memberships(_quoted(login))),
            f"GRANT CREATE ON DATABASE {_quoted(database)} TO {_quoted(login)};",
        ]
    )


async def ensure_roles(connection: Connection) -> None:
    """Create what is missing of roles, memberships and schemas; nothing where nothing is missing."""
    login = await connection.fetchval("SELECT current_user")
    database = await connection.fetchval("SELECT current_database()")
    try:
        for attempt in range(ATTEMPTS):
            try:
                async with connection.transaction():
                    await _ensure(connection, login)
                return
            except (asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError, asyncpg.InternalServerError):
                if attempt == ATTEMPTS - 1:
                    raise
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseError(
            f"The login {login} may not set up VCCI's roles and schemas: {error.message}.",
            remedy=f"Let a superuser run this once, then try again:\n{dba_sql(login, database=database)}",
            code="database_rights_missing",
        ) from None


async def _ensure(connection: Connection, login: str) -> None:
    for row in await connection.fetch(MISSING_ROLES, list(ROLES)):
        await connection.execute(f"CREATE ROLE {row['name']} NOLOGIN")
    roles, members = (list(column) for column in zip(*_memberships(login), strict=True))
    taking = "SET" if connection.get_server_version().major >= 16 else "MEMBER"
    for row in await connection.fetch(MISSING_MEMBERSHIPS, roles, members, taking):
        await connection.execute(f"GRANT {row['role']} TO {_quoted(row['member'])}")
    for row in await connection.fetch(MISSING_SCHEMAS, list(OWNER_OF)):
        await connection.execute(f"CREATE SCHEMA {row['name']} AUTHORIZATION {OWNER_OF[row['name']]}")


def _memberships(login: str) -> list[tuple[str, str]]:
    """Return (role, member): the migrator alters what the loader owns; the login takes on each role."""
    return [(LOADER, MIGRATOR), *((role, login) for role in ROLES)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
