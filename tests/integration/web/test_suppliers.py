"""The league table of suppliers: ranked, filtered, paged, exact; and merging two that are one."""

import csv
import io
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import Api, Browser
from tests.support.database import calculated, execute, value
from tests.support.ledgers import ledger_row
from tests.support.shown_tables import Page

from vcci.database.connections import connected
from vcci.database.roles import MIGRATOR
from vcci.database.run_store import run_store
from vcci.database.supplier_rollups import add_supplier_rollups_without_lines
from vcci.database.tenants import Role as TenantRole
from vcci.database.tenants import ensure_tenant, tenant_transaction
from vcci.domain.access import Role

MG_PER_USD = 125_000
MIGRATION = "vcci.database.migrations.versions.0014_supplier_rollups"
BOUGHT = {
    "category": 1, "method": "supplier-specific", "inputs": {"quantity": "12.5 kg"}, "date": "2024-05-06",
    "supplier_name": "Booked works",
    "factors": {"product": {"value": "2", "unit": "kg", "source": "a supplier"}},
}  # fmt: skip

KEPT = """
    WITH line AS (
        SELECT e.scope3_category, e.supplier_id, m.method, e.co2e_mg, e.multiplier_key,
            num_nonnulls(m.dq_technology, m.dq_time, m.dq_geography, m.dq_completeness, m.dq_reliability)
                AS n,
            coalesce(m.dq_technology, 0) + coalesce(m.dq_time, 0) + coalesce(m.dq_geography, 0)
                + coalesce(m.dq_completeness, 0) + coalesce(m.dq_reliability, 0) AS points
        FROM vcci.emissions e JOIN vcci.run_multipliers m
            ON m.tenant_id = e.tenant_id AND m.run_id = e.run_id AND m.key = e.multiplier_key
    ), keyed AS (
        SELECT scope3_category, supplier_id, method, n, points, count(*) AS lines, sum(co2e_mg) AS mg
        FROM line GROUP BY 1, 2, 3, 4, 5, multiplier_key
    ), sums AS (
        SELECT scope3_category, supplier_id, method, sum(lines), sum(mg), sum(abs(mg) * n),
            sum(abs(mg) * points) FROM keyed GROUP BY 1, 2, 3
    ), kept AS (
        SELECT scope3_category, supplier_id, method, lines, co2e_mg, quality_mg, quality_points_mg
        FROM vcci.supplier_rollups
    )
    SELECT (SELECT count(*) FROM (TABLE sums EXCEPT TABLE kept) a)
        + (SELECT count(*) FROM (TABLE kept EXCEPT TABLE sums) b)
"""
"""How many sums by supplier differ from those of the lines."""


def ledger(suppliers: int) -> list[dict[str, Any]]:
    """Two lines of each supplier, the later ones larger, and one that names none."""
    days = ("2022-03-01", "2022-03-04")
    rows = [
        ledger_row(row, supplier=f"Works {n:03}", quantity=f"{n}", date=days[row % 2], category=1 + n % 2)
        for n in range(1, suppliers + 1)
        for row in (2 * n, 2 * n + 1)
    ]
    return [ledger_row(1, supplier="", quantity="1000"), *rows]


async def saved(api: Api, folder: Path, rows: list[dict[str, Any]], tenant: str = "local") -> str:
    async with run_store(api.service.pool.url, tenant=tenant) as store:
        return str((await store.save(calculated(folder, rows, digest=folder.name))).run_id)


async def league(browser: Browser, **query: Any) -> dict[str, Any]:
    answer = await browser.get("/suppliers.json", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_paging_shows_each_supplier_once_and_each_page_adds_up(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", ledger(120))
    async with api.browser(await api.key()) as browser:
        path, ranks, pages = "/suppliers", [], 0
        while path:
            page = Page((await browser.get(path)).text)
            rows, (*others, total) = page.rows("Suppliers"), page.foot("Suppliers")
            assert sum(row.mg for row in (*rows, *others)) == total.mg
            ranks += [int(row.cells[1]) for row in rows]
            path, pages = page.rel.get("next", ""), pages + 1
    assert (ranks, pages) == (list(range(1, 121)), 3)
    assert total.mg == (1000 + 2 * sum(range(1, 121))) * MG_PER_USD


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({}, "Works 060"),
        ({"direction": "asc"}, "Works 001"),
        ({"sort": "name"}, "Works 001"),
        ({"sort": "name", "direction": "desc"}, "Works 060"),
        ({"sort": "lines", "category": 1}, None),
        ({"sort": "share", "category": 1}, "Works 060"),
        ({"sort": "share", "category": 2}, "Works 059"),
        ({"sort": "quality"}, None),
        ({"name": "S 01", "sort": "emissions"}, "Works 019"),
        ({"name": "works 07"}, ""),
        ({"rows": 7, "page": 9}, "Works 004"),
        ({"page": 3}, ""),
    ],
)
async def test_table_is_sorted_and_filtered_and_adds_up(
    api: Api, tmp_path: Path, query: dict[str, Any], first: str | None
) -> None:
    await saved(api, tmp_path / "run", ledger(60))
    async with api.browser(await api.key()) as browser:
        found = await league(browser, **query)
        text = (await browser.get("/suppliers.csv", params=query)).text
    names = [one["name"] for one in found["suppliers"]]
    parts = [*found["suppliers"], found["other_suppliers"], found["without_supplier"]]
    assert first is None or (names or [""])[0] == first
    assert sum(one["emissions_mg_co2e"] for one in parts) == found["total"]["emissions_mg_co2e"]
    assert sum(one["lines"] for one in parts) == found["total"]["lines"]
    table = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["emissions_mg_co2e"]) for row in table) == found["total"]["emissions_mg_co2e"]


