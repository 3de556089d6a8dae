"""Jobs on pages: listed, followed, called off and taken up again; what they came to is one link away."""

import re
from typing import Any
from uuid import UUID

import pytest
from tests.support.api import Api
from tests.support.database import execute
from tests.support.jobs import LEDGER, MAPPING, ended, uploaded

from vcci.database.ids import new_id
from vcci.database.job_leases import HeldJob, end_job, keep_job
from vcci.database.job_store import BULK, add_job, claim_job
from vcci.database.tenants import Role as DatabaseRole
from vcci.domain.access import Role

FAILED = {
    "error": {
        "code": "file_empty",
        "what": "<b>It is empty.</b>",
        "tried": ["x"],
        "remedy": "Export it again.",
    }
}
ASKED = {"error": {"code": "date_order_ambiguous", "what": "03/04?", "tried": [], "remedy": "--date-order"}}
LATE = "UPDATE vcci.jobs SET lease_until = now() - interval '1 second' WHERE state = 'running'"


def writing(api: Api) -> Any:
    return api.service.pool.transaction(api.service.home_tenant_id, role=DatabaseRole.LOADER)


async def held(api: Api, kind: str = "report", **task: Any) -> HeldJob:
    """Queue a job and hold it, in one transaction: no worker of the service sees it before."""
    job_id, tenant_id = new_id(), api.service.home_tenant_id
    async with writing(api) as tx:
        await add_job(tx, tenant_id, job=(job_id, new_id(), kind), task=task, priority=BULK)
        job = await claim_job(tx, tenant_id, new_id())
        assert job is not None
        assert job.worker_id is not None
        return HeldJob(tenant_id, job.id, job.worker_id, job.fence)


async def tell(api: Api, held: HeldJob, **progress: Any) -> None:
    async with writing(api) as tx:
        await keep_job(tx, held, progress)


async def failed(api: Api, outcome: dict[str, Any], **task: Any) -> UUID:
    job = await held(api, **task)
    async with writing(api) as tx:
        await end_job(tx, job, state="failed", outcome=outcome, entry={"attempt": 1, **outcome["error"]})
    return job.job_id


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER, Role.SUPPLIER])
async def test_who_reads_sees_jobs_and_who_writes_may_end_them(api: Api, role: Role) -> None:
    job = await held(api)
    may_read, may_write = role is not Role.SUPPLIER, role in (Role.ADMIN, Role.EDITOR)
    async with api.browser(await api.key(role=role)) as browser:
        page = await browser.get(f"/jobs/{job.job_id}")
        statuses = [(await browser.get(path)).status_code for path in ("/jobs", "/jobs.json", "/jobs.csv")]
        sent = await browser.send_form(f"/jobs/{job.job_id}/cancel")
    assert statuses == [200 if may_read else 403] * 3
    assert (page.status_code, "Cancel the job" in page.text) == (200 if may_read else 403, may_write)
    assert sent.status_code == (303 if may_write else 403)


async def test_page_tells_how_far_a_job_is_and_survives_a_reload(api: Api) -> None:
    job = await held(api)
    await tell(
        api,
        job,
        stage="lines",
        rows_done=5_000,
        rows=20_000,
        rows_per_s=500.0,
        least_s_left=20,
        most_s_left=40,
    )
    async with api.browser(await api.key(role=Role.VIEWER)) as browser:
        first, second = [(await browser.get(f"/jobs/{job.job_id}")).text for _ in range(2)]
        part = (await browser.get(f"/jobs/{job.job_id}/progress")).text
        told = (await browser.get(f"/jobs/{job.job_id}.json")).json()
    words = (
        "5,000 of 20,000 rows",
        "500 rows a second",
        "20 to 40 seconds left",
        'value="25"',
        "Stage: lines",
    )
    assert all(word in text for word in words for text in (first, second, part))
    assert "<html" not in part
    assert (told["state"], told["progress"]["rows_done"]) == ("running", 5_000)


async def test_page_follows_its_job_by_script_and_without_one(api: Api) -> None:
    job = await held(api)
    async with api.browser(await api.key()) as browser:
        page = (await browser.get(f"/jobs/{job.job_id}")).text
        over = (await browser.get(f"/jobs/{await failed(api, FAILED)}")).text
    assert f'data-events="/api/v1/jobs/{job.job_id}/events"' in page
    assert re.search(r'<script src="/static/progress\.js\?v=\w+" defer>', page)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "progress.js" not in over
    assert "http-equiv" not in over


