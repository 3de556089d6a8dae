import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import polars as pl
import pytest
from tests.support.database import ROWS, calculated, factors_named, footprint, until, value, with_total
from tests.support.ledgers import ledger_row

from vcci.database.connections import connected
from vcci.database.run_store import CategorySum, run_store
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.errors import AccountingError, DatabaseError

SECURED = (
    "suppliers",
    "imports",
    "activities",
    "runs",
    "run_multipliers",
    "emissions",
    "unlined",
    "emission_rollups",
    "month_rollups",
    "key_rollups",
)


async def test_saved_run_reads_back_to_the_milligram(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(run)
        assert saved.created
        assert await store.total_mg_co2e(saved.run_id) == run.inventory.total_mg_co2e
        assert await store.by_category(saved.run_id) == [
            CategorySum(c.category, c.lines, c.emissions_mg_co2e) for c in run.inventory.categories
        ]
        (listed,) = await store.runs()
    assert (listed.run_id, listed.rows, listed.lines) == (saved.run_id, 6, 3)


async def test_saved_run_leaves_every_row_and_nothing_else(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    assert await footprint(url) == {
        "suppliers": 4, "imports": 1, "activities": 6, "factor_packs": 1, "factors": 1, "runs": 1,
        "run_multipliers": 2, "emissions": 3, "unlined": 3, "emission_rollups": 2, "month_rollups": 2,
        "key_rollups": 2, "partitions": 3,
    }  # fmt: skip


async def test_line_leads_back_to_its_row_supplier_and_multiplier(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    found = await value(
        url,
        "SELECT array_agg(concat_ws('|', a.line, a.quantity, s.source_key, s.name, m.factor_id,"
        " e.transaction_date) ORDER BY e.id) FROM vcci.emissions e JOIN vcci.runs r ON r.id = e.run_id"
        " JOIN vcci.activities a ON a.import_id = r.import_id AND a.row_number = e.row_number"
        " JOIN vcci.suppliers s ON s.id = e.supplier_id AND s.id = a.supplier_id"
        " JOIN vcci.run_multipliers m ON m.key = e.multiplier_key",
    )
    assert found == [
        "2|100|S1|Alpha|test/541511/purchaser|2022-03-01",
        "3|-40|S1|Alpha|test/541511/purchaser|2022-03-04",
        "4|7.5|Beta|Beta|test/541511/purchaser|2022-03-01",
    ]


async def test_tonnes_are_exact_however_large_the_line(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run", [ledger_row(1, quantity="71234567890.123")]))
    mg = await value(url, "SELECT co2e_mg::text FROM vcci.emissions")
    tonnes = await value(url, "SELECT emissions_tco2e::text FROM vcci.emissions")
    assert tonnes.replace(".", "").lstrip("0") == mg
    assert len(tonnes.split(".")[1]) == 9


async def test_same_run_again_is_the_run_that_is_there(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    async with run_store(url, tenant="acme") as store:
        first, before = await store.save(run), await footprint(url)
        again = await store.save(run)
    assert (again.run_id, again.created) == (first.run_id, False)
    assert await footprint(url) == before


async def test_two_saves_of_one_run_at_once_give_one_run(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")

    async def save() -> tuple[UUID, bool]:
        async with run_store(url, tenant="acme") as store:
            saved = await store.save(run)
            return saved.run_id, saved.created

    saved = await asyncio.gather(*(save() for _ in range(4)))
    assert len({run_id for run_id, _ in saved}) == 1
    assert sorted(created for _, created in saved) == [False, False, False, True]
    assert (await footprint(url))["partitions"] == 3


async def test_two_runs_of_one_import_share_its_rows(url: str, tmp_path: Path) -> None:
    first = calculated(tmp_path / "one", digest="run-1")
    second = replace(calculated(tmp_path / "two", digest="run-2"), import_digest=first.import_digest)
    async with run_store(url, tenant="acme") as store:
        await store.save(first)
        await store.save(second)
    left = await footprint(url)
    assert (left["runs"], left["imports"], left["activities"], left["emissions"]) == (2, 1, 6, 6)


async def test_total_that_differs_from_the_lines_is_refused_and_leaves_nothing(
    url: str, tmp_path: Path
) -> None:
    run, before = calculated(tmp_path / "run"), await footprint(url)
    async with run_store(url, tenant="acme") as store:
        with pytest.raises(AccountingError, match="mg CO2e of the rollups are"):
            await store.save(with_total(run, run.inventory.total_mg_co2e + 1))
    assert await footprint(url) == before


async def test_line_without_its_multiplier_is_refused_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    run, before = calculated(tmp_path / "run"), await footprint(url)
    table = pl.read_parquet(run.folder / "multipliers.parquet")
    table.with_columns(key=pl.col("key") + 100).write_parquet(run.folder / "multipliers.parquet")
    async with run_store(url, tenant="acme") as store:
        with pytest.raises(AccountingError, match="lines without their multiplier are 3, should be 0"):
            await store.save(run)
    assert await footprint(url) == before


async def test_row_that_is_there_twice_is_refused_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    run, before = calculated(tmp_path / "run"), await footprint(url)
    rows = pl.read_parquet(run.folder / "activities.parquet")
    pl.concat([rows, rows.head(1)]).write_parquet(run.folder / "activities.parquet")
    with pytest.raises(DatabaseError, match="could not create unique index") as refused:
        async with run_store(url, tenant="acme") as store:
            await store.save(run)
    assert refused.value.code == "database_refused"
    assert await footprint(url) == before


async def test_save_that_is_cancelled_leaves_nothing(url: str, tmp_path: Path) -> None:
    run, before = calculated(tmp_path / "run"), await footprint(url)
    holder = await asyncpg.connect(url)
    await holder.execute("BEGIN; LOCK vcci.emission_rollups")
    async with run_store(url, tenant="acme") as store:
        saving = asyncio.create_task(store.save(run))
        await until(url, "SELECT count(*) FROM pg_locks WHERE NOT granted")
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
    await holder.close()
    assert await footprint(url) == before


async def test_connection_that_breaks_in_the_middle_of_a_save_leaves_nothing(
    url: str, tmp_path: Path
) -> None:
    run, before = calculated(tmp_path / "run"), await footprint(url)
    holder = await asyncpg.connect(url)
    await holder.execute("BEGIN; LOCK vcci.emission_rollups")

    async def save() -> None:
        async with run_store(url, tenant="acme") as store:
            await store.save(run)

    saving = asyncio.create_task(save())
    await until(url, "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted")
    with pytest.raises(DatabaseError) as refused:
        await saving
    await holder.close()
    assert refused.value.code == "database_away"
    assert await footprint(url) == before


async def test_tenants_never_see_each_other(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    async with run_store(url, tenant="acme") as acme, run_store(url, tenant="globex") as globex:
        saved = await acme.save(run)
        assert await globex.runs() == []
        assert await globex.total_mg_co2e(saved.run_id) is None
        assert await globex.by_category(saved.run_id) == []
        other = await globex.save(run)
        assert other.created
        assert other.run_id != saved.run_id
        assert [stored.run_id for stored in await globex.runs()] == [other.run_id]


@pytest.mark.parametrize("role", list(Role))
async def test_no_table_shows_rows_of_another_tenant_or_without_a_tenant(
    url: str, tmp_path: Path, role: Role
) -> None:
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    async with connected(url) as connection:
        other = await ensure_tenant(connection, "globex")
        for tenant in (other, None):
            async with tenant_transaction(connection, tenant_id=tenant, role=role) as tx:
                for table in SECURED:
                    assert await tx.fetchval(f"SELECT count(*) FROM vcci.{table}") == 0


async def test_app_cannot_enter_a_partition_even_of_its_own_tenant(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
        for table in (f"emissions_{saved.run_id.hex}", f"unlined_{saved.run_id.hex}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tenant_transaction(store.connection, tenant_id=store.tenant_id) as tx:
                    await tx.fetchval(f"SELECT count(*) FROM vcci_runs.{table}")


async def test_row_security_holds_for_the_loader_on_its_own_partition(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
        async with tenant_transaction(store.connection, tenant_id=store.tenant_id, role=Role.LOADER) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM vcci_runs.emissions_{saved.run_id.hex}") == 0


async def test_texts_that_postgresql_cannot_hold_are_marked_not_fatal(url: str, tmp_path: Path) -> None:
    rows = [ledger_row(1, description="nul \0 here", supplier="N\0L", supplier_id="x" * 5000)]
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run", rows))
    assert await value(url, "SELECT description FROM vcci.activities") == "nul \ufffd here"
    assert await value(url, "SELECT name FROM vcci.suppliers") == "N\ufffdL"


async def test_supplier_that_was_renamed_keeps_its_id(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        for digest, name in (("run-1", "Alpha"), ("run-2", "Alpha Ltd")):
            rows = [ledger_row(1, supplier_id="S1", supplier=name)]
            await store.save(calculated(tmp_path / digest, rows, digest=digest))
    assert await value(url, "SELECT array_agg(name) FROM vcci.suppliers") == ["Alpha Ltd"]


async def test_factors_of_a_pack_are_loaded_once_for_all_tenants(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    run = replace(run, packs=[(run.packs[0][0], factors_named(3))])
    for tenant in ("acme", "globex"):
        async with run_store(url, tenant=tenant) as store:
            await store.save(run)
    assert await value(url, "SELECT array_agg(factor_id || ' ' || value_kg_co2e) FROM vcci.factors") == [
        f"test/{number} 0.125" for number in range(3)
    ]


async def test_run_without_a_single_line_is_stored_too(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run", [ROWS[3]]))
        assert await store.total_mg_co2e(saved.run_id) == 0


async def test_pages_of_a_run_come_by_its_primary_key_alone(url: str, tmp_path: Path) -> None:
    rows = [ledger_row(number) for number in range(1, 3001)]
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run", rows))
    page = (
        f"EXPLAIN SELECT * FROM vcci.emissions WHERE tenant_id = '{store.tenant_id}'"
        f" AND run_id = '{saved.run_id}' ORDER BY id LIMIT 100"
    )
    async with connected(url) as connection:
        plan = "\n".join(row[0] for row in await connection.fetch(page))
    assert f"emissions_{saved.run_id.hex}_pkey" in plan
    assert "Sort" not in plan
