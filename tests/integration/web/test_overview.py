"""The overview: whatever is shown adds up, is the same in all three forms, and reads no line."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.support.api import Api, Browser
from tests.support.database import execute, value
from tests.support.jobs import ended, uploaded
from tests.support.lines import stored_run
from tests.support.shown_tables import Page

from vcci.domain.access import Role
from vcci.monitoring.queries import watched_queries

OXFORD = Path(__file__).parents[3] / "examples" / "oxford-city-council"
EVERY = 60
"""Of the rows of the ledger so many are left out for each that is taken."""

MOST_QUERIES = 16
UNKNOWN = "018f0000-0000-7000-8000-000000000000"
ENTRIES = "/api/v1/emissions"
ENTRY = {
    "category": 1,
    "quantity": "10",
    "unit": "t",
    "date": "2024-05-06",
    "factor": {"value": "2.5", "unit": "t", "source": "made up"},
    "supplier_name": "Alpha",
}


@pytest_asyncio.fixture
async def oxford(api: Api) -> AsyncIterator[Browser]:
    """A browser of who has imported a part of a council's ledger, of five years."""
    header, *rows = (OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)
    key = await api.key()
    async with api.client(key) as client:
        mapping = (OXFORD / "mapping.yaml").read_text("utf-8")
        job = await ended(client, await uploaded(client, header + b"".join(rows[::EVERY]), mapping=mapping))
        assert job["state"] == "completed", job
    async with api.browser(key) as browser:
        yield browser


async def told(browser: Browser, query: str = "") -> dict[str, Any]:
    answer = await browser.get(f"/overview.json{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def seen(browser: Browser, query: str = "") -> Page:
    answer = await browser.get(f"/overview{query}")
    assert answer.status_code == 200, answer.text[:2000]
    return Page(answer.text)


async def written(browser: Browser, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await browser.get(f"/overview.csv{query}")).text)))


def mg(rows: list[dict[str, Any]]) -> int:
    return sum(row["emissions_mg_co2e"] for row in rows)


@pytest.mark.parametrize("query", ["", "?year=2016", "?category=1", "?year=2015&category=2"])
async def test_tables_add_up_to_the_total_in_all_three_forms(oxford: Browser, query: str) -> None:
    document, page = await told(oxford, query), await seen(oxford, query)
    total = document["total"]["emissions_mg_co2e"]
    assert total > 0
    assert mg(document["categories"]) == mg(document["hotspots"]) == total
    assert sum(int(row["emissions_mg_co2e"]) for row in await written(oxford, query)) == total
    rows = page.rows("Categories")
    assert sum(int(row.figures[0]) for row in rows) == total == int(page.foot("Categories")[0].figures[0])
    without = [int(row.figures[1]) for row in (*rows, *page.foot("Categories"))]
    assert sum(without[:-1]) == without[-1] == document["total"]["without_mg_co2e"]
    branches_and_leaves = page.rows("Hotspots, figures")
    assert sum(row.mg for row in branches_and_leaves) == 2 * total


async def test_total_is_that_of_the_lines(api: Api, oxford: Browser) -> None:
    sums = "SELECT sum(co2e_mg)::bigint FROM vcci.emissions WHERE scope3_category <> 0"
    of_2016 = f"{sums} AND transaction_date BETWEEN '2016-01-01' AND '2016-12-31'"
    whole, year = await told(oxford), await told(oxford, "?year=2016")
    assert whole["total"]["emissions_mg_co2e"] == await value(api.service.pool.url, sums)
    assert year["total"]["emissions_mg_co2e"] == await value(api.service.pool.url, of_2016)
    assert mg(whole["years"]) == whole["total"]["emissions_mg_co2e"]


