"""Sums by multiplier are those of the lines, however lines come into the books and out of them."""

import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from tests.support.api import Api
from tests.support.books import faults_in_books
from tests.support.database import calculated, execute, value
from tests.support.jobs import ended, uploaded
from tests.support.ledgers import ledger_row
from tests.support.lines import stored_run

from vcci.database import migrate
from vcci.database.run_save import RunSave
from vcci.database.run_store import run_store
from vcci.errors import AccountingError

KEPT = "SELECT array_agg(k::text ORDER BY k::text) FROM vcci.key_rollups k"
REPORT = "/api/v1/reporting/emissions"
MONEY = {
    "category": 1,
    "quantity": "-12.345",
    "unit": "GBP",
    "date": "2024-05-06",
    "factor": {"value": "2", "unit": "GBP", "source": "made up"},
}


async def test_import_leaves_lines_emissions_and_spend_by_multiplier_and_year(
    url: str, tmp_path: Path
) -> None:
    rows = [
        ledger_row(1, quantity="100", supplier="Alpha"),
        ledger_row(2, quantity="-40.25", supplier="Beta", date="2022-03-04"),
        ledger_row(3, quantity="7.5", category=2),
    ]
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run", rows))
    found = await value(
        url,
        "SELECT array_agg((scope3_category, year, lines, spend_hundredths, turnover_hundredths)::text"
        " ORDER BY 1) FROM vcci.key_rollups",
    )
    assert sorted(found) == ["(1,2022,2,5975,14025)", "(2,2022,1,750,750)"]
    assert await faults_in_books(url) == {}


async def test_entries_and_their_corrections_keep_them(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post("/api/v1/emissions", json=MONEY)
        assert made.status_code == 201, made.text
        columns = "year, lines, spend_hundredths, turnover_hundredths"
        sums = f"SELECT array_agg(({columns})::text) FROM vcci.key_rollups"
        assert await value(api.service.pool.url, sums) == ["(2024,1,-1234,1234)"]
        where, headers = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        undated = {**MONEY, "quantity": "50"} | {"date": ""}
        assert (await client.put(where, json=undated, headers=headers)).status_code == 200
    assert await value(api.service.pool.url, sums) == ["(,1,5000,5000)"]
    assert await faults_in_books(api.service.pool.url) == {}


async def test_recalculated_run_has_its_own(api: Api) -> None:
    ledger = b"Supplier,Expense type,Invoice date,Amount GBP\nAlpha,Software licences,2022-04-03,10\n"
    mapping = "accounts:\n  - {account: Software licences, commodity: '511210'}\nregion: GB\n"
    async with api.client(await api.key()) as client:
        await ended(client, await uploaded(client, ledger, mapping=mapping))
        asked = await client.post("/api/v1/recalculations", json={"price_basis": "basic"})
        for one in asked.json()["runs"]:
            assert (await ended(client, one))["state"] == "completed"
    runs = await value(api.service.pool.url, "SELECT count(DISTINCT run_id) FROM vcci.key_rollups")
    assert (runs, await faults_in_books(api.service.pool.url)) == (2, {})


async def test_run_whose_sums_by_multiplier_differ_from_its_lines_is_not_stored(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = RunSave.add_key_rollups

    async def add_too_much(self: RunSave, run_id: Any, folder: Any) -> None:
        await add(self, run_id, folder)
        await self.tx.execute("DELETE FROM vcci.key_rollups WHERE scope3_category = 2")

    monkeypatch.setattr(RunSave, "add_key_rollups", add_too_much)
    async with run_store(url, tenant="acme") as store:
        with pytest.raises(AccountingError, match="multipliers whose sums differ are 1, should be 0"):
            await store.save(calculated(tmp_path / "run"))
    assert await value(url, "SELECT count(*) FROM vcci.runs") == 0


async def test_migration_makes_the_sums_of_runs_that_are_there(api: Api, tmp_path: Path) -> None:
    url = api.service.pool.url
    async with run_store(url, tenant="acme") as store:
        await store.save(calculated(tmp_path / "run"))
    async with api.client(await api.key()) as client:
        await client.post("/api/v1/emissions", json=MONEY)
    before = await value(url, KEPT)
    await execute(url, "DROP TABLE vcci.key_rollups")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET ROLE vcci_migrator")
        for statement in migration().STATEMENTS:
            await connection.execute(statement)
    finally:
        await connection.close()
    assert (len(before), await value(url, KEPT)) == (3, before)
    assert await faults_in_books(url) == {}


def migration() -> ModuleType:
    path = Path(migrate.__file__).parent / "migrations" / "versions" / "0011_key_rollups.py"
    told = importlib.util.spec_from_file_location("key_rollups", path)
    assert told is not None
    assert told.loader is not None
    module = importlib.util.module_from_spec(told)
    told.loader.exec_module(module)
    return module


@pytest.mark.parametrize("group_by", [[], ["category"], ["region"], ["region", "category"]])
async def test_report_with_intervals_over_all_days_reads_no_line(api: Api, group_by: list[str]) -> None:
    url = api.service.pool.url
    await stored_run(url, [(date(2024, 5, 6), 1), (None, 4), (None, 0)])
    await execute(url, "UPDATE vcci.run_multipliers SET ln_sigma = 0.3")
    asked: dict[str, Any] = {"group_by": group_by, "with_interval": "true"}
    async with api.client(await api.key()) as client:
        of_lines = (await client.get(REPORT, params={**asked, "start_date": "2024-01-01"})).json()["total"]
        await execute(url, "UPDATE vcci.emissions SET co2e_mg = 0")
        report = (await client.get(REPORT, params=asked)).json()
    assert (report["total"]["lines"], report["total"]["emissions_mg_co2e"]) == (2, 2)
    low, high = map(float, report["total"]["interval_95_kg_co2e"])
    assert (of_lines["lines"], low < 2e-6 < high) == (1, True)
