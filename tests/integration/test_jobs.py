"""Jobs and who works on them: each is done once, whoever dies meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from tests.support.database import execute, value
from tests.support.jobs import claimed, held_by, job, ledger_service, queued, until, until_over, writing
from tests.support.waiting import until as within_ten_seconds

from vcci.database.ids import new_id
from vcci.database.job_chunks import Chunk, JobCancelledError, finish_chunk
from vcci.database.job_leases import Grip, end_job, hand_back_job, keep_job
from vcci.database.job_store import BULK, add_job, call_off_job, take_up_again
from vcci.database.run_store import run_store
from vcci.errors import DatabaseError
from vcci.runtime import job_at_work, job_child, job_failures, job_worker
from vcci.runtime.job_at_work import JobAtWork
from vcci.runtime.job_worker import JobWorker
from vcci.runtime.service import Service


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path) -> AsyncIterator[Service]:
    """A service whose jobs nobody does by itself."""
    async with ledger_service(url, data_dir) as service:
        yield service


async def test_job_is_held_by_one_of_many_that_ask_at_once(service: Service) -> None:
    job_id = await queued(service)
    found = await asyncio.gather(*(claimed(service, new_id()) for _ in range(8)))
    assert [one.id for one in found if one] == [job_id]


async def test_lease_that_has_run_out_passes_on_and_the_first_writes_no_more(service: Service) -> None:
    await queued(service)
    first = await claimed(service, new_id())
    assert first is not None
    assert await claimed(service, new_id()) is None
    await execute(service.pool.url, "UPDATE vcci.jobs SET lease_until = now() - interval '1 second'")
    second = await claimed(service, new_id())
    assert second is not None
    assert (second.attempts, second.fence, second.deaths, second.losses) == (2, first.fence + 1, 0, 1)
    late, held = held_by(service, first), held_by(service, second)
    async with writing(service) as tx:
        assert await keep_job(tx, late, {"step": 9}) is Grip.LOST
        assert not await end_job(tx, late, state="completed", outcome={})
        assert await end_job(tx, held, state="failed", outcome={"error": {}})
        assert not await end_job(tx, held, state="completed", outcome={})


async def test_holder_whose_lease_has_run_out_holds_the_job_until_another_asks(service: Service) -> None:
    await queued(service)
    first = await claimed(service, new_id())
    assert first is not None
    await execute(service.pool.url, "UPDATE vcci.jobs SET lease_until = now() - interval '1 hour'")
    async with writing(service) as tx:
        assert await keep_job(tx, held_by(service, first), {}) is Grip.HELD
    assert await claimed(service, new_id()) is None


async def test_job_that_is_handed_back_is_done_by_another(service: Service) -> None:
    await queued(service)
    first = await claimed(service, new_id())
    assert first is not None
    async with writing(service) as tx:
        assert await hand_back_job(tx, held_by(service, first))
    again = await claimed(service, new_id())
    assert again is not None
    assert (again.attempts, again.deaths, again.losses) == (1, 0, 0)


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


@pytest.mark.parametrize("turns", range(6))
async def test_worker_that_is_stopped_as_it_is_called_stops(service: Service, turns: int) -> None:
    worker = JobWorker(service)
    running = asyncio.create_task(worker.run())
    await within_ten_seconds(lambda: bool(worker._called._waiters))
    worker.heard(str(service.home_tenant_id))
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    stopped, _ = await asyncio.wait({running}, timeout=10)
    assert stopped == {running}


async def test_two_workers_do_many_jobs_each_once(service: Service) -> None:
    jobs = [await queued(service) for _ in range(4)]
    async with job_worker.working(service), job_worker.working(service):
        done = [await until_over(service, one) for one in jobs]
    assert [(one.state, one.attempts) for one in done] == [("completed", 1)] * 4
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.runs") == 1


@pytest.mark.parametrize("dying", ["import os; os.kill(os.getpid(), 9)", "print('what nobody understands')"])
async def test_job_whose_process_dies_each_time_is_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch, dying: str
) -> None:
    monkeypatch.setattr(job_child, "CHILD", ("-c", dying))
    job_id = await queued(service)
    async with job_worker.working(service):
        failed = await until_over(service, job_id)
    assert (failed.state, failed.outcome["error"]["code"]) == ("failed", "job_gave_up")
    assert failed.attempts == job_failures.MOST_DEATHS
    assert [one["code"] for one in failed.history] == ["job_process_died"] * 2 + ["job_gave_up"]


async def lost(service: Service, times: int) -> None:
    """Let workers claim the only job and be lost, one after the other."""
    for _ in range(times):
        assert await claimed(service, new_id()) is not None
        await execute(service.pool.url, "UPDATE vcci.jobs SET lease_until = now() - interval '1 second'")


async def test_job_whose_worker_is_lost_more_often_than_a_process_may_die_completes(service: Service) -> None:
    job_id = await queued(service)
    await lost(service, job_failures.MOST_DEATHS + 1)
    async with job_worker.working(service):
        done = await until_over(service, job_id)
    assert (done.state, done.attempts, done.losses) == ("completed", 5, 0)
    assert [one["code"] for one in done.history] == ["job_worker_lost"] * 4


async def test_job_that_takes_its_worker_down_each_time_is_given_up(service: Service) -> None:
    job_id = await queued(service)
    await lost(service, job_failures.MOST_LOSSES)
    async with job_worker.working(service):
        failed = await until_over(service, job_id)
    assert (failed.state, failed.outcome["error"]["code"]) == ("failed", "job_gave_up")
    assert (failed.attempts, failed.losses, failed.deaths) == (11, 10, 0)
    assert [one["code"] for one in failed.history] == ["job_worker_lost"] * 10 + ["job_gave_up"]


async def test_chunk_that_is_finished_sets_losses_back(service: Service) -> None:
    await queued(service)
    await lost(service, 2)
    third = await claimed(service, new_id())
    assert third is not None
    assert third.losses == 2
    async with writing(service) as tx:
        await finish_chunk(tx, held_by(service, third), Chunk("stage", 0))
    assert (await job(service, third.id)).losses == 0


async def test_process_of_a_job_that_another_took_over_is_ended(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells_its_pid = (
        "import json, os, time",
        "print(json.dumps({'stage': str(os.getpid())}), flush=True)",
        "time.sleep(600)",
    )
    monkeypatch.setattr(job_child, "CHILD", ("-c", "; ".join(tells_its_pid)))
    monkeypatch.setattr(job_at_work, "RENEW_SECONDS", 0.05)
    job_id, other = await queued(service), new_id()
    async with job_worker.working(service):
        told = await until(service, job_id, lambda found: bool(found.progress))
        taken = (
            f"UPDATE vcci.jobs SET worker_id = '{other}', fence = 9, lease_until = now() + interval '1 hour'"
        )
        await execute(service.pool.url, taken)
        pid = Path("/proc", told.progress["stage"])
        await until(service, job_id, lambda _: not pid.exists())
    found = await job(service, job_id)
    assert (found.state, found.worker_id) == ("running", other)


async def test_process_of_a_worker_that_is_gone_ends_itself() -> None:
    pipe = asyncio.subprocess.PIPE
    code = "from vcci.runtime.job_lifeline import Lifeline; import time; Lifeline().order(); time.sleep(600)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=pipe)
    assert child.stdin is not None
    child.stdin.write(b"an order\n")
    await child.stdin.drain()
    child.stdin.close()
    assert await asyncio.wait_for(child.wait(), 30) == 75


@pytest.mark.parametrize("state", ["queued", "failed"])
async def test_job_that_is_called_off_can_be_taken_up_again(service: Service, state: str) -> None:
    job_id = await queued(service)
    await execute(service.pool.url, f"UPDATE vcci.jobs SET state = '{state}'")
    async with writing(service) as tx:
        called_off = await call_off_job(tx, service.home_tenant_id, job_id)
        assert called_off == (None if state == "failed" else "cancelled")
        assert await take_up_again(tx, service.home_tenant_id, job_id)
    async with job_worker.working(service):
        assert (await until_over(service, job_id)).state == "completed"


async def test_job_that_is_called_off_while_it_is_worked_on_ends_between_two_chunks(service: Service) -> None:
    chunks = 0

    async def work(at: JobAtWork) -> dict[str, Any]:
        nonlocal chunks
        while not at.called_off.is_set():
            chunks += 1
            await asyncio.sleep(0.01)
        raise JobCancelledError

    job_id = await small_job(service)
    async with job_worker.working(service, kinds={"small": work}):
        await until(service, job_id, lambda found: found.state == "running")
        async with writing(service) as tx:
            assert await call_off_job(tx, service.home_tenant_id, job_id) == "running"
        ended = await until_over(service, job_id)
    assert (ended.state, ended.outcome, chunks > 0) == ("cancelled", {}, True)


async def test_work_that_does_not_end_by_itself_is_ended(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_at_work, "FORCE_SECONDS", 0.0)

    async def work(at: JobAtWork) -> dict[str, Any]:
        await asyncio.sleep(600)
        return {}

    job_id = await small_job(service)
    async with job_worker.working(service, kinds={"small": work}):
        await until(service, job_id, lambda found: found.state == "running")
        async with writing(service) as tx:
            await call_off_job(tx, service.home_tenant_id, job_id)
        assert (await until_over(service, job_id)).state == "cancelled"


async def test_error_that_may_pass_is_tried_again_and_others_are_final_at_once(service: Service) -> None:
    tries = {"away": 0, "wrong": 0}

    async def work(at: JobAtWork) -> dict[str, Any]:
        name = at.job.task["name"]
        tries[name] += 1
        if name == "wrong":
            raise KeyError("secret")
        if tries[name] < 3:
            raise DatabaseError("Away.", remedy="Wait.", code="database_away")
        return {"tries": tries[name]}

    away, wrong = [await small_job(service, name=name) for name in ("away", "wrong")]
    async with job_worker.working(service, kinds={"small": work}):
        passed, final = await until_over(service, away), await until_over(service, wrong)
    assert (passed.state, passed.outcome, passed.failures) == ("completed", {"tries": 3}, 2)
    assert (final.state, final.attempts, tries["wrong"]) == ("failed", 1, 1)
    assert final.outcome["error"]["code"] == final.history[0]["code"] == "job_broke_down"
    assert "secret" not in str(final.outcome)


async def test_job_of_a_kind_that_nobody_knows_is_a_dead_letter(service: Service) -> None:
    job_id = await small_job(service)
    async with job_worker.working(service):
        ended = await until_over(service, job_id)
    assert (ended.state, ended.outcome["error"]["code"]) == ("failed", "job_kind_unknown")


@pytest.mark.parametrize("slots", [2, 4])
async def test_backlog_of_bulk_never_takes_the_reserved_slot(service: Service, slots: int) -> None:
    at_once, most_bulk, order = 0, 0, []

    async def work(at: JobAtWork) -> dict[str, Any]:
        nonlocal at_once, most_bulk
        order.append(at.job.task["name"])
        at_once += at.job.priority == BULK
        most_bulk = max(most_bulk, at_once)
        await asyncio.sleep(0.2 if at.job.priority == BULK else 0)
        at_once -= at.job.priority == BULK
        return {}

    jobs = [await small_job(service, name="bulk", priority=BULK) for _ in range(12)]
    async with job_worker.working(service, slots=slots, kinds={"small": work}):
        await until(service, jobs[0], lambda found: found.is_over)
        begun = len(order)
        small = await small_job(service, name="small")
        await until_over(service, small)

        for one in jobs:
            await until_over(service, one)
    assert most_bulk == slots - 1
    assert order.index("small") <= begun + slots - 1
    assert len(order) == 13


async def test_jobs_that_somebody_waits_for_come_first(service: Service) -> None:
    order = []

    async def work(at: JobAtWork) -> dict[str, Any]:
        order.append(at.job.task["name"])
        return {}

    asked = [await small_job(service, name=f"bulk {n}", priority=BULK) for n in range(3)]
    asked += [await small_job(service, name=f"small {n}") for n in range(3)]
    async with job_worker.working(service, slots=1, kinds={"small": work}):
        for one in asked:
            await until_over(service, one)
    assert order == ["small 0", "small 1", "small 2", "bulk 0", "bulk 1", "bulk 2"]


async def test_tenants_take_turns(service: Service) -> None:
    order = []

    async def work(at: JobAtWork) -> dict[str, Any]:
        order.append(at.job.task["name"])
        return {}

    async with run_store(service.pool.url, tenant="other") as other:
        other_id = other.tenant_id
    for name, tenant_id in [("a", service.home_tenant_id)] * 4 + [("b", other_id)] * 2:
        await small_job(service, name=name, tenant_id=tenant_id)
    async with job_worker.working(service, slots=1, kinds={"small": work}):
        await within_ten_seconds(lambda: len(order) == 6)
    assert sorted(order[:4]) == ["a", "a", "b", "b"]


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


async def small_job(
    service: Service, *, name: str = "", priority: int = 0, tenant_id: UUID | None = None
) -> UUID:
    """Queue a job of a kind that only tests know."""
    tenant_id, job_id = tenant_id or service.home_tenant_id, new_id()
    async with writing(service, tenant_id) as tx:
        job = job_id, new_id(), "small"
        await add_job(tx, tenant_id, job=job, task={"name": name}, priority=priority)
    return job_id
