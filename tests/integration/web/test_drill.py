"""From a total down to a derivation over links that are shown; every sum on the way is exact."""

import asyncio
import csv
import io
import math
import re
from collections.abc import AsyncIterator
from html import escape
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from tests.support.api import Api, Browser
from tests.support.database import calculated
from tests.support.jobs import ended, uploaded
from tests.support.ledgers import ledger_row
from tests.support.shown_tables import Page, Row

from vcci.database.run_store import run_store
from vcci.domain.access import Role

OXFORD = Path(__file__).parents[3] / "examples" / "oxford-city-council"
EVERY = 30
"""Of the rows of the ledger so many are left out for each that is taken."""

UNKNOWN = "018f0000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture
async def oxford(api: Api) -> AsyncIterator[Browser]:
    """A browser of who has imported a part of a council's ledger."""
    header, *rows = (OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)
    key = await api.key()
    async with api.client(key) as client:
        mapping = (OXFORD / "mapping.yaml").read_text("utf-8")
        queued = await uploaded(client, header + b"".join(rows[::EVERY]), mapping=mapping)
        job = await ended(client, queued)
        assert job["state"] == "completed", job
    async with api.browser(key) as browser:
        yield browser


async def seen(browser: Browser, path: str) -> Page:
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.text[:2000])
    return Page(answer.text)


async def all_lines(browser: Browser, path: str) -> tuple[list[Row], int]:
    """Return the lines of a list, over all of its pages, and the total that it says of itself."""
    page = await seen(browser, path)
    rows, total = page.rows("Lines"), page.foot("Lines")[-1].mg
    while "next" in page.rel:
        page = await seen(browser, page.rel["next"])
        rows += page.rows("Lines")
    return rows, total


async def test_fifty_random_totals_lead_to_lines_that_recompute_and_add_up(oxford: Browser) -> None:
    chance = Random(8)
    whole = (await oxford.get("/suppliers.json")).json()["total"]["emissions_mg_co2e"]
    linked = set(re.findall(r'href="(/categories/[0-9]+)"', (await oxford.get("/overview")).text))
    pages = {path: await seen(oxford, path) for path in sorted(linked)}
    totals = [
        row for page in pages.values() for region in ("Suppliers", "Months") for row in page.rows(region)
    ]
    assert sum(row.mg for page in pages.values() for row in page.rows("Months")) == whole
    for row in chance.sample(totals, 50):
        lines, total = await all_lines(oxford, row.links[0])
        assert sum(line.mg for line in lines) == total == row.mg, row
        for line in chance.sample(lines, min(2, len(lines))):
            page = await seen(oxford, line.links[0])
            amount, multiplier = (float(page.named[name]) for name in ("amount", "multiplier"))
            assert math.floor(amount * multiplier + 0.5) == int(page.named["emissions"]) == line.mg


async def test_links_of_a_year_lead_to_what_was_shown_and_back(oxford: Browser) -> None:
    chance, overview = Random(9), "/overview?year=2016"
    shown, whole = await seen(oxford, overview), await total_of(oxford, overview)
    assert 0 < whole < await total_of(oxford, "/overview")
    leaves = [row for row in shown.rows("Hotspots, figures") if "/suppliers/" in row.links[0]]
    for leaf in chance.sample(leaves, 8):
        assert await total_of(oxford, leaf.links[0]) == leaf.mg, leaf
    sums = 0
    for category in (row for row in shown.rows("Categories") if row.links):
        mg, page = int(category.figures[0]), await seen(oxford, category.links[0])
        for region in page.tables:
            *others, foot = page.foot(region)
            assert sum(one.mg for one in (*page.rows(region), *others)) == foot.mg == mg
        for one in (*chance.sample(page.rows("Suppliers"), 2), *chance.sample(page.rows("Months"), 2)):
            lines, listed = await all_lines(oxford, one.links[0])
            assert sum(line.mg for line in lines) == listed == one.mg
            assert all(line.cells[0].startswith("2016-") for line in lines)
        crumbs = (await seen(oxford, lines[0].links[0])).crumbs
        assert [await total_of(oxford, crumb) for crumb in crumbs[:2]] == [whole, mg]
        sums += mg
    assert (sums, crumbs[0]) == (whole, overview)


