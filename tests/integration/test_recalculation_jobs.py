"""Recalculations as jobs: killed anywhere and taken up again, they leave one run, and one bridge, once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from tests.integration.test_job_chunks import LEDGER, OPTIONS, files_of
from tests.kill.books import stray_tables
from tests.support.database import value
from tests.support.jobs import job, ledger_service, queued, until_over, writing

from vcci.concurrency import failpoints
from vcci.database.ids import new_id
from vcci.database.job_store import BULK, add_job
from vcci.database.run_succession import hold_file
from vcci.runtime import job_worker, verify_run
from vcci.runtime.job_kinds import RECALCULATION
from vcci.runtime.service import Service

OTHERS = "ecb-rates,bea-price-index,us-cpi,naics-2017-titles"
OLDER = f"epa-supply-chain-1.2.0,{OTHERS}"
NEWER = f"epa-supply-chain-1.3.0,{OTHERS}"


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path) -> AsyncIterator[Service]:
    """A service with the first thousand rows of a real ledger, and nobody who does its jobs."""
    async with ledger_service(url, data_dir, LEDGER) as service:
        yield service


async def first_run(service: Service) -> UUID:
    job_id = await queued(service, options=OPTIONS | {"packs": OLDER})
    async with job_worker.working(service):
        assert (await until_over(service, job_id)).state == "completed"
    return job_id


async def queued_again(service: Service, first_id: UUID, packs: str = NEWER, *, name: str = "") -> UUID:
    """Queue the recalculation of the run that a job came to."""
    first, job_id = await job(service, first_id), new_id()
    older = {
        "run_id": first.outcome["run_id"],
        "run_digest": first.outcome["run_digest"],
        "out": first.task["out"],
    }
    options = OPTIONS | {"packs": packs}
    task = {
        **first.task,
        "out": f"results/{name or job_id}",
        "options": options,
        "older": older,
        "chunk_rows": 300,
    }
    async with writing(service) as tx:
        told = job_id, new_id(), RECALCULATION
        await add_job(tx, service.home_tenant_id, job=told, task=task, priority=BULK)
    return job_id


@pytest.mark.parametrize("place", ["after_read", "after_part", "after_copy", "before_attach", "after_attach"])
async def test_recalculation_that_is_killed_leaves_what_an_undisturbed_one_does(
    service: Service, data_dir: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = data_dir / "failpoints"
    folder.mkdir()
    first_id = await first_run(service)
    monkeypatch.setenv(failpoints.VARIABLE, str(folder))
    (folder / f"{place}.kill").touch()
    job_id = await queued_again(service, first_id, name="killed")
    async with job_worker.working(service):
        done = await until_over(service, job_id)
        again = await until_over(service, await queued_again(service, first_id, name="undisturbed"))
    assert (done.state, done.attempts, list(folder.iterdir())) == ("completed", 2, [])
    assert again.outcome == done.outcome
    assert files_of(data_dir / "results" / "killed") == files_of(data_dir / "results" / "undisturbed")
    assert (data_dir / "results" / "killed" / "bridge.json").exists()
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.runs") == 2
    assert await stray_tables(service.pool.url) == 0


async def test_bridge_of_a_job_adds_up_to_the_difference(service: Service) -> None:
    first_id = await first_run(service)
    older = (await job(service, first_id)).outcome
    async with job_worker.working(service):
        newer = (await until_over(service, await queued_again(service, first_id))).outcome
    effects = sum(effect["emissions_mg_co2e"] for effect in newer["bridge"])
    assert effects == newer["total_mg_co2e"] - older["total_mg_co2e"] != 0
    assert newer["recalculates"] == older["run_id"]


async def test_two_that_want_one_place_are_not_both_stored(service: Service) -> None:
    first_id = await first_run(service)
    jobs = [await queued_again(service, first_id, packs) for packs in (NEWER, f"{NEWER},airports")]
    async with job_worker.working(service, slots=4):
        done = await asyncio.gather(*(until_over(service, one) for one in jobs))
    assert sorted(one.state for one in done) == ["completed", "failed"]
    (failed,) = (one for one in done if one.state == "failed")
    assert failed.outcome["error"]["code"] == "run_replaced"
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.runs") == 2


async def test_recalculation_is_verified_from_the_file(service: Service, data_dir: Path) -> None:
    first_id = await first_run(service)
    async with job_worker.working(service):
        await until_over(service, await queued_again(service, first_id, name="new"))
    new, files = data_dir / "results" / "new", [data_dir / "ledger.csv"]
    found = await asyncio.to_thread(verify_run, service.settings, new, files=files, repairs=[])
    assert [part.name for part in found if not part.is_same] == []
    assert "bridge.json" in [part.name for part in found]


async def test_file_is_held_by_one_that_queues_and_not_at_all_while_a_job_is_open(service: Service) -> None:
    job_id = await queued(service, options=OPTIONS)
    file_id = UUID((await job(service, job_id)).task["file_id"])
    async with writing(service) as tx:
        assert not await hold_file(tx, service.home_tenant_id, file_id)
    async with job_worker.working(service):
        await until_over(service, job_id)
    async with writing(service) as tx:
        assert await hold_file(tx, service.home_tenant_id, file_id)


async def test_bridge_is_none_where_the_older_results_are_gone(service: Service, data_dir: Path) -> None:
    first_id = await first_run(service)
    (data_dir / "results" / str(first_id) / "inventory.json").unlink()
    async with job_worker.working(service):
        done = await until_over(service, await queued_again(service, first_id))
    assert (done.state, done.outcome["bridge"]) == ("completed", None)