async def test_list_is_narrowed_by_state_and_kind_and_paged(api: Api) -> None:
    made = [await failed(api, FAILED) for _ in range(3)]
    running = await held(api)
    async with api.browser(await api.key()) as browser:
        page = (await browser.get("/jobs?state=failed&limit=2")).text
        (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
        rest = (await browser.get(older.replace("&amp;", "&"))).text
        as_json = (await browser.get(older.replace("&amp;", "&").replace("/jobs?", "/jobs.json?"))).json()
        others = (await browser.get("/jobs.json?kind=ledger")).json()["jobs"]
        refused = [(await browser.get(f"/jobs?{q}")).status_code for q in ("kind=none", "state=none")]
    shown = [[str(one) in text for one in made] for text in (page, rest)]
    assert shown == [[False, True, True], [True, False, False]]
    assert [one["id"] for one in as_json["jobs"]] == [str(made[0])]
    assert str(running.job_id) not in page
    assert (others, refused) == ([], [422, 422])


async def test_a_failed_job_says_why_and_what_to_do_and_nothing_of_it_acts(api: Api) -> None:
    job_id = await failed(api, FAILED)
    async with api.browser(await api.key()) as browser:
        page = (await browser.get(f"/jobs/{job_id}")).text
        table = (await browser.get(f"/jobs/{job_id}.csv")).text
    assert "&lt;b&gt;It is empty.&lt;/b&gt;" in page
    assert "Export it again." in page
    assert 'href="/problems/file_empty"' in page
    assert "<b>" not in page
    assert table.splitlines()[1].startswith("1,file_empty,")


async def test_questions_lead_to_the_page_that_asks_them(api: Api) -> None:
    file_id = new_id()
    job_id = await failed(api, ASKED, file_id=str(file_id))
    async with api.browser(await api.key()) as editor, api.browser(await api.key(role=Role.VIEWER)) as viewer:
        pages = [(await one.get(f"/jobs/{job_id}")).text for one in (editor, viewer)]
    assert [f'href="/import/{file_id}/conventions"' in page for page in pages] == [True, False]
    assert all("What is asked" in page for page in pages)


async def test_a_killed_job_that_another_worker_took_up_is_shown_so(api: Api) -> None:
    job = await held(api)
    await execute(api.service.pool.url, LATE)
    async with writing(api) as tx:
        again = await claim_job(tx, job.tenant_id, new_id())
    assert again is not None
    async with api.browser(await api.key()) as browser:
        page = " ".join((await browser.get(f"/jobs/{job.job_id}")).text.split())
    assert "Its worker was lost 1 time, and another went on after the last chunk" in page
    assert "<dt>Attempts</dt><dd>2</dd>" in page
    assert "job_worker_lost" in page


async def test_a_job_is_called_off_and_taken_up_again(api: Api) -> None:
    job_id = await failed(api, FAILED)
    async with api.browser(await api.key(role=Role.EDITOR)) as browser:
        over = await browser.send_form(f"/jobs/{job_id}/cancel")
        resumed = await browser.send_form(f"/jobs/{job_id}/resume")
        state = (await browser.get(f"/jobs/{job_id}.json")).json()["state"]
        running = await held(api)
        await browser.send_form(f"/jobs/{running.job_id}/cancel")
        page = (await browser.get(f"/jobs/{running.job_id}")).text
    assert (over.status_code, "A job that is failed cannot be called off." in over.text) == (409, True)
    assert (resumed.status_code, resumed.headers["location"]) == (303, f"/jobs/{job_id}")
    assert state != "cancelled"
    assert "It is asked to stop" in page
    assert "Cancel the job" not in page


async def test_an_import_leads_to_its_run(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        job = await ended(client, await uploaded(client, LEDGER, mapping=MAPPING, currency="GBP"))
        page = (await browser.get(f"/jobs/{job['id']}")).text
    assert job["state"] == "completed", job
    assert f'href="/runs/{job["outcome"]["run_id"]}"' in page
    assert "ledger.csv" in page


async def test_jobs_of_another_tenant_are_not_there(api: Api) -> None:
    job = await held(api)
    async with api.browser(await api.key("other")) as stranger:
        paths = (f"/jobs/{job.job_id}", f"/jobs/{job.job_id}/progress", f"/jobs/{job.job_id}.json")
        statuses = [(await stranger.get(path)).status_code for path in paths]
        sent = [await stranger.send_form(f"/jobs/{job.job_id}/{deed}") for deed in ("cancel", "resume")]
        listed = (await stranger.get("/jobs.json")).json()["jobs"]
    assert (statuses, [one.status_code for one in sent], listed) == ([404] * 3, [404] * 2, [])