async def test_suppliers_of_a_year_are_those_of_its_lines(oxford: Browser) -> None:
    whole = await total_of(oxford, "/overview?year=2016")
    for path in ("/suppliers?year=2016", "/suppliers?year=2016&sort=quality&direction=asc"):
        page = await seen(oxford, path)
        *others, total = page.foot("Suppliers")
        assert sum(row.mg for row in (*page.rows("Suppliers"), *others)) == total.mg == whole
    first = page.rows("Suppliers")[0]
    assert "not known" in first.cells[-3]
    one = await seen(oxford, first.links[0])
    assert sum(row.mg for row in one.rows("Categories")) == total_of_months(one) == first.mg
    lines, total_mg = await all_lines(oxford, one.rows("Categories")[0].links[0])
    assert sum(line.mg for line in lines) == total_mg == one.rows("Categories")[0].mg
    assert "year=2016" in one.rows("Months")[0].links[0]
    document = (await oxford.get("/lines.json", params={"year": 2016, "month": "2015-03"})).json()
    assert (document["total"]["lines"], document["lines"]) == (0, [])


async def total_of(browser: Browser, path: str) -> int:
    """Return the milligrams that a page says it comes to."""
    name, _, query = path.partition("?")
    answer = await browser.get(f"{name}.json" + (f"?{query}" if query else ""))
    assert answer.status_code == 200, (path, answer.text[:2000])
    total: int = answer.json()["total"]["emissions_mg_co2e"]
    return total


def total_of_months(page: Page) -> int:
    return sum(row.mg for row in page.rows("Months"))


async def test_each_table_of_a_page_adds_up_to_its_total(oxford: Browser) -> None:
    for path in ("/categories/1", "/categories/2", "/suppliers", "/suppliers?name=ltd&page=2"):
        page = await seen(oxford, path)
        for region in page.tables:
            *others, total = page.foot(region)
            shown = page.rows(region)
            assert sum(row.mg for row in (*shown, *others)) == total.mg, (path, region)


async def test_derivation_tells_row_rate_factor_licence_and_steps(oxford: Browser) -> None:
    page = await seen(oxford, "/categories/1")
    line = (await all_lines(oxford, page.rows("Suppliers")[0].links[0]))[0][0].links[0]
    text = (await oxford.get(line)).text
    document = (await oxford.get(f"{line}.json")).json()
    told = document["derivation"]
    shown = (*told["read"].values(), told["pack"]["licence"], told["pack"]["version"], told["factor"]["id"])
    assert all(escape(part) in text for part in shown)
    assert any(" USD per GBP of 201" in step for step in told["steps"])
    table = list(csv.reader(io.StringIO((await oxford.get(f"{line}.csv")).text)))
    assert ["emissions", "mg CO2e", str(document["emissions_mg_co2e"])] in table
    assert await oxford.get(Page(text).crumbs[-1])


async def statements(api: Api, browser: Browser, path: str) -> list[str]:
    """Return what a page asks the database for, beside beginning and ending."""
    found: list[str] = []

    def note(record: Any) -> None:
        if record.query.lstrip().upper().startswith(("SELECT", "WITH")) and "vcci." in record.query:
            found.append(record.query)

    connections = [pooled.connection for pooled in api.service.pool._idle]
    for connection in connections:
        connection.add_query_logger(note)
    answer = await browser.get(path)
    await asyncio.sleep(0)  # loggers are called by the loop
    for connection in connections:
        connection.remove_query_logger(note)
    assert answer.status_code == 200
    return found


async def test_pages_ask_a_bounded_number_of_times_and_read_lines_only_where_these_are_listed(
    api: Api, tmp_path: Path
) -> None:
    rows = [ledger_row(n, supplier=f"Supplier {n % 60}", quantity=f"{n}") for n in range(1, 201)]
    await saved(api, tmp_path / "run", rows)
    async with api.browser(await api.key()) as browser:
        supplier = (await browser.get("/suppliers.json")).json()["suppliers"][0]["id"]
        for path, most, reads_lines in (
            ("/suppliers", 7, False),
            ("/suppliers?sort=quality&category=1", 7, False),
            ("/categories/1", 9, False),
            (f"/suppliers/{supplier}", 10, True),
            ("/lines?category=1&month=2022-03", 5, True),
            (f"/categories/1/suppliers/{supplier}", 8, True),
        ):
            asked = await statements(api, browser, path)
            assert 2 < len(asked) <= most, (path, len(asked))
            assert any("vcci.emissions " in one for one in asked) is reads_lines, (path, asked)
            assert max(asked.count(one) for one in asked) <= 2, path


@pytest.fixture
def small_ledger() -> list[dict[str, Any]]:
    return [
        ledger_row(
            1, quantity="100", supplier="Alpha", account="=cmd()", description="<b>bold</b> \u202ehidden"
        ),
        ledger_row(2, quantity="50", supplier="", date="2022-03-04"),
        ledger_row(3, quantity="7.5", supplier="Beta", category=2),
        ledger_row(4, quantity="-40", supplier="Alpha", date="2022-03-04"),
    ]