async def test_page_shows_share_quality_primary_data_and_trend(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", [ledger_row(1, supplier="Works", quantity="100", date="2022-03-01")])
    key = await api.key()
    async with api.client(key) as client:
        booked = await client.post("/api/v1/emissions", json=BOUGHT)
        assert booked.status_code == 201, booked.text
    async with api.browser(key) as browser:
        found = {one["name"]: one for one in (await league(browser))["suppliers"]}
        text = (await browser.get("/suppliers")).text
    assert [found[name]["share_percent"] for name in ("Booked works", "Works")] == ["66.7", "33.3"]
    assert found["Booked works"]["primary_data_kg_co2e"] == "25.000000"
    assert found["Works"]["primary_data_kg_co2e"] == "0.000000"
    trend = found["Works"]["trend_mg_co2e"]
    assert (len(trend), trend["2022-03"], trend["2024-05"]) == (27, 12_500_000, 0)
    assert "Works, emissions from 2022-03 to 2024-05" in text


async def test_what_was_not_kept_of_a_run_without_its_lines_is_said_to_be_unknown(
    api: Api, tmp_path: Path
) -> None:
    await saved(api, tmp_path / "run", ledger(3))
    async with connected(api.service.pool.url) as connection:
        tenant_id = await ensure_tenant(connection, "local")
        async with tenant_transaction(connection, tenant_id=tenant_id, role=TenantRole.LOADER) as tx:
            run_id = await tx.fetchval("DELETE FROM vcci.supplier_rollups RETURNING run_id")
            await add_supplier_rollups_without_lines(tx, tenant_id, run_id)
    key = await api.key()
    async with api.client(key) as client:
        await client.post("/api/v1/emissions", json=BOUGHT | {"supplier_name": "Works 001"})
        await client.post("/api/v1/emissions", json=BOUGHT)
    async with api.browser(key) as browser:
        found = {one["name"]: one for one in (await league(browser, sort="primary"))["suppliers"]}
        rows = Page((await browser.get("/suppliers")).text).rows("Suppliers")
        one = (await browser.get(f"/suppliers/{found['Works 001']['id']}")).text
    assert list(found) == ["Booked works", "Works 001", "Works 003", "Works 002"]
    kept = [(one["primary_data_kg_co2e"], one["quality_score"]) for one in found.values()]
    assert kept == [("25.000000", None), *[(None, None)] * 3]
    shown = {row.cells[2].strip(): (row.cells[-3].strip(), row.cells[-2].strip()) for row in rows}
    assert shown["Booked works"] == ("–", "100.0%")
    assert {shown[name] for name in found if name != "Booked works"} == {("not known", "not known")}
    assert one.count("not known") == 3
    assert ">0.0%" not in one


async def test_sums_by_supplier_stay_those_of_the_lines(api: Api, tmp_path: Path) -> None:
    url = api.service.pool.url
    await saved(api, tmp_path / "run", ledger(9))
    async with api.client(await api.key()) as client:
        made = (await client.post("/api/v1/emissions", json=BOUGHT)).json()
        await client.post("/api/v1/emissions", json=BOUGHT | {"inputs": {"quantity": "3 kg"}})
        assert await value(url, KEPT) == 0
        line = f"/api/v1/emissions/{made['lines'][0]['id']}"
        other = BOUGHT | {"inputs": {"quantity": "7 kg"}, "supplier_name": "Other works", "category": 2}
        corrected = await client.put(line, json=other, headers={"If-Match": "*"})
    assert corrected.status_code == 200, corrected.text
    assert await value(url, KEPT) == 0
    assert await value(url, "SELECT count(*) FROM vcci.supplier_rollups WHERE lines = 0") == 0


async def test_migration_makes_the_sums_of_runs_from_before(api: Api, tmp_path: Path) -> None:
    url = api.service.pool.url
    await saved(api, tmp_path / "run", ledger(9))
    statements = import_module(MIGRATION).STATEMENTS
    await execute(url, "DROP TABLE vcci.supplier_rollups")
    await execute(url, f"SET ROLE {MIGRATOR}; {'; '.join(statements)}")
    assert await value(url, KEPT) == 0
    assert await value(url, "SELECT sum(lines) FROM vcci.supplier_rollups") == 19


async def test_merge_is_chosen_confirmed_and_counted(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", ledger(5))
    async with api.browser(await api.key()) as browser:
        before = await league(browser)
        one, other = (before["suppliers"][place] for place in (1, 0))
        asked = (await browser.get("/suppliers/merge", params={"supplier": [one["id"], other["id"]]})).text
        assert all(name in asked for name in (one["name"], other["name"], "Which one stays?"))
        done = await browser.send_form(
            "/suppliers/merge", supplier=[one["id"], other["id"]], into=other["id"]
        )
        after = await league(browser)
        page = (await browser.get(f"/suppliers/{one['id']}.json")).json()
        lines = (await browser.get("/lines.json", params={"supplier": one["id"]})).json()
    assert (done.status_code, done.headers["location"]) == (303, f"/suppliers/{other['id']}")
    both = one["emissions_mg_co2e"] + other["emissions_mg_co2e"]
    first = after["suppliers"][0]
    assert (first["name"], first["emissions_mg_co2e"]) == (other["name"], both)
    assert (after["total"], after["suppliers_that_fit"]) == (before["total"], 4)
    assert (page["supplier"]["name"], page["total"]["emissions_mg_co2e"]) == (other["name"], both)
    assert sum(line["emissions_mg_co2e"] for line in lines["lines"]) == both
    assert page["merged"] == [{"id": one["id"], "name": one["name"]}]


async def test_other_supplier_of_a_merge_is_looked_up_by_name(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", ledger(5))
    async with api.browser(await api.key()) as browser:
        one = (await league(browser))["suppliers"][0]
        asked = {"supplier": one["id"], "name": "works 00"}
        text = (await browser.get("/suppliers/merge", params=asked)).text
    assert text.count("/suppliers/merge?supplier=") == 4
    assert "At least two are needed" in text


async def test_merge_is_refused_without_permission_token_or_second_supplier(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", ledger(3))
    async with api.browser(await api.key(role=Role.VIEWER)) as viewer, api.browser(await api.key()) as editor:
        one, other, _ = [row["id"] for row in (await league(viewer))["suppliers"]]
        told = {"supplier": [one, other], "into": other}
        by_viewer = await viewer.send_form("/suppliers/merge", **told)
        shown = await viewer.get("/suppliers/merge", params={"supplier": one})
        forged = await editor.send_form("/suppliers/merge", **(told | {"csrf": "0" * 64}))
        alone = await editor.send_form("/suppliers/merge", supplier=[one], into=one)
        text = (await viewer.get("/suppliers")).text
        after = await league(viewer)
    assert [answer.status_code for answer in (by_viewer, shown, forged, alone)] == [403, 403, 403, 409]
    assert ("Merge those chosen" in text, after["suppliers_that_fit"]) == (False, 3)


async def test_suppliers_of_another_tenant_are_neither_seen_nor_merged(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "theirs", ledger(2), tenant="theirs")
    await saved(api, tmp_path / "ours", ledger(1), tenant="ours")
    async with api.browser(await api.key("theirs")) as theirs, api.browser(await api.key("ours")) as ours:
        foreign = [one["id"] for one in (await league(theirs))["suppliers"]]
        own = (await league(ours))["suppliers"]
        merged = await ours.send_form("/suppliers/merge", supplier=foreign, into=own[0]["id"])
        taken = await ours.send_form("/suppliers/merge", supplier=[own[0]["id"]], into=foreign[0])
    assert [one["name"] for one in own] == ["Works 001"]
    assert [answer.status_code for answer in (merged, taken)] == [404, 404]


async def test_names_are_shown_and_never_obeyed(api: Api, tmp_path: Path) -> None:
    await saved(api, tmp_path / "run", [ledger_row(1, supplier="=2+3<script>\u202e")])
    async with api.browser(await api.key()) as browser:
        text = (await browser.get("/suppliers")).text
        table = (await browser.get("/suppliers.csv")).text
    assert "<script>\u202e" not in text
    assert r"=2+3&lt;script&gt;\u202e" in text
    assert "'=2+3<script>" in table


async def test_empty_inventory_says_so(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        text = (await browser.get("/suppliers")).text
    assert "The inventory has no line that names a supplier." in text
