"""Report views over HTTP: the runs that are asked for, by three standards, as pages and as files."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import Api
from tests.support.database import ROWS, calculated
from tests.support.inventories import HOSTILE
from tests.support.ledgers import ledger_row
from tests.support.reports import csv_table, is_shown, parquet_table, pdf_text, sheet

from vcci.database.ids import new_id
from vcci.database.run_store import run_store
from vcci.domain.access import Role
from vcci.domain.display import exact_tonnes, inert
from vcci.reports.pdf import grouped
from vcci.reports.standards import STANDARDS
from vcci.runtime.reported_runs import reported_stored

FLIGHT = {
    "category": 6,
    "method": "distance-based",
    "factor": "desnz2025:25_315_3147_11_1",
    "inputs": {"distance": "120 km", "trips": 46},
}
FORMS = ("pdf", "xlsx", "zip", "parquet")


async def stored(
    api: Api,
    folder: Path,
    rows: list[dict[str, Any]] | None = None,
    *,
    digest: str = "run-1",
    tenant: str = "local",
) -> tuple[str, int]:
    """Store a calculated run, and return its id and its total."""
    run = calculated(folder / digest, rows, digest=digest)
    async with run_store(api.service.pool.url, tenant=tenant) as store:
        return str((await store.save(run)).run_id), run.inventory.total_mg_co2e


async def test_page_offers_every_standard_and_every_run(api: Api, tmp_path: Path) -> None:
    run_id, _ = await stored(api, tmp_path)
    async with api.browser(await api.key(role=Role.VIEWER)) as client:
        page = await client.get("/reports", params={"runs": run_id})
        told = (await client.get("/reports.json")).json()
        table = (await client.get("/reports.csv")).text
    assert page.status_code == 200
    assert [one["standard"] for one in told["standards"]] == list(STANDARDS)
    assert [one["id"] for one in told["runs"]] == [run_id]
    assert run_id in table
    assert f'value="{run_id}" id="run-{run_id}" checked' in page.text
    assert all(f'formaction="/reports/{slug}.pdf"' in page.text for slug in STANDARDS)


async def test_without_runs_the_page_says_what_to_do(api: Api) -> None:
    async with api.browser(await api.key()) as client:
        page = await client.get("/reports")
        report = await client.get("/reports/ghg-protocol")
    assert "There is no run yet." in page.text
    assert (report.status_code, "There is no run to report." in report.text) == (422, True)


@pytest.mark.parametrize("slug", STANDARDS)
async def test_view_has_all_categories_and_says_what_is_missing(api: Api, tmp_path: Path, slug: str) -> None:
    _, total = await stored(api, tmp_path)
    async with api.browser(await api.key(role=Role.VIEWER)) as client:
        page = (await client.get(f"/reports/{slug}")).text
        told = (await client.get(f"/reports/{slug}.json")).json()
        table = (await client.get(f"/reports/{slug}.csv")).text
    (categories,) = [one for one in told["sections"] if one["key"] == "categories"]
    assert len(categories["rows"]) == 15
    assert sum(row["figure_mg"] or 0 for row in categories["rows"]) == told["total_mg_co2e"] == total
    assert grouped(total) in page
    assert page.count("not available</span>") >= told["not_available"] > 0
    assert len(table.splitlines()) == 1 + sum(len(one["rows"]) for one in told["sections"])
    assert len(re.findall("<h1", page)) == 1
    assert not re.search(r"<style|<script>| style=", page)


async def test_stored_run_tells_its_methods_and_sources_by_category(api: Api, tmp_path: Path) -> None:
    _, total = await stored(api, tmp_path)
    async with api.browser(await api.key()) as client:
        told = (await client.get("/reports/ghg-protocol.json")).json()
    by_key = {one["key"]: one["rows"] for one in told["sections"]}
    assert by_key["methods"][0]["told"].startswith("spend-based, test-pack, AR5: ")
    assert by_key["primary"][0]["told"] == "0.0%"
    assert by_key["primary"][0]["figure_mg"] == 0 != total


async def test_data_quality_by_category_is_in_every_view_and_in_its_files(api: Api, tmp_path: Path) -> None:
    run_id, _ = await stored(api, tmp_path)
    runs = {"runs": run_id}
    async with api.browser(await api.key(role=Role.VIEWER)) as client:
        overview = (await client.get("/overview.json", params=runs)).json()
        kept = {one["category"]: one["quality"] for one in overview["categories"]}
        for slug in STANDARDS:
            told = (await client.get(f"/reports/{slug}.json", params=runs)).json()
            (part,) = [one for one in told["sections"] if one["key"] == "quality"]
            rows = [one for one in part["rows"] if one["asked"].startswith("1. ")]
            scores = [one for one in kept[1] if one["score_hundredths"] is not None]
            for score in scores:
                assert f"{score['indicator']} {score['score_hundredths'] / 100:.2f}" in rows[0]["told"]
            assert bool(scores) is not bool(rows[0]["not_available"])
            archive = await client.get(f"/reports/{slug}.zip", params=runs)
            table = csv_table(archive.content, "report")
            assert rows[0]["asked"] in {one["asked"] for one in table if one["section"] == part["title"]}


async def test_files_have_the_same_total_to_the_milligram(api: Api, tmp_path: Path) -> None:
    _, total = await stored(api, tmp_path)
    async with api.browser(await api.key(role=Role.VIEWER)) as client:
        answers = {form: await client.get(f"/reports/ghg-protocol.{form}") for form in FORMS}
    made = {form: answer.content for form, answer in answers.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert all("attachment" in answer.headers["content-disposition"] for answer in answers.values())
    rows = sheet(made["xlsx"], "Suppliers")
    assert sum(row["emissions_mg_co2e"] for row in rows) == total
    assert sum(row["emissions_mg_co2e"] for row in parquet_table(made["parquet"], "suppliers")) == total
    (line,) = [row for row in csv_table(made["zip"], "summary") if row["what"] == "Total, Scope 3"]
    assert line["emissions_tco2e"] == exact_tonnes(total)
    assert f"{grouped(total)} t CO2e" in pdf_text(made["pdf"])


@pytest.mark.parametrize("form", FORMS)
async def test_the_same_runs_give_the_same_bytes(api: Api, tmp_path: Path, form: str) -> None:
    await stored(api, tmp_path)
    async with api.browser(await api.key()) as client:
        one, other = [(await client.get(f"/reports/ifrs-s2.{form}")).content for _ in range(2)]
    assert one == other


async def test_hostile_names_are_plain_texts_on_the_page_and_in_files(api: Api, tmp_path: Path) -> None:
    names = [*(name for name in HOSTILE if "\0" not in name), "#panic[] *b* $x$ @a <l>"]
    await stored(
        api, tmp_path, [ledger_row(n, supplier=name, account=name) for n, name in enumerate(names, 1)]
    )
    async with api.browser(await api.key()) as client:
        page = (await client.get("/reports/ghg-protocol")).text
        made = {form: (await client.get(f"/reports/ghg-protocol.{form}")).content for form in FORMS}
    assert "<img" not in page
    assert {inert(name) for name in names} == {row["supplier"] for row in csv_table(made["zip"], "suppliers")}
    assert set(names) == {row["name"] for row in parquet_table(made["parquet"], "suppliers")}
    text = pdf_text(made["pdf"])
    assert [name for name in names if not is_shown(name, text)] == []


async def test_suppliers_that_were_merged_stand_in_files_under_the_name_of_the_one_that_stays(
    api: Api, tmp_path: Path
) -> None:
    rows = [
        ledger_row(1, supplier="Alpha", quantity="100"),
        ledger_row(2, supplier="Old name", supplier_id="S2", quantity="30"),
        ledger_row(3, supplier="Beta", quantity="7"),
        ledger_row(4, supplier="", quantity="5"),
    ]
    run_id, total = await stored(api, tmp_path, rows)
    async with api.browser(await api.key()) as client:
        before = (await client.get("/reports/ghg-protocol.parquet")).content
        ids = {one["name"]: one["id"] for one in (await client.get("/suppliers.json")).json()["suppliers"]}
        told = {"supplier": [ids["Alpha"], ids["Old name"]], "into": ids["Alpha"]}
        assert (await client.send_form("/suppliers/merge", **told)).status_code == 303
        made = {form: (await client.get(f"/reports/ghg-protocol.{form}")).content for form in FORMS}
    expected = {"Alpha": 130, "Beta": 7, "(no name)": 5}
    for found in (
        {row["supplier"]: row["emissions_mg_co2e"] for row in sheet(made["xlsx"], "Suppliers")},
        {row["supplier"]: int(row["emissions_mg_co2e"]) for row in csv_table(made["zip"], "suppliers")},
        {row["name"]: row["emissions_mg_co2e"] for row in parquet_table(made["parquet"], "suppliers")},
    ):
        assert {name: mg * 142 // total for name, mg in found.items()} == expected
        assert sum(found.values()) == total
    text = pdf_text(made["pdf"])
    assert ("Old name" in text, f"Alpha 2 {grouped(total * 130 // 142)}" in text) == (False, True)
    was, now = (parquet_table(one, "suppliers") for one in (before, made["parquet"]))
    assert [row for row in now if row["name"] != "Alpha"] == [
        row for row in was if row["name"] not in ("Alpha", "Old name")
    ]
    by_id = await asyncio.to_thread(reported_stored, api.service.settings, run_id)
    assert {row.supplier for row in by_id.inventory.suppliers} == {"Alpha", "Beta", ""}


async def test_report_of_several_runs_adds_them_and_names_them(api: Api, tmp_path: Path) -> None:
    one, first = await stored(api, tmp_path)
    two, second = await stored(api, tmp_path, [ledger_row(1, quantity="12.345")], digest="run-2")
    async with api.browser(await api.key()) as client:
        both = (await client.get("/reports/ghg-protocol.json")).json()
        alone = (await client.get("/reports/ghg-protocol.json", params={"runs": two})).json()
        named = (await client.get("/reports/ghg-protocol.json", params={"runs": [one, two]})).json()
    assert (both["total_mg_co2e"], alone["total_mg_co2e"]) == (first + second, second)
    assert both == named
    assert [run["run_id"] for run in both["runs"]] == [one, two]


async def test_single_activities_are_reported_by_their_kept_sums(api: Api) -> None:
    async with api.client(await api.key()) as client:
        answer = await client.post("/api/v1/emissions", json=FLIGHT)
        total = (await client.get("/api/v1/reporting/emissions")).json()["total"]["emissions_mg_co2e"]
    assert answer.status_code == 201, answer.text
    async with api.browser(await api.key()) as client:
        told = (await client.get("/reports/ghg-protocol.json")).json()
        pdf = pdf_text((await client.get("/reports/ghg-protocol.pdf")).content)
    assert told["total_mg_co2e"] == total > 0
    assert grouped(total) in pdf


async def test_run_of_another_tenant_and_a_standard_that_there_is_not_read_like_none(
    api: Api, tmp_path: Path
) -> None:
    await stored(api, tmp_path)
    theirs, _ = await stored(api, tmp_path, ROWS, digest="run-2", tenant="theirs")
    async with api.browser(await api.key()) as client:
        for run in (theirs, str(new_id())):
            for path in ("/reports/ghg-protocol", "/reports/ghg-protocol.pdf"):
                assert (await client.get(path, params={"runs": run})).status_code == 404
        assert (await client.get("/reports/gri-305")).status_code == 404
        assert (await client.get("/reports/ghg-protocol.pdf?paper=a9")).status_code == 422


async def test_whoever_may_not_read_gets_no_report(api: Api, tmp_path: Path) -> None:
    await stored(api, tmp_path)
    async with api.browser(await api.key(role=Role.SUPPLIER)) as client:
        for path in (
            "/reports",
            "/reports/ghg-protocol",
            "/reports/ghg-protocol.pdf",
            "/reports/esrs-e1-6.xlsx",
        ):
            assert (await client.get(path)).status_code == 403, path
    async with api.browser() as client:
        answer = await client.get("/reports/ghg-protocol.pdf")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
