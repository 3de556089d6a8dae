"""A random series over the states of jobs: whatever order claims, losses and cancellations come in."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_chunks import Chunk, JobCancelledError, JobLostError, finish_chunk
from vcci.database.job_leases import (
    Grip,
    HeldJob,
    end_job,
    failures_of,
    hand_back_job,
    keep_job,
    put_off_job,
)
from vcci.database.job_store import (
    ENDS,
    Job,
    JobState,
    add_job,
    call_off_job,
    claim_job,
    job_by_id,
    take_up_again,
)
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction

MOST_JOBS, CHUNKS = 2, 4
ENTRY = {"attempt": 1, "code": "x", "what": "X."}
LATE = "UPDATE vcci.jobs SET lease_until = now() - interval '1 second' WHERE id = $1 AND state = 'running'"
AS_IT_IS = """
    SELECT id, state, fence, outcome::text, ARRAY(
        SELECT stage || ' ' || number FROM vcci.job_chunks c WHERE c.job_id = j.id ORDER BY stage, number
    ) AS chunks FROM vcci.jobs j
"""
SOON = "UPDATE vcci.jobs SET not_before = now() - interval '1 second' WHERE state = 'waiting'"


@dataclass
class Told:
    """What is known of a job: its state, the tokens that were given out, and the chunks that are done."""

    state: JobState = JobState.QUEUED
    tokens: list[HeldJob] = field(default_factory=list)
    chunks: int = 0
    is_called_off: bool = False
    is_late: bool = False

    @property
    def held(self) -> HeldJob:
        return self.tokens[-1]


class JobSeries(RuleBasedStateMachine):
    """Does to jobs what workers, callers and failures do, and compares PostgreSQL with what is known."""

    runner: ClassVar[asyncio.Runner]
    connection: ClassVar[Connection]
    tenant_id: ClassVar[UUID]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[UUID, Told] = {}
        self.raw("DELETE FROM vcci.job_chunks")
        self.raw("DELETE FROM vcci.jobs")

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def raw(self, sql: str, *values: Any) -> None:
        self.do(self.connection.execute(sql, *values))

    def tx(self, work: Any) -> Any:
        """Return what work returns with a transaction of the loader; what it raises undoes it."""

        async def within() -> Any:
            ours = tenant_transaction(self.connection, tenant_id=self.tenant_id, role=Role.LOADER)
            async with ours as tx:
                return await work(tx)

        return self.do(within())

    def finish(self, held: HeldJob, chunk: Chunk) -> None:
        self.tx(lambda tx: finish_chunk(tx, held, chunk))

    def one(self, data: st.DataObject, *states: JobState) -> tuple[UUID, Told]:
        found = [job_id for job_id, told in self.jobs.items() if told.state in states]
        job_id = data.draw(st.sampled_from(found))
        return job_id, self.jobs[job_id]

    def any_is(self, *states: JobState) -> bool:
        return any(told.state in states for told in self.jobs.values())

    @precondition(lambda self: len(self.jobs) < MOST_JOBS)
    @rule()
    def is_asked_for(self) -> None:
        job_id = new_id()
        self.tx(lambda tx: add_job(tx, self.tenant_id, job=(job_id, new_id(), "x"), task={}))
        self.jobs[job_id] = Told()

    @rule()
    def worker_asks(self) -> None:
        due = {
            job_id
            for job_id, told in self.jobs.items()
            if told.state is JobState.QUEUED or (told.state is JobState.RUNNING and told.is_late)
        }
        worker_id = new_id()
        found = self.tx(lambda tx: claim_job(tx, self.tenant_id, worker_id))
        assert (found is not None) == bool(due)
        if found is not None:
            assert found.id == min(due)
            self.claimed(found, worker_id)

    def claimed(self, found: Job, worker_id: UUID) -> None:
        told = self.jobs[found.id]
        assert found.fence == len(told.tokens) + 1
        told.tokens.append(HeldJob(self.tenant_id, found.id, worker_id, found.fence))
        told.state, told.is_late = JobState.RUNNING, False

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data())
    def lease_is_renewed(self, data: st.DataObject) -> None:
        _, told = self.one(data, JobState.RUNNING)
        grip = self.tx(lambda tx: keep_job(tx, told.held, {"step": 1}))
        assert grip is (Grip.CALLED_OFF if told.is_called_off else Grip.HELD)
        told.is_late = False

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data())
    def lease_runs_out(self, data: st.DataObject) -> None:
        job_id, told = self.one(data, JobState.RUNNING)
        self.raw(LATE, job_id)
        told.is_late = True

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data())
    def chunk_is_finished(self, data: st.DataObject) -> None:
        _, told = self.one(data, JobState.RUNNING)
        self.finish_next(told)

    def finish_next(self, told: Told) -> None:
        chunk = Chunk("x", told.chunks)
        if told.is_called_off:
            with pytest.raises(JobCancelledError):
                self.finish(told.held, chunk)
            return
        self.finish(told.held, chunk)
        told.chunks, told.is_late = told.chunks + 1, False
        assert self.tx(lambda tx: failures_of(tx, told.held)) == (0, 0)

    @precondition(
        lambda self: any(told.chunks and told.state is JobState.RUNNING for told in self.jobs.values())
    )
    @rule(data=st.data())
    def chunk_is_finished_again(self, data: st.DataObject) -> None:
        done = [told for told in self.jobs.values() if told.chunks and told.state is JobState.RUNNING]
        for told in done[:1]:
            chunk = Chunk("x", data.draw(st.integers(0, told.chunks - 1)))
            with pytest.raises((asyncpg.UniqueViolationError, JobCancelledError)):
                self.finish(told.held, chunk)

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data(), wait_s=st.sampled_from([0.0, 600.0]), is_death=st.booleans())
    def attempt_fails(self, data: st.DataObject, wait_s: float, is_death: bool) -> None:
        _, told = self.one(data, JobState.RUNNING)
        put_off = partial(put_off_job, wait_s=wait_s, is_death=is_death)
        assert self.tx(lambda tx: put_off(tx, told.held, ENTRY))
        told.state = JobState.WAITING if wait_s else JobState.QUEUED

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data())
    def worker_stops(self, data: st.DataObject) -> None:
        _, told = self.one(data, JobState.RUNNING)
        assert self.tx(lambda tx: hand_back_job(tx, told.held))
        told.state = JobState.QUEUED

    @precondition(lambda self: self.any_is(JobState.RUNNING))
    @rule(data=st.data(), state=st.sampled_from([JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED]))
    def work_ends(self, data: st.DataObject, state: JobState) -> None:
        _, told = self.one(data, JobState.RUNNING)
        assert self.tx(lambda tx: end_job(tx, told.held, state=state, outcome={}))
        told.state = state

    @precondition(lambda self: self.any_is(JobState.WAITING))
    @rule()
    def time_goes_by(self) -> None:
        self.raw(SOON)
        for told in self.jobs.values():
            if told.state is JobState.WAITING:
                told.state = JobState.QUEUED  # as good as that: whoever asks may have it

    @precondition(lambda self: bool(self.jobs))
    @rule(data=st.data())
    def somebody_calls_it_off(self, data: st.DataObject) -> None:
        job_id, told = self.one(data, *JobState)
        state = self.tx(lambda tx: call_off_job(tx, self.tenant_id, job_id))
        if told.state in ENDS:
            assert state is None
            return
        told.is_called_off = True
        told.state = JobState.RUNNING if told.state is JobState.RUNNING else JobState.CANCELLED
        assert state == told.state

    @precondition(lambda self: bool(self.jobs))
    @rule(data=st.data())
    def somebody_resumes_it(self, data: st.DataObject) -> None:
        job_id, told = self.one(data, *JobState)
        before = self.tx(lambda tx: job_by_id(tx, self.tenant_id, job_id)).state
        may_resume = before in (JobState.FAILED, JobState.CANCELLED, JobState.WAITING)
        assert self.tx(lambda tx: take_up_again(tx, self.tenant_id, job_id)) == may_resume
        if may_resume:
            told.state, told.is_called_off = JobState.QUEUED, False

    @precondition(lambda self: any(len(told.tokens) > 1 for told in self.jobs.values()))
    @rule()
    def stale_workers_write(self) -> None:
        for told in self.jobs.values():
            stale = told.tokens[:-1] if told.state is JobState.RUNNING else told.tokens
            for held in stale[-2:]:
                self.refused(held)

    def refused(self, held: HeldJob) -> None:
        """Try everything that a holder may write."""

        async def every(tx: Connection) -> list[Any]:
            return [
                await keep_job(tx, held, {"step": 99}) is not Grip.LOST,
                await end_job(tx, held, state="completed", outcome={"stale": 1}),
                await put_off_job(tx, held, ENTRY, wait_s=1.0, is_death=True),
                await hand_back_job(tx, held),
                await failures_of(tx, held) is not None,
            ]

        assert self.tx(every) == [False] * 5
        with pytest.raises(JobLostError):
            self.finish(held, Chunk("stale", 0))

    @invariant()
    def postgresql_knows_the_same(self) -> None:
        rows = self.do(self.connection.fetch(AS_IT_IS))
        assert {row["id"] for row in rows} == set(self.jobs)
        for row in rows:
            told = self.jobs[row["id"]]
            waits = {JobState.QUEUED, JobState.WAITING}
            assert row["state"] == told.state or {row["state"], told.state} == waits
            assert (row["fence"], row["outcome"]) == (len(told.tokens), "{}")
            assert row["chunks"] == [f"x {number}" for number in range(told.chunks)]

    def teardown(self) -> None:
        """Let work go on without trouble: every job ends, after chunks that it has not done yet."""
        for job_id, told in self.jobs.items():
            self.raw(LATE, job_id)
            told.is_late = True
        self.time_goes_by()
        while any(told.state not in ENDS for told in self.jobs.values()):
            worker_id = new_id()
            found = self.tx(lambda tx, worker_id=worker_id: claim_job(tx, self.tenant_id, worker_id))
            assert found is not None
            self.claimed(found, worker_id)
            self.goes_on(self.jobs[found.id])
        self.postgresql_knows_the_same()

    def goes_on(self, told: Told) -> None:
        end = JobState.CANCELLED if told.is_called_off else JobState.COMPLETED
        while told.chunks < CHUNKS and not told.is_called_off:
            self.finish_next(told)
        assert self.tx(lambda tx: end_job(tx, told.held, state=end, outcome={}))
        told.state = end


def test_no_series_of_events_loses_a_job_or_does_a_chunk_twice(url: str) -> None:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        tenant_id = runner.run(ensure_tenant(connection, "local"))
        told = {"runner": runner, "connection": connection, "tenant_id": tenant_id}
        series = type("Series", (JobSeries,), told)
        few = settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(series, settings=few)
        runner.run(connection.close())