async def test_every_row_has_an_outcome_and_purchases_are_covered_as_the_run_says(oxford: Browser) -> None:
    document, page = await told(oxford), await seen(oxford)
    run = (await oxford.get("/api/v1/runs")).json()["data"][0]
    inventory = (await oxford.get(f"/api/v1/runs/{run['id']}")).json()["inventory"]
    rows = document["rows"]
    assert rows["rows"] == run["rows"] == sum(one["rows"] for one in document["by_reason"])
    assert rows["rows"] == rows["lines"] + rows["excluded"] + rows["not_covered"] + rows["rejected"]
    shown = page.rows("What became of every row")
    assert sum(int(row.figures[0]) for row in shown) == int(
        page.foot("What became of every row")[0].figures[0]
    )
    (pounds,) = document["coverage"]
    spent = [one for one in inventory["spend"] if one["outcome"] in ("line", "not covered")]
    assert (pounds["currency"], pounds["purchases_hundredths"]) == (
        "GBP",
        sum(one["turnover_hundredths"] for one in spent),
    )
    accounts = document["uncovered"]
    assert len(accounts["accounts"]) + accounts["more_accounts"] == len(inventory["uncovered"])


async def test_one_whole_run_has_its_drawn_interval_and_a_part_of_it_one_that_is_worked_out(
    oxford: Browser,
) -> None:
    run = (await oxford.get("/api/v1/runs")).json()["data"][0]
    inventory = (await oxford.get(f"/api/v1/runs/{run['id']}")).json()["inventory"]
    whole, year = (await told(oxford))["total"], (await told(oxford, "?year=2016"))["total"]
    assert whole["interval"] == {
        **{name: inventory["interval"][name] for name in ("low_mg_co2e", "high_mg_co2e")},
        "how": "drawn",
    }
    assert whole["without_mg_co2e"] == inventory["interval"]["without_mg_co2e"]
    assert year["interval"]["how"] == "worked out"
    assert year["interval"]["low_mg_co2e"] < year["emissions_mg_co2e"] < year["interval"]["high_mg_co2e"]
    assert whole["primary_mg_co2e"] == sum(
        m["emissions_mg_co2e"] for m in inventory["methods"] if m["is_primary"]
    )
    scores = {one["indicator"]: one["assessed_mg_co2e"] for one in inventory["quality"]}
    assert {one["indicator"]: one["assessed_mg_co2e"] for one in whole["quality"]} == scores


@pytest.mark.parametrize("query", ["?year=2016", "?year=2016&category=1", ""])
async def test_bridge_leads_from_the_year_before_and_adds_up(oxford: Browser, query: str) -> None:
    found = (await told(oxford, query))["bridge"]
    older, newer = found["older"], found["newer"]
    assert int(newer["label"]) == int(older["label"]) + 1
    before = await told(oxford, f"?year={older['label']}&{query[1:].partition('&')[2]}")
    assert older["emissions_mg_co2e"] == before["total"]["emissions_mg_co2e"] > 0
    assert mg(found["effects"]) == newer["emissions_mg_co2e"] - older["emissions_mg_co2e"] != 0
    assert "From " + older["label"] in (await oxford.get(f"/overview{query}")).text


async def test_bridge_from_a_run_to_itself_has_no_effect(oxford: Browser) -> None:
    run = (await told(oxford))["runs"][0]["id"]
    found = (await told(oxford, f"?against={run}"))["bridge"]
    assert (found["effects"], found["older"]["runs"], found["newer"]["label"]) == ([], [run], "shown here")


async def test_inventory_is_all_current_runs_or_those_that_are_named(api: Api) -> None:
    url, day = api.service.pool.url, date(2024, 5, 6)
    first = await stored_run(url, [(day, 1)] * 3, digest="one")
    second = await stored_run(url, [(day, 1), (date(2023, 5, 6), 4), (None, 6), (day, 0)], digest="two")
    await stored_run(url, [(day, 1)] * 5, digest="three", successor_of="one")
    async with api.browser(await api.key()) as browser:
        whole, named = await told(browser), await told(browser, f"?runs={first}&runs={second}")
        year = await told(browser, "?year=2024")
        assert (await browser.get(f"/overview?runs={UNKNOWN}")).status_code == 404
        assert (await browser.get(f"/overview.json?against={UNKNOWN}")).status_code == 404
    assert [one["total"]["lines"] for one in (whole, named, year)] == [8, 6, 6]
    assert (whole["apart"]["lines"], year["undated_left_out"]["lines"]) == (1, 1)
    effects = [
        (one["category"], one["effect"], one["emissions_mg_co2e"]) for one in named["bridge"]["effects"]
    ]
    assert effects == [(1, "boundary", 4), (4, "boundary", -1)]


