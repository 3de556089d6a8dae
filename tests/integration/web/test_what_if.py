"""What a run would come to: both sides and the bridge add up, nothing is stored; a button makes it a job."""

from typing import Any

import pytest
from tests.integration.api.test_recalculations import NEWER, first_run
from tests.support.api import Api, Browser
from tests.support.jobs import JOBS, ended

from vcci.domain.access import Role
from vcci.edge import what_if

OLD_PACK, NEW_PACK = "epa-supply-chain-1.2.0", "epa-supply-chain-1.3.0"


async def asked(browser: Browser, run_id: str, **told: str) -> dict[str, Any]:
    answer = await browser.get("/what-if.json", params={"run": run_id, **told})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def stored(api: Api) -> tuple[int, ...]:
    tables = ("runs", "jobs", "emissions", "run_texts")
    async with api.service.pool.transaction(api.service.home_tenant_id) as tx:
        return tuple([await tx.fetchval(f"SELECT count(*) FROM vcci.{name}") for name in tables])


def assert_adds_up(found: dict[str, Any]) -> None:
    sides, categories = found["comparison"], found["comparison"]["categories"]
    for side in ("older_mg_co2e", "newer_mg_co2e", "difference_mg_co2e"):
        assert sum(one[side] for one in categories) == sides[side], side
    effects = sum(one["emissions_mg_co2e"] for one in sides["effects"])
    assert effects == sides["difference_mg_co2e"] == sides["newer_mg_co2e"] - sides["older_mg_co2e"]


async def test_both_sides_and_the_bridge_add_up_and_nothing_is_stored(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        older = (await first_run(client))["outcome"]
        before = await stored(api)
        found = await asked(browser, older["run_id"], packs=NEW_PACK)
        shown = (await browser.get("/what-if", params={"run": older["run_id"], "packs": NEW_PACK})).text
        after = await stored(api)
    assert_adds_up(found)
    assert (
        found["comparison"]["older_mg_co2e"] == older["total_mg_co2e"] != found["comparison"]["newer_mg_co2e"]
    )
    assert (found["state"], found["touched"]["lines"], before) == ("computed", 6, after)
    assert ("Recalculate as a job" in shown, "<svg" in shown) == (True, True)


async def test_button_makes_the_run_that_was_shown(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        older = (await first_run(client))["outcome"]
        found = await asked(browser, older["run_id"], packs=NEW_PACK)
        sent = await browser.send_form("/what-if/recalculation", run=older["run_id"], packs=NEW_PACK)
        job_id = sent.headers["location"].rpartition("job=")[2]
        job = await ended(client, {"links": {"job": f"{JOBS}/{job_id}"}})
        done = (await browser.get("/what-if.json", params={"job": job_id})).json()
        runs = (await client.get("/api/v1/runs")).json()["data"]
    assert (sent.status_code, job["state"], job["kind"]) == (303, "completed", "recalculation")
    assert job["outcome"]["total_mg_co2e"] == found["comparison"]["newer_mg_co2e"]
    assert done["comparison"] == found["comparison"]
    assert [run["is_current"] for run in runs] == [True, False]


async def test_run_that_is_too_large_to_wait_for_is_offered_as_a_job(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_if, "MOST_ROWS", 5)
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run_id = (await first_run(client))["outcome"]["run_id"]
        found = await asked(browser, run_id, packs=NEW_PACK)
        shown = (await browser.get("/what-if", params={"run": run_id, "packs": NEW_PACK})).text
        sent = await browser.send_form("/what-if/recalculation", run=run_id, packs=NEW_PACK)
        waiting = await browser.get(sent.headers["location"])
        await ended(client, {"links": {"job": f"{JOBS}/{sent.headers['location'].rpartition('job=')[2]}"}})
        location = sent.headers["location"].replace("/what-if?", "/what-if.json?")
        done = (await browser.get(location)).json()
    assert (found["state"], found["comparison"], "Recalculate as a job" in shown) == ("too_large", None, True)
    assert waiting.status_code == 200
    assert_adds_up(done)


@pytest.mark.parametrize(
    "told", [{"price_basis": "basic"}, {"year": "2021"}, {"packs": NEWER}, {"gwp": "AR5", "packs": NEWER}]
)
async def test_other_prices_years_and_orders_add_up(api: Api, told: dict[str, str]) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run_id = (await first_run(client))["outcome"]["run_id"]
        found = await asked(browser, run_id, **told)
    assert found["state"] == "computed"
    assert_adds_up(found)


async def test_what_changes_nothing_says_so(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run_id = (await first_run(client))["outcome"]["run_id"]
        found = await asked(browser, run_id, packs=OLD_PACK)
        shown = (await browser.get("/what-if", params={"run": run_id, "packs": OLD_PACK})).text
    assert (found["state"], found["comparison"], "Nothing changes" in shown) == ("untouched", None, True)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"packs": "no-such-pack"}, 404),
        ({"gwp": "AR99"}, 422),
        ({"price_basis": "retail"}, 400),
        ({"year": "20"}, 400),
        ({"run": "01a22e06-5b86-7263-bd07-76e72a115d96"}, 404),
    ],
)
async def test_what_there_is_not_is_refused_with_a_page(api: Api, told: dict[str, str], status: int) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run_id = (await first_run(client))["outcome"]["run_id"]
        answer = await browser.get("/what-if", params={"run": run_id, **told})
    assert 400 <= answer.status_code < 500
    assert "<h1>" in answer.text


async def test_viewer_may_ask_and_not_recalculate_and_another_tenant_sees_no_run(api: Api) -> None:
    editing, looking, other = await api.key(), await api.key(role=Role.VIEWER), await api.key("theirs")
    async with api.client(editing) as client:
        run_id = (await first_run(client))["outcome"]["run_id"]
    async with api.browser(looking) as browser:
        found = await asked(browser, run_id, packs=NEW_PACK)
        shown = (await browser.get("/what-if", params={"run": run_id, "packs": NEW_PACK})).text
        sent = await browser.send_form("/what-if/recalculation", run=run_id, packs=NEW_PACK)
    async with api.browser(other) as browser:
        theirs = await browser.get("/what-if.json", params={"run": run_id})
        runs = (await browser.get("/what-if.json")).json()["runs"]
    assert (found["state"], "/what-if/recalculation" in shown, sent.status_code) == ("computed", False, 403)
    assert (theirs.status_code, runs) == (404, [])
