"""Recalculations over HTTP: what is touched gets a run beside the older one, and counts once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from tests.acceptance.test_repair import MENDS, RIGHT, WRONG
from tests.acceptance.test_run_command import RULES
from tests.integration.api.test_intake import mended
from tests.support.api import Api, running
from tests.support.jobs import FILES, JOBS, ended, uploaded

from vcci.database.ids import new_id
from vcci.database.job_store import add_job
from vcci.database.tenants import Role

PATH = "/api/v1/recalculations"
OTHERS = "ecb-rates,bea-price-index,us-cpi,naics-2017-titles"
OLDER = f"epa-supply-chain-1.2.0,{OTHERS}"
NEWER = f"epa-supply-chain-1.3.0,{OTHERS}"


@pytest_asyncio.fixture
async def api(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application with a data folder of its own."""
    async with running(url, data_dir=data_dir) as api:
        yield api


async def first_run(client: httpx2.AsyncClient, ledger: str = RIGHT) -> dict[str, Any]:
    """Upload a ledger, and return its job with the older pack."""
    job = await ended(client, await uploaded(client, ledger.encode(), mapping=RULES, packs=OLDER))
    assert job["state"] == "completed", job
    return job


async def asked(client: httpx2.AsyncClient, status: int = 202, **told: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=told)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def without_line(rejects: str, line: int) -> str:
    return "".join(row for row in rejects.splitlines(keepends=True) if f",{line}," not in row)


async def counted(client: httpx2.AsyncClient) -> int:
    """Return what the inventory of the runs that stand comes to, in mg."""
    report = (await client.get("/api/v1/reporting/emissions")).json()
    return int(report["total"]["emissions_mg_co2e"])


async def test_touched_run_gets_one_beside_it_that_counts_in_its_place(api: Api) -> None:
    async with api.client(await api.key()) as client:
        older = (await first_run(client))["outcome"]
        (queued,) = (await asked(client, packs=NEWER))["runs"]
        newer = (await ended(client, queued))["outcome"]
        runs = {run["id"]: run for run in (await client.get("/api/v1/runs")).json()["data"]}
        total = await counted(client)
        kept = (await client.get(f"/api/v1/runs/{older['run_id']}/rows/1")).json()
    assert (queued["run_id"], queued["lines"], queued["share_percent"]) == (older["run_id"], 6, 100.0)
    assert total == newer["total_mg_co2e"] != older["total_mg_co2e"]
    assert {run_id: run["is_current"] for run_id, run in runs.items()} == {
        older["run_id"]: False,
        newer["run_id"]: True,
    }
    assert runs[newer["run_id"]]["successor_of"] == older["run_id"]
    assert (kept["run_digest"], kept["outcome"]) == (older["run_digest"], "line")


async def test_bridge_adds_up_and_is_told_by_job_and_run(api: Api) -> None:
    async with api.client(await api.key()) as client:
        older = (await first_run(client))["outcome"]
        (queued,) = (await asked(client, packs=NEWER))["runs"]
        newer = (await ended(client, queued))["outcome"]
        bridge = (await client.get(f"/api/v1/runs/{newer['run_id']}/bridge")).json()
        none = await client.get(f"/api/v1/runs/{older['run_id']}/bridge")
    effects = sum(effect["emissions_mg_co2e"] for effect in bridge["effects"])
    assert effects == newer["total_mg_co2e"] - older["total_mg_co2e"] != 0
    assert (bridge["run_id"], bridge["takes_place_of"]) == (newer["run_id"], older["run_id"])
    assert (newer["recalculates"], newer["bridge"]) == (older["run_id"], bridge["effects"])
    assert none.status_code == 404


async def test_pack_that_touches_nothing_queues_nothing(api: Api) -> None:
    async with api.client(await api.key()) as client:
        job = await first_run(client)
        found = await asked(client, 200, packs=f"{OLDER},airports")
        same = await asked(client, 200)
        jobs = (await client.get(JOBS)).json()["data"]
    assert found == same == {"runs": [], "untouched": [job["outcome"]["run_id"]], "not_examined": []}
    assert [one["id"] for one in jobs] == [job["id"]]


async def test_dry_run_tells_what_is_touched_and_queues_nothing(api: Api) -> None:
    async with api.client(await api.key()) as client:
        await first_run(client)
        (found,) = (await asked(client, 200, packs=NEWER, dry_run=True))["runs"]
        jobs = (await client.get(JOBS)).json()["data"]
    assert (found["keys"], found["lines"], found["job_id"], len(jobs)) == (2, 6, None, 1)


async def test_request_that_is_sent_again_queues_once(api: Api) -> None:
    async with api.client(await api.key()) as client:
        await first_run(client)
        once = {"Idempotency-Key": "pack-of-the-year"}
        first, again = [await client.post(PATH, json={"packs": NEWER}, headers=once) for _ in range(2)]
        done = await ended(client, first.json()["runs"][0])
        jobs = (await client.get(JOBS)).json()["data"]
    assert (first.status_code, first.content) == (202, again.content)
    assert (done["kind"], done["state"], len(jobs)) == ("recalculation", "completed", 2)