async def test_runs_without_sums_by_factor_add_up_and_say_that_they_cannot_be_compared(api: Api) -> None:
    url = api.service.pool.url
    await stored_run(url, [(date(2023, 5, 6), 1), (date(2024, 5, 6), 1)])
    await execute(url, "DELETE FROM vcci.key_rollups")
    async with api.browser(await api.key()) as browser:
        document, page = await told(browser), (await browser.get("/overview")).text
    assert (document["total"]["without_mg_co2e"], document["total"]["interval"]) == (2, None)
    assert "No sums by factor are kept" in document["bridge"]["reason"]
    assert "No sums by factor are kept" in page
    total = document["total"]
    assert (total["primary_mg_co2e"], total["primary_percent"]) == (None, "")
    assert {(one["assessed_mg_co2e"], one["assessed_percent"]) for one in total["quality"]} == {(None, "")}
    assert page.count("not known") == 1 + 1 + 2 * 5


async def test_what_is_booked_and_corrected_is_seen_at_once(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        assert (await told(browser))["total"]["lines"] == 0
        made = await client.post(ENTRIES, json=ENTRY)
        assert (await told(browser))["total"]["emissions_mg_co2e"] == 25_000_000
        where, headers = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        await client.put(where, json={**ENTRY, "quantity": "4"}, headers=headers)
        document = await told(browser, "?year=2024")
    assert (mg(document["categories"]), mg(document["hotspots"])) == (10_000_000, 10_000_000)
    assert document["total"]["without_mg_co2e"] == 10_000_000  # nobody knows how sure one's own factor is
    assert [one["outcome"] for one in document["by_reason"]] == ["line"]


@pytest.mark.parametrize(("role", "leads"), [(Role.EDITOR, True), (Role.VIEWER, False)])
async def test_empty_tenant_is_told_where_to_begin(api: Api, role: Role, leads: bool) -> None:
    async with api.browser(await api.key("new", role)) as browser:
        page = (await browser.get("/overview")).text
        document = await told(browser)
        assert await written(browser)
    assert "Begin here" in page
    assert ('class="button" href="/import"' in page) is leads
    assert 'href="/docs">what the API does' in page
    assert (document["runs"], document["total"]["lines"], len(document["categories"])) == ([], 0, 15)


async def test_nothing_of_another_tenant_is_shown(api: Api) -> None:
    run = await stored_run(api.service.pool.url, [(date(2024, 5, 6), 1)], tenant="theirs")
    async with api.browser(await api.key("ours")) as browser:
        assert (await told(browser))["total"]["lines"] == 0
        for query in (f"?runs={run}", f"?against={run}"):
            assert (await browser.get(f"/overview{query}")).status_code == 404
            assert (await browser.get(f"/overview.csv{query}")).status_code == 404


async def test_questions_to_the_database_are_few_and_none_is_of_lines(api: Api) -> None:
    for number in range(5):
        day = date(2020 + number, 5, 6)
        await stored_run(api.service.pool.url, [(day, 1)] * 50, digest=f"run {number}")
    async with api.browser(await api.key()) as browser:
        for query in ("", "?year=2023", "?year=2023&category=1"):
            with watched_queries() as asked:
                await seen(browser, query)
            statements = [statement for statement, _ in asked.counts]
            assert asked.total <= MOST_QUERIES, statements
            assert not [one for one in statements if "vcci.emissions" in one or "vcci.activities" in one]
        assert statements == [] or all("key_rollups" not in one for one in statements)  # it is kept


@pytest.mark.parametrize("query", ["?year=x", "?category=16", "?runs=x", "?year=0"])
async def test_what_cannot_be_asked_is_refused(api: Api, query: str) -> None:
    async with api.browser(await api.key()) as browser:
        assert (await browser.get(f"/overview{query}")).status_code == 422


async def test_empty_choices_of_the_form_are_none(oxford: Browser) -> None:
    assert await told(oxford, "?year=&category=&against=") == await told(oxford)


async def test_names_of_suppliers_are_shown_and_not_obeyed(api: Api) -> None:
    key = await api.key()
    name = "<script>alert(1)</script>\u202egnp"
    async with api.client(key) as client, api.browser(key) as browser:
        await client.post(ENTRIES, json={**ENTRY, "supplier_name": name})
        page = (await browser.get("/overview")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202egnp" in page
