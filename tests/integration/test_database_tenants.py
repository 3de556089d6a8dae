from pathlib import Path

import asyncpg
import pytest
from tests.support.database import calculated, execute, value

from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.run_store import run_store
from vcci.database.tenants import Role, ensure_tenant, leaks, tenant_transaction

ADD_SUPPLIER = "INSERT INTO vcci.suppliers (tenant_id, id, source_key, name) VALUES ($1, $2, 'S1', 'Alpha')"

PLANTED = {
    "CREATE TABLE vcci.extra (tenant_id uuid)": "table without forced row security: vcci.extra",
    "CREATE TABLE vcci_runs.loose (n int)": "table without forced row security: vcci_runs.loose",
    "ALTER TABLE vcci.runs NO FORCE ROW LEVEL SECURITY": "table without forced row security: vcci.runs",
    "CREATE POLICY every ON vcci.runs USING (true)": (
        "policy that does not ask for the tenant: every on vcci.runs"
    ),
    "CREATE POLICY add ON vcci.runs FOR INSERT WITH CHECK (true)": (
        "policy that does not ask for the tenant: add on vcci.runs"
    ),
    "CREATE VIEW vcci.seen AS TABLE vcci.runs": "view without security_invoker: vcci.seen",
    "CREATE VIEW vcci.off WITH (security_invoker = off) AS TABLE vcci.runs": (
        "view without security_invoker: vcci.off"
    ),
    "CREATE MATERIALIZED VIEW vcci.copy AS TABLE vcci.runs": "materialized view or foreign table: vcci.copy",
    "CREATE FUNCTION vcci.peek(n int) RETURNS int LANGUAGE sql SECURITY DEFINER RETURN n": (
        "function with its owner's rights: vcci.peek(n integer)"
    ),
    "CREATE TABLE owned (n int); ALTER TABLE owned OWNER TO vcci_app": "object that the app owns: owned",
}
"""A fault, and how it is named."""


async def found_in(url: str) -> list[str]:
    async with connected(url) as connection:
        return await leaks(connection)


async def test_migrated_database_with_runs_has_no_leak(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    assert await found_in(url) == []


@pytest.mark.parametrize("fault", PLANTED)
async def test_planted_leak_is_found(url: str, fault: str) -> None:
    await execute(url, fault)
    assert await found_in(url) == [PLANTED[fault]]


async def test_partition_that_the_app_may_read_is_found(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
    partition = f"vcci_runs.emissions_{saved.run_id.hex}"
    await execute(url, f"GRANT SELECT (co2e_mg) ON {partition} TO vcci_app")
    assert await found_in(url) == [f"partition that the app may read: {partition}"]


async def test_view_with_the_rights_of_who_asks_is_no_leak(url: str) -> None:
    await execute(url, "CREATE VIEW vcci.own WITH (security_invoker) AS SELECT * FROM vcci.runs")
    assert await found_in(url) == []


async def test_tenant_is_made_once_and_found_by_its_name(url: str) -> None:
    async with connected(url) as connection:
        acme, globex = await ensure_tenant(connection, "acme"), await ensure_tenant(connection, "globex")
        assert await ensure_tenant(connection, "acme") == acme != globex


async def test_app_sees_no_tenant_but_its_own(url: str) -> None:
    async with connected(url) as connection:
        acme, _ = await ensure_tenant(connection, "acme"), await ensure_tenant(connection, "globex")
        async with tenant_transaction(connection, tenant_id=acme) as tx:
            assert [row["slug"] for row in await tx.fetch("SELECT slug FROM vcci.tenants")] == ["acme"]


async def test_row_for_another_tenant_is_refused(url: str) -> None:
    async with connected(url) as connection:
        acme, globex = await ensure_tenant(connection, "acme"), await ensure_tenant(connection, "globex")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with tenant_transaction(connection, tenant_id=acme, role=Role.LOADER) as tx:
                await tx.execute(ADD_SUPPLIER, globex, new_id())


async def test_app_may_not_write(url: str) -> None:
    async with connected(url) as connection:
        acme = await ensure_tenant(connection, "acme")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            async with tenant_transaction(connection, tenant_id=acme) as tx:
                await tx.execute(ADD_SUPPLIER, acme, new_id())


@pytest.mark.parametrize("aborted", [False, True])
async def test_role_and_tenant_end_with_the_transaction(url: str, aborted: bool) -> None:
    async with connected(url) as connection:
        acme = await ensure_tenant(connection, "acme")
        try:
            async with tenant_transaction(connection, tenant_id=acme) as tx:
                assert await tx.fetchval("SELECT current_user") == "vcci_app"
                await tx.execute("SELECT 1 / $1::int", 0 if aborted else 1)
        except asyncpg.DivisionByZeroError:
            assert aborted
        assert await connection.fetchval("SELECT current_user") == "postgres"
        assert not await connection.fetchval("SELECT current_setting('vcci.tenant_id', true)")


async def test_superuser_bound_to_a_role_sees_only_the_tenant(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    assert await value(url, "SELECT count(*) FROM vcci.emissions") == 3
    async with run_store(url, tenant="globex") as other:
        bound = tenant_transaction(other.connection, tenant_id=other.tenant_id)
        async with bound as tx:
            assert await tx.fetchval("SELECT count(*) FROM vcci.emissions") == 0
