import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import create_mock_engine
from tests.support.database import execute, value

from vcci.database import embedded, schema
from vcci.database.connections import connected
from vcci.database.migrate import current_revision, migrate, newest_revision, upgrade_sql
from vcci.database.roles import ROLES, dba_sql
from vcci.database.tenants import ensure_tenant, leaks
from vcci.errors import DatabaseError

SHAPE = """
    SELECT array_agg(line ORDER BY line) FROM (
        SELECT format('%s.%s %s%s default %s generated %s', c.relname, a.attname,
            format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END,
            CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
            CASE WHEN a.attgenerated = 's' THEN pg_get_expr(d.adbin, d.adrelid) END) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'vcci'::regnamespace AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT format('%s: %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'vcci'::regnamespace
        UNION ALL
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'vcci'::regnamespace)
        UNION ALL
        SELECT format('%s by %s', partrelid::regclass, pg_get_partkeydef(partrelid)) FROM pg_partitioned_table
    ) shape WHERE line NOT LIKE '%alembic_version%'
"""
"""Columns, types, defaults, constraints, indexes and partition keys, as PostgreSQL prints them."""


def schema_sql() -> str:
    """The tables of schema.py as SQL text."""
    written: list[str] = []
    engine: Any = create_mock_engine(
        "postgresql://", lambda sql, *_, **__: written.append(str(sql.compile(dialect=engine.dialect)))
    )
    schema.metadata.create_all(engine, checkfirst=False)
    return ";".join(["CREATE SCHEMA vcci", *written])


async def test_migrations_make_exactly_the_tables_of_the_schema(url: str, empty_url: str) -> None:
    await execute(empty_url, schema_sql())
    migrated, written = await value(url, SHAPE), await value(empty_url, SHAPE)
    assert len(written) > 100
    assert migrated == written


async def test_migrating_returns_the_revision_and_is_done_once(empty_url: str) -> None:
    assert await migrate(empty_url) == newest_revision()
    assert await migrate(empty_url) == newest_revision()
    async with connected(empty_url) as connection:
        assert await current_revision(connection) == newest_revision()


async def test_several_may_migrate_one_database_at_once(empty_url: str) -> None:
    assert set(await asyncio.gather(*(migrate(empty_url) for _ in range(5)))) == {newest_revision()}
    assert await value(empty_url, "SELECT count(*) FROM vcci.alembic_version") == 1


async def test_migration_that_fails_leaves_nothing(empty_url: str) -> None:
    await execute(empty_url, "CREATE SCHEMA vcci; CREATE TABLE vcci.runs (other text)")
    with pytest.raises(DatabaseError):
        await migrate(empty_url)
    assert await value(empty_url, "SELECT to_regclass('vcci.tenants')") is None
    assert await value(empty_url, "SELECT to_regclass('vcci.alembic_version')") is None


async def test_schema_of_a_later_version_is_left_alone(url: str) -> None:
    await execute(url, "UPDATE vcci.alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="revision 9999") as refused:
        await migrate(url)
    assert refused.value.code == "schema_too_new"


async def test_nothing_is_left_to_run_at_the_newest_revision() -> None:
    assert "CREATE TABLE vcci.emissions" in upgrade_sql(None)
    assert upgrade_sql(newest_revision()).strip() == ""


async def test_roles_cannot_log_in_and_the_app_owns_nothing(url: str) -> None:
    powers = "SELECT count(*) FROM pg_roles WHERE rolname = ANY ($1) AND (rolcanlogin OR rolsuper)"
    assert await value(url, powers, list(ROLES)) == 0
    assert await value(url, "SELECT count(*) FROM pg_class WHERE relowner = 'vcci_app'::regrole") == 0


async def test_owner_of_a_database_who_may_create_roles_needs_no_dba(data_dir: Path) -> None:
    url = embedded.start(data_dir).url
    await execute(url, "CREATE ROLE builder LOGIN CREATEROLE; ALTER DATABASE vcci OWNER TO builder")
    as_builder = url.replace("postgres@", "builder@")
    assert await migrate(as_builder) == newest_revision()
    async with connected(as_builder) as connection:
        assert await leaks(connection) == []
        assert await ensure_tenant(connection, "acme") == await ensure_tenant(connection, "acme")


async def test_login_without_rights_is_told_what_the_dba_must_run(empty_url: str) -> None:
    await login(empty_url, "plain", "NOCREATEROLE")
    as_plain = empty_url.replace("postgres@", "plain@")
    with pytest.raises(DatabaseError) as refused:
        await migrate(as_plain)
    assert refused.value.code == "database_rights_missing"
    database = empty_url.partition("@/")[2].partition("?")[0]
    wanted = dba_sql("plain", database=database)
    assert wanted in refused.value.remedy
    for line in wanted.splitlines():
        try:
            await execute(empty_url, line)
        except asyncpg.DuplicateObjectError:
            assert line.startswith("CREATE ROLE")
    assert await migrate(as_plain) == newest_revision()


async def login(url: str, name: str, rights: str) -> None:
    await execute(url, f"DROP ROLE IF EXISTS {name}")
    await execute(url, f"CREATE ROLE {name} LOGIN {rights}")