async def test_file_with_a_job_under_way_is_left_alone(api: Api) -> None:
    waiting = "UPDATE vcci.jobs SET state = 'waiting', not_before = now() + interval '1 hour' WHERE id = $1"
    async with api.client(await api.key()) as client:
        file_id, job_id = (await first_run(client))["file_id"], new_id()
        tenant_id = api.service.home_tenant_id
        async with api.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
            await add_job(tx, tenant_id, job=(job_id, new_id(), "ledger"), task={"file_id": file_id})
            await tx.execute(waiting, job_id)
        (found,) = (await asked(client, 200, packs=NEWER))["not_examined"]
    assert found["code"] == "job_under_way"


async def test_chain_of_recalculations_counts_only_its_last(api: Api) -> None:
    async with api.client(await api.key()) as client:
        await first_run(client)
        outcomes = []
        for packs in (NEWER, OLDER):
            (queued,) = (await asked(client, packs=packs))["runs"]
            outcomes.append((await ended(client, queued))["outcome"])
        total, runs = await counted(client), (await client.get("/api/v1/runs")).json()["data"]
    assert total == outcomes[1]["total_mg_co2e"]
    assert outcomes[1]["recalculates"] == outcomes[0]["run_id"]
    assert [run["is_current"] for run in runs] == [True, False, False]


async def test_mended_run_is_recalculated_with_its_mends_and_mended_again_has_a_bridge(api: Api) -> None:
    async with api.client(await api.key()) as client:
        first = await first_run(client, WRONG)
        where = f"{FILES}/{first['file_id']}"
        some = {line: MENDS[line] for line in (3, 4)}
        rejects = (await client.get(f"{where}/rejects")).text
        files = {"file": ("rejects.csv", mended(rejects, some))}
        second = (await ended(client, (await client.post(f"{where}/repairs", files=files)).json()))["outcome"]
        (queued,) = (await asked(client, packs=NEWER))["runs"]
        third = (await ended(client, queued))["outcome"]
        rejects = (await client.get(f"{where}/rejects")).text
        files = {"file": ("rejects.csv", mended(rejects, MENDS))}
        last = (await ended(client, (await client.post(f"{where}/repairs", files=files)).json()))["outcome"]
        total = await counted(client)
    followed = [one["recalculates"] for one in (second, third, last)]
    assert followed == [first["outcome"]["run_id"], second["run_id"], third["run_id"]]
    assert [one["counts"]["rejected"] for one in (second, third, last)] == [3, 3, 0]
    for before, after in ((first["outcome"], second), (second, third), (third, last)):
        effects = sum(effect["emissions_mg_co2e"] for effect in after["bridge"])
        assert effects == after["total_mg_co2e"] - before["total_mg_co2e"]
    assert total == last["total_mg_co2e"]


async def test_old_rejects_given_back_late_still_leave_one_run_that_counts(api: Api) -> None:
    async with api.client(await api.key()) as client:
        first = await first_run(client, WRONG)
        where = f"{FILES}/{first['file_id']}"
        rejects = (await client.get(f"{where}/rejects")).text
        for line, rest in ((3, rejects), (4, without_line(rejects, 3))):
            files = {"file": ("rejects.csv", mended(rest, {line: MENDS[line]}))}
            job = await ended(client, (await client.post(f"{where}/repairs", files=files)).json())
        runs, total = (await client.get("/api/v1/runs")).json()["data"], await counted(client)
    assert [run["is_current"] for run in runs] == [True, False, False]
    assert total == job["outcome"]["total_mg_co2e"]


async def test_run_whose_results_are_gone_is_named_as_not_examined(api: Api, data_dir: Path) -> None:
    async with api.client(await api.key()) as client:
        run_id = (await first_run(client))["outcome"]["run_id"]
        for path in (data_dir / "uploads").rglob("inventory.json"):
            path.unlink()
        (found,) = (await asked(client, 200, packs=NEWER))["not_examined"]
    assert (found["run_id"], found["code"]) == (run_id, "results_not_kept")


async def test_another_tenant_sees_and_touches_nothing(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        run_id = (await first_run(theirs))["outcome"]["run_id"]
        async with api.client(await api.key()) as client:
            found = await asked(client, 200, packs=NEWER)
            bridge = await client.get(f"/api/v1/runs/{run_id}/bridge")
        jobs = (await theirs.get(JOBS)).json()["data"]
    assert found == {"runs": [], "untouched": [], "not_examined": []}
    assert (bridge.status_code, len(jobs)) == (404, 1)


async def test_what_no_version_has_is_refused_and_nothing_is_queued(api: Api) -> None:
    async with api.client(await api.key()) as client:
        await first_run(client)
        for told, code in (
            ({"packs": "no-such-pack"}, "pack_unknown"),
            ({"packs": "ecb-rates"}, "pack_kind_missing"),
            ({"gwp": "AR9"}, "gwp_set_unknown"),
            ({"packs": "../etc"}, "request_invalid"),
            ({"year": True}, "request_invalid"),
            ({"dry_run": 1}, "request_invalid"),
        ):
            refused = await client.post(PATH, json=told)
            assert (400 <= refused.status_code < 500, refused.json()["code"]) == (True, code)
        assert len((await client.get(JOBS)).json()["data"]) == 1