async def saved(api: Api, folder: Path, rows: list[dict[str, Any]], tenant: str = "local") -> str:
    async with run_store(api.service.pool.url, tenant=tenant) as store:
        return str((await store.save(calculated(folder, rows, digest=folder.name))).run_id)


async def test_lines_that_name_no_supplier_are_led_to(api: Api, tmp_path: Path, small_ledger: Any) -> None:
    await saved(api, tmp_path / "run", small_ledger)
    async with api.browser(await api.key()) as browser:
        page = await seen(browser, "/categories/1")
        none = next(row for row in page.rows("Suppliers") if row.links[0].endswith("/suppliers/none"))
        lines, total = await all_lines(browser, none.links[0])
        document = (await browser.get("/lines.json", params={"supplier": "none"})).json()
    assert ([line.mg for line in lines], total, none.mg) == ([6_250_000], 6_250_000, 6_250_000)
    assert (document["supplier"], document["total"]["lines"]) == (None, 1)


async def test_texts_of_a_ledger_are_shown_and_never_obeyed(
    api: Api, tmp_path: Path, small_ledger: Any
) -> None:
    await saved(api, tmp_path / "run", small_ledger)
    async with api.browser(await api.key()) as browser:
        text = (await browser.get("/lines")).text
        table = list(csv.DictReader(io.StringIO((await browser.get("/lines.csv")).text)))
    assert "<b>bold" not in text
    assert r"&lt;b&gt;bold&lt;/b&gt; \u202ehidden" in text
    assert {row["account"] for row in table} == {"'=cmd()", "Software"}
    assert sum(int(row["emissions_mg_co2e"]) for row in table) == 125_000 * 110 + 937_500


async def test_pages_of_lines_follow_each_other_in_every_form(
    api: Api, tmp_path: Path, small_ledger: Any
) -> None:
    await saved(api, tmp_path / "run", small_ledger)
    async with api.browser(await api.key()) as browser:
        rows, total = await all_lines(browser, "/lines?limit=1&sort_by=transaction_date")
        first = Page((await browser.get("/lines?limit=1")).text)
        later = await browser.get(first.rel["next"].replace("/lines?", "/lines.json?"))
        back = Page((await browser.get(later.json()["links"]["next"])).text)
    assert (len({row.links[0] for row in rows}), sum(row.mg for row in rows)) == (4, total)
    assert later.json()["page"]["lines"] == 1
    assert "prev" in back.rel


async def test_named_runs_stay_named_on_the_way_down(api: Api, tmp_path: Path, small_ledger: Any) -> None:
    one = await saved(api, tmp_path / "one", small_ledger)
    await saved(api, tmp_path / "two", small_ledger[:1])
    async with api.browser(await api.key()) as browser:
        page = await seen(browser, f"/categories/1?runs={one}")
        lines, total = await all_lines(browser, page.rows("Months")[0].links[0])
        both = (await browser.get("/categories/1.json")).json()["total"]["lines"]
    assert all(f"runs={one}" in row.links[0] for row in page.rows("Suppliers"))
    assert (sum(line.mg for line in lines), both) == (total, 4)


@pytest.mark.parametrize(
    "path",
    ["/categories/16", "/categories/x", f"/suppliers/{UNKNOWN}", f"/lines/{UNKNOWN}", "/lines/x",
     f"/lines?runs={UNKNOWN}", f"/categories/1/suppliers/{UNKNOWN}", "/categories/1/suppliers/x"],
)  # fmt: skip
async def test_what_is_not_there_is_told_as_that(api: Api, path: str) -> None:
    async with api.browser(await api.key(role=Role.VIEWER)) as browser:
        as_json = path.replace("?", ".json?") if "?" in path else f"{path}.json"
        answers = [await browser.get(path), await browser.get(as_json)]
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_other_tenants_see_nothing(api: Api, tmp_path: Path, small_ledger: Any) -> None:
    run = await saved(api, tmp_path / "run", small_ledger, tenant="theirs")
    async with api.browser(await api.key("theirs")) as theirs, api.browser(await api.key("ours")) as ours:
        supplier = (await theirs.get("/suppliers.json")).json()["suppliers"][0]["id"]
        line = (await theirs.get("/lines.json")).json()["lines"][0]["id"]
        paths = [f"/suppliers/{supplier}", f"/lines/{line}", f"/lines?supplier={supplier}"]
        paths += [f"{path}?runs={run}" for path in ("/lines", "/categories/1")]
        foreign = [(await ours.get(path)).status_code for path in paths]
        empty = [
            (await ours.get(path)).json()["total"]["lines"] for path in ("/lines.json", "/suppliers.json")
        ]
        known = [(await theirs.get(path)).status_code for path in paths]
    assert (foreign, empty, known) == ([404] * 5, [0, 0], [200] * 5)
