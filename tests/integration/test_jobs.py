"""Jobs and who works on them: each is done once, whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import SecretStr
from tests.support.api import SECRET
from tests.support.database import execute, value

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_store import (
    MOST_ATTEMPTS,
    HeldJob,
    Job,
    add_job,
    claim_job,
    end_job,
    hand_back_job,
    job_by_id,
    keep_job,
)
from vcci.database.tenants import Role
from vcci.runtime import job_worker
from vcci.runtime.job_worker import JobWorker
from vcci.runtime.service import Service, opened_service
from vcci.settings import Settings

LEDGER = b"Supplier,Expense type,Invoice date,Amount GBP\nAlpha,Software licences,2022-04-03,10\n"
MAPPING = "accounts:\n  - {account: Software licences, commodity: '511210'}\nregion: GB\n"


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path) -> AsyncIterator[Service]:
    """A service whose jobs nobody does by itself."""
    (data_dir / "ledger.csv").write_bytes(LEDGER)
    settings = Settings(DATABASE_URL=SecretStr(url), secret=SecretStr(SECRET), data_dir=data_dir)
    async with opened_service(settings) as service:
        yield service


def writing(service: Service) -> AbstractAsyncContextManager[Connection]:
    return service.pool.transaction(service.home_tenant_id, role=Role.LOADER)


async def queued(service: Service, *, file: str = "ledger.csv") -> UUID:
    """Queue the run of the ledger."""
    job_id = new_id()
    options = {"mapping": MAPPING}
    task = {"file_id": str(new_id()), "file": file, "out": f"results/{job_id}", "options": options}
    async with writing(service) as tx:
        await add_job(tx, service.home_tenant_id, job=(job_id, new_id(), "ledger"), task=task)
    return job_id


async def claimed(service: Service, worker_id: UUID) -> Job | None:
    async with writing(service) as tx:
        return await claim_job(tx, service.home_tenant_id, worker_id)


async def job(service: Service, job_id: UUID) -> Job:
    async with writing(service) as tx:
        found = await job_by_id(tx, service.home_tenant_id, job_id)
    assert found is not None
    return found


async def until(service: Service, job_id: UUID, holds: Callable[[Job], bool]) -> Job:
    """Wait until something holds of a job, a minute at most, and return it."""
    for _ in range(1_200):
        found = await job(service, job_id)
        if holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def until_over(service: Service, job_id: UUID) -> Job:
    return await until(service, job_id, lambda found: found.is_over)


async def test_job_is_held_by_one_of_many_that_ask_at_once(service: Service) -> None:
    job_id = await queued(service)
    found = await asyncio.gather(*(claimed(service, new_id()) for _ in range(8)))
    assert [one.id for one in found if one] == [job_id]


async def test_lease_that_has_run_out_passes_on_and_the_first_writes_no_more(service: Service) -> None:
    job_id, first, second = await queued(service), new_id(), new_id()
    await claimed(service, first)
    assert await claimed(service, second) is None
    await execute(service.pool.url, "UPDATE vcci.jobs SET lease_until = now() - interval '1 second'")
    taken = await claimed(service, second)
    assert taken is not None
    assert taken.attempts == 2
    async with writing(service) as tx:
        late, held = (HeldJob(service.home_tenant_id, job_id, worker) for worker in (first, second))
        assert not await keep_job(tx, late, {"step": 9})
        assert not await end_job(tx, late, state="completed", outcome={})
        assert await end_job(tx, held, state="failed", outcome={"error": {}})
        assert not await end_job(tx, held, state="completed", outcome={})


async def test_job_that_is_handed_back_is_done_by_another(service: Service) -> None:
    job_id, first = await queued(service), new_id()
    await claimed(service, first)
    async with writing(service) as tx:
        await hand_back_job(tx, HeldJob(service.home_tenant_id, job_id, first), is_counted=False)
    again = await claimed(service, new_id())
    assert again is not None
    assert again.attempts == 1


async def test_worker_that_is_stopped_in_the_middle_leaves_the_job_to_the_next(service: Service) -> None:
    job_id = await queued(service)
    first = asyncio.create_task(JobWorker(service).run())
    await until(service, job_id, lambda found: found.state != "queued")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert ((await job(service, job_id)).state, (await job(service, job_id)).attempts) == ("queued", 0)
    async with job_worker.working(service):
        done = await until_over(service, job_id)
    assert (done.state, done.outcome["counts"]["lines"]) == ("completed", 1)
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.runs") == 1


async def test_two_workers_do_many_jobs_each_once(service: Service) -> None:
    jobs = [await queued(service) for _ in range(4)]
    async with job_worker.working(service), job_worker.working(service):
        done = [await until_over(service, one) for one in jobs]
    assert [(one.state, one.attempts) for one in done] == [("completed", 1)] * 4


@pytest.mark.parametrize("dying", ["import os; os.kill(os.getpid(), 9)", "print('what nobody understands')"])
async def test_job_whose_process_dies_each_time_is_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch, dying: str
) -> None:
    monkeypatch.setattr(job_worker, "CHILD", ("-c", dying))
    job_id = await queued(service)
    async with job_worker.working(service):
        failed = await until_over(service, job_id)
    assert (failed.state, failed.outcome["error"]["code"]) == ("failed", "job_gave_up")
    assert failed.attempts == MOST_ATTEMPTS + 1


async def test_process_of_a_job_that_another_took_over_is_ended(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells_its_pid = (
        "import json, os, time",
        "print(json.dumps({'stage': str(os.getpid())}), flush=True)",
        "time.sleep(600)",
    )
    monkeypatch.setattr(job_worker, "CHILD", ("-c", "; ".join(tells_its_pid)))
    monkeypatch.setattr(job_worker, "RENEW_SECONDS", 0.0)
    job_id, other = await queued(service), new_id()
    async with job_worker.working(service):
        told = await until(service, job_id, lambda found: bool(found.progress))
        taken = f"UPDATE vcci.jobs SET worker_id = '{other}', lease_until = now() + interval '1 hour'"
        await execute(service.pool.url, taken)
        pid = Path("/proc", told.progress["stage"])
        await until(service, job_id, lambda _: not pid.exists())
    found = await job(service, job_id)
    assert (found.state, found.worker_id) == ("running", other)


async def test_replies_are_forgotten_once_they_are_older_than_they_are_kept(service: Service) -> None:
    for key, age in (("old", "40 days"), ("new", "1 hour")):
        await execute(
            service.pool.url,
            "INSERT INTO vcci.idempotent_replies (tenant_id, api_key_id, route, idempotency_key,"
            " request_digest, status, headers, body, created_at)"
            f" VALUES ('{service.home_tenant_id}', '{new_id()}', 'POST /', '{key}', '', 200, '{{}}', '',"
            f" now() - interval '{age}')",
        )
    job_id = await queued(service)
    async with job_worker.working(service):
        await until_over(service, job_id)
    kept = "SELECT string_agg(idempotency_key, ',') FROM vcci.idempotent_replies"
    assert await value(service.pool.url, kept) == "new"
