"""Runs on pages: what went in, what came out; a verification finds what was changed after the run."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_repair import MENDS, RIGHT, WRONG
from tests.acceptance.test_run_command import RULES
from tests.integration.api.test_intake import mended
from tests.integration.api.test_recalculations import NEWER, asked, first_run
from tests.support.api import Api, Browser
from tests.support.database import execute
from tests.support.jobs import FILES, LEDGER, MAPPING, ended, uploaded

from vcci import __version__
from vcci.api.routes.emissions import EXAMPLE
from vcci.database.run_verify import ROLLUPS
from vcci.domain.access import Role

MORE = LEDGER + b"Beta,Software licences,2022-05-03,30\nGamma,Travel,2022-05-04,7\n"


async def imported(client: Any, ledger: bytes = MORE, mapping: str = MAPPING) -> dict[str, Any]:
    """Import a ledger, and return its job with its outcome."""
    job = await ended(client, await uploaded(client, ledger, mapping=mapping, currency="GBP"))
    assert job["state"] == "completed", job
    return job


@asynccontextmanager
async def with_run(api: Api, role: Role = Role.ADMIN) -> AsyncIterator[tuple[Browser, dict[str, Any]]]:
    """Give a browser, and the job of a run."""
    async with api.client(await api.key()) as client:
        job = await imported(client)
    async with api.browser(await api.key(role=role)) as browser:
        yield browser, job


async def verified(browser: Browser, run_id: str) -> dict[str, Any]:
    """Verify a run, and return what the job came to."""
    sent = await browser.send_form(f"/runs/{run_id}/verify")
    assert sent.status_code == 303, sent.text
    links = {"job": f"/api/v1{sent.headers['location']}"}
    job = await ended(browser, {"links": links})
    assert job["state"] == "completed", job
    return dict(job["outcome"])


def different(outcome: dict[str, Any]) -> set[str]:
    return {one["name"] for one in outcome["compared"] if not one["is_same"]}


def results(api: Api, job: dict[str, Any]) -> Path:
    assert api.service.settings.data_dir is not None
    (folder,) = api.service.settings.data_dir.glob(f"uploads/*/{job['file_id']}/results/{job['id']}")
    return folder


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER, Role.SUPPLIER])
async def test_who_reads_sees_runs_and_may_verify_them(api: Api, role: Role) -> None:
    async with with_run(api, role) as (browser, job):
        where = f"/runs/{job['outcome']['run_id']}"
        paths = ("/runs", "/runs.json", "/runs.csv", where, f"{where}.csv", f"{where}/files/lines.csv")
        statuses = [(await browser.get(path)).status_code for path in paths]
        sent = await browser.send_form(f"{where}/verify")
    may_read = role is not Role.SUPPLIER
    assert statuses == [200 if may_read else 403] * 6
    assert sent.status_code == (303 if may_read else 403)


async def test_run_shows_what_went_in_and_adds_up(api: Api) -> None:
    async with with_run(api) as (browser, job):
        where = f"/runs/{job['outcome']['run_id']}"
        page = unescape(" ".join((await browser.get(where)).text.split()))
        told = (await browser.get(f"{where}.json")).json()
        table = list(csv.DictReader(io.StringIO((await browser.get(f"{where}.csv")).text)))
    assert hashlib.sha256(MORE).hexdigest() in page
    assert job["outcome"]["run_digest"] in page
    assert f"VCCI {__version__}" in page
    assert all(pack["digest"] in page and pack["licence"] in page for pack in told["packs"])
    assert "3<small>= 2 with a line + 0 excluded + 1 not covered + 0 rejected" in page
    assert sum(one["emissions_mg_co2e"] for one in told["categories"]) == job["outcome"]["total_mg_co2e"]
    assert [row["emissions_kg_co2e"] for row in table] == [told["total_kg_co2e"]]


async def test_results_are_fetched_as_they_lie_and_nothing_else_is(api: Api) -> None:
    async with with_run(api) as (browser, job):
        where, folder = f"/runs/{job['outcome']['run_id']}/files", results(api, job)
        (folder / "link.csv").symlink_to("/etc/passwd")
        lines = await browser.get(f"{where}/lines.csv")
        names = ("link.csv", "none.csv", "..%2f..%2fservice.key", "%2e%2e", ".", "lines%2fpart-00000.parquet")
        others = [(await browser.get(f"{where}/{name}")).status_code for name in names]
        page = (await browser.get(where.removesuffix("/files"))).text
    assert lines.content == (folder / "lines.csv").read_bytes()
    assert lines.headers["content-disposition"] == 'attachment; filename="lines.csv"'
    assert "default-src 'none'" in lines.headers["content-security-policy"]
    assert 200 not in others
    assert "link.csv" not in page


async def test_a_run_that_was_left_alone_verifies_byte_for_byte(api: Api) -> None:
    async with with_run(api) as (browser, job):
        run_id = job["outcome"]["run_id"]
        outcome = await verified(browser, run_id)
        page = (await browser.get(f"/runs/{run_id}")).text
    names = {one["name"] for one in outcome["compared"]}
    assert (different(outcome), outcome["same"]) == (set(), outcome["parts"])
    assert {"lines.csv", "inventory.json", "run digest of inventory.json"} < names
    assert "PostgreSQL: the lines, one by one" in names
    assert f"All {outcome['parts']} parts are what the run makes." in page
    assert f'href="/runs/{run_id}"' in page or run_id in outcome["verifies"]


@pytest.mark.parametrize("change", ["co2e_mg = co2e_mg + 1", "scope3_category = 2"])
async def test_verification_finds_a_line_that_was_changed_in_the_database(api: Api, change: str) -> None:
    async with with_run(api) as (browser, job):
        await execute(api.service.pool.url, f"UPDATE vcci.emissions SET {change} WHERE row_number = 2")
        outcome = await verified(browser, job["outcome"]["run_id"])
        page = (await browser.get(f"/runs/{job['outcome']['run_id']}")).text
    assert different(outcome) == {"PostgreSQL: the lines, one by one"}
    assert f"1 of {outcome['parts']} parts differ" in page


async def test_verification_finds_each_sum_that_was_changed(api: Api) -> None:
    async with with_run(api) as (browser, job):
        for rollup in ROLLUPS.values():
            await execute(api.service.pool.url, f"UPDATE {rollup} SET co2e_mg = co2e_mg - 1")
        await execute(api.service.pool.url, "UPDATE vcci.runs SET total_mg_co2e = total_mg_co2e - 1")
        outcome = await verified(browser, job["outcome"]["run_id"])
    sums = {f"PostgreSQL: sums by category {by}" for by in ROLLUPS}
    assert different(outcome) == sums | {"PostgreSQL: the total of the run"}


async def test_verification_finds_a_file_that_was_changed(api: Api) -> None:
    async with with_run(api) as (browser, job):
        lines = results(api, job) / "lines.csv"
        lines.write_bytes(lines.read_bytes().replace(b"Alpha", b"Alphb"))
        outcome = await verified(browser, job["outcome"]["run_id"])
    assert different(outcome) == {"lines.csv"}


async def test_a_verification_under_way_is_not_begun_twice(api: Api) -> None:
    async with with_run(api) as (browser, job):
        sent = [await browser.send_form(f"/runs/{job['outcome']['run_id']}/verify") for _ in range(2)]
        listed = (await browser.get("/jobs.json?kind=verification")).json()["jobs"]
    same = sent[0].headers["location"] == sent[1].headers["location"]
    assert same or listed[1]["state"] == "completed"


async def test_mended_run_leads_back_by_a_bridge_and_verifies_with_its_mends(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        first = await imported(client, WRONG.encode(), RULES)
        where = f"{FILES}/{first['file_id']}"
        rejects = (await client.get(f"{where}/rejects")).text
        mends = {"file": ("rejects.csv", mended(rejects, MENDS))}
        second = await ended(client, (await client.post(f"{where}/repairs", files=mends)).json())
        run_id = second["outcome"]["run_id"]
        bridge = (await browser.get(f"/runs/{run_id}/bridge.json")).json()
        page, older = [(await browser.get(path)).text for path in (f"/runs/{run_id}/bridge", "/runs")]
        outcome = await verified(browser, run_id)
    effects = sum(one["emissions_mg_co2e"] for one in bridge["effects"])
    assert bridge["older_mg_co2e"] + effects == bridge["newer_mg_co2e"] == second["outcome"]["total_mg_co2e"]
    assert f'href="/runs/{first["outcome"]["run_id"]}"' in page
    assert "succeeded" in older
    assert (different(outcome), RIGHT != WRONG) == (set(), True)


async def test_recalculated_run_verifies_from_its_rows(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        await first_run(client)
        (queued,) = (await asked(client, packs=NEWER))["runs"]
        newer = (await ended(client, queued))["outcome"]
        outcome = await verified(browser, newer["run_id"])
        page = (await browser.get(f"/runs/{newer['run_id']}/bridge")).text
    assert (different(outcome), outcome["verifies"]) == (set(), newer["run_id"])
    assert "total of inventory.json" in {one["name"] for one in outcome["compared"]}
    assert "What led to the run" in page


async def test_run_of_single_activities_is_shown_and_cannot_be_made_again(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        made = (await client.post("/api/v1/emissions", json=EXAMPLE)).json()
        page = await browser.get(f"/runs/{made['run_id']}")
        sent = await browser.send_form(f"/runs/{made['run_id']}/verify")
        bridge = await browser.get(f"/runs/{made['run_id']}/bridge")
    assert (page.status_code, "<button>Verify</button>" in page.text) == (200, False)
    assert (sent.status_code, bridge.status_code) == (409, 404)


async def test_runs_of_another_tenant_are_not_there(api: Api) -> None:
    async with with_run(api) as (_, job), api.browser(await api.key("other")) as stranger:
        where = f"/runs/{job['outcome']['run_id']}"
        paths = (where, f"{where}.json", f"{where}/bridge", f"{where}/files/lines.csv")
        statuses = [(await stranger.get(path)).status_code for path in paths]
        sent = await stranger.send_form(f"{where}/verify")
        listed = (await stranger.get("/runs.json")).json()["runs"]
    assert (statuses, sent.status_code, listed) == ([404] * 4, 404, [])
