"""Factors: found, shown with all that is known of them, and one activity in several packs side by side."""

from decimal import Decimal
from typing import Any

import pytest
from tests.integration.api.test_recalculations import first_run
from tests.support.api import Api, Browser

OLD, NEW = "epa-supply-chain-1.2.0", "epa-supply-chain-1.3.0"
CODE = "naics2017:511210"


async def found(browser: Browser, **asked: Any) -> dict[str, Any]:
    answer = await browser.get("/factors.json", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "cement"},
        {"pack": "desnz-2025"},
        {"region": "GB", "year": "2024"},
        {"unit": "kWh"},
        {"category": "electricity"},
        {"category": "6"},
        {"q": "taxi", "unit": "USD", "category": "6"},
    ],
)
async def test_every_factor_that_is_found_fits_what_is_asked(api: Api, asked: dict[str, str]) -> None:
    async with api.browser(await api.key()) as browser:
        told = await found(browser, rows=200, **asked)
        shown = (await browser.get("/factors", params=asked)).text
    assert told["found"] > 0
    for one in told["factors"]:
        names = [name for name in ("pack", "region", "unit") if name in asked]
        assert [one[name] for name in names] == [asked[name] for name in names]
        assert "year" not in asked or one["year"] == int(asked["year"])
    assert told["factors"][0]["activity"] in shown


async def test_pages_of_a_search_have_every_factor_once(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        whole = await found(browser, q="diesel", rows=200)
        pages = [await found(browser, q="diesel", rows=40, page=number) for number in range(1, 7)]
    ids = [one["id"] for page in pages for one in page["factors"]]
    assert ids[:200] == [one["id"] for one in whole["factors"]]
    assert len(ids) == len(set(ids)) == min(240, whole["found"])


async def test_factor_shows_licence_citation_quality_and_where_the_inventory_uses_it(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run = (await first_run(client))["outcome"]
        path = f"/factors/{OLD}/511210/purchaser"
        told = (await browser.get(f"{path}.json")).json()
        shown = (await browser.get(path)).text
        table = (await browser.get(f"{path}.csv")).text
        lines = (await client.get("/api/v1/emissions", params={"limit": 100})).json()["data"]
    mine = [line for line in lines if line["factor"]["id"] == f"{OLD}/511210/purchaser"]
    (use,) = told["uses"]
    assert (use["run_id"], use["lines"]) == (run["run_id"], len(mine))
    assert use["emissions_mg_co2e"] == sum(line["emissions_mg_co2e"] for line in mine) != 0
    pack, texts = told["pack"], ("licence", "publisher", "digest", "attribution", "redistribution")
    assert all(str(pack[name]) in shown for name in texts)
    assert (told["citation"] in shown, set(told["quality"])) == (
        True,
        {"technology", "completeness", "reliability"},
    )
    assert table.startswith("fact,value\r\n")


async def test_another_tenant_does_not_see_where_a_factor_is_used(api: Api) -> None:
    async with api.client(await api.key()) as client:
        await first_run(client)
    async with api.browser(await api.key("theirs")) as browser:
        told = (await browser.get(f"/factors/{OLD}/511210/purchaser.json")).json()
    assert told["uses"] == []


async def test_same_activity_in_two_packs_has_their_ratio_by_price_basis(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        asked = {"activity": CODE, "packs": f"{OLD},{NEW}"}
        told = (await browser.get("/factors/compare.json", params=asked)).json()["factors"]
        shown = (await browser.get("/factors/compare", params=asked)).text
    assert [(one["pack"], one["price_basis"]) for one in told] == [
        (OLD, "purchaser"), (NEW, "purchaser"), (OLD, "basic"), (NEW, "basic"),
    ]  # fmt: skip
    for older, newer in (told[:2], told[2:]):
        ratio = Decimal(newer["value_kg_co2e"]) / Decimal(older["value_kg_co2e"])
        assert (older["ratio"], abs(Decimal(newer["ratio"]) - ratio) < Decimal("0.00001")) == ("1", True)
    assert all(one["licence"] in shown for one in told)


async def test_pack_of_another_year_is_compared_by_title_and_unit(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        first = (await found(browser, pack="desnz-2025", q="diesel litres"))["factors"][0]
        asked = {"activity": first["activity"], "packs": "desnz-2024,desnz-2025"}
        told = (await browser.get("/factors/compare.json", params=asked)).json()["factors"]
    assert {one["pack"] for one in told} == {"desnz-2024", "desnz-2025"}
    assert len({(one["name"].casefold(), one["unit"]) for one in told}) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/factors?pack=none-such",
        "/factors?page=0",
        "/factors?category=17",
        f"/factors/{NEW}/000000/purchaser",
        "/factors/none-such/1",
        "/factors/compare?activity=x&packs=none-such",
    ],
)
async def test_what_there_is_not_is_refused(api: Api, path: str) -> None:
    async with api.browser(await api.key()) as browser:
        answer = await browser.get(path)
    assert 400 <= answer.status_code < 500


async def test_marked_packs_are_looked_into_only_where_they_are_named(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        plain = await found(browser, q="coffee", rows=200)
        named = await found(browser, q="café", rows=200, pack="impact-co2")
    assert "impact-co2" not in {one["pack"] for one in plain["factors"]}
    assert {one["pack"] for one in named["factors"]} == {"impact-co2"}
