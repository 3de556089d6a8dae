from pathlib import Path
from uuid import UUID

import pytest
from tests.support.database import calculated, execute
from tests.support.ledgers import ledger_row

from vcci.database.connections import connected
from vcci.database.line_read import ROW, derivation_row
from vcci.database.run_store import RunStore, run_store
from vcci.database.tenants import tenant_transaction
from vcci.domain.derivation import Derivation
from vcci.errors import AccountingError
from vcci.services.derivations import derivation_of


async def derived(store: RunStore, run_id: UUID, row: int) -> Derivation | None:
    async with tenant_transaction(store.connection, tenant_id=store.tenant_id) as tx:
        found = await derivation_row(tx, store.tenant_id, run_id=run_id, row=row)
    return None if found is None else derivation_of(found, run_digest="run-1", packs=())


async def test_row_comes_with_supplier_multiplier_and_line(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
        told = await derived(store, saved.run_id, 2)
    assert told is not None
    assert told.read == {
        "source": "ledger.csv", "line": "3", "supplier_id": "S1", "supplier": "Alpha",
        "account": "Software", "date": "2022-03-04", "quantity": "-40", "unit": "USD", "region": "US",
    }  # fmt: skip
    assert told.classified["activity"] == "naics2017:541511"
    assert told.factor["id"] == "test/541511/purchaser"
    assert told.emissions_mg_co2e == -40 * 125_000


async def test_row_without_a_line_comes_with_its_reason(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
        told = [await derived(store, saved.run_id, row) for row in (4, 5, 6)]
    assert [one and one.reason for one in told] == ["tax", "factor_not_found", "date_missing"]


async def test_line_in_other_money_comes_out_again_from_its_stored_amount(url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run", [ledger_row(1, quantity="12.50", unit="GBP", supplier_id="S1")])
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(run)
        told = await derived(store, saved.run_id, 1)
    total = run.inventory.total_mg_co2e
    assert told is not None
    assert told.emissions_mg_co2e == total
    assert told.steps[-1].endswith(f"+ 0.5, floored = {total} mg CO2e")


async def test_other_tenant_and_unknown_rows_find_nothing(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as acme, run_store(url, tenant="globex") as globex:
        saved = await acme.save(calculated(tmp_path / "run"))
        assert await derived(globex, saved.run_id, 1) is None
        assert await derived(acme, saved.run_id, 7) is None
        async with tenant_transaction(globex.connection, tenant_id=globex.tenant_id) as tx:
            assert await derivation_row(tx, acme.tenant_id, run_id=saved.run_id, row=1) is None


async def test_line_that_was_changed_in_the_database_is_refused(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "run"))
        await execute(url, "UPDATE vcci.emissions SET co2e_mg = co2e_mg + 1 WHERE row_number = 1")
        with pytest.raises(AccountingError) as refused:
            await derived(store, saved.run_id, 1)
    assert refused.value.code == "line_does_not_recompute"


async def test_only_the_partitions_of_the_run_are_looked_at(url: str, tmp_path: Path) -> None:
    async with run_store(url, tenant="acme") as store:
        saved = await store.save(calculated(tmp_path / "one", digest="run-1"))
        await store.save(calculated(tmp_path / "two", digest="run-2"))
    async with connected(url) as connection:
        plan = await connection.fetch(f"EXPLAIN {ROW}", store.tenant_id, saved.run_id, 1)
    text = "\n".join(row[0] for row in plan)
    assert text.count("on emissions_") == text.count("on unlined_") == 1, text
