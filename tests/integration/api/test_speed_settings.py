"""What the environment decides of speed: deadlines, what is kept, what is watched."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.api import Api, running
from tests.support.valkey import running_valkey
from tests.support.waiting import until

from vcci.monitoring.queries import SLOW_QUERIES

LIST, REPORT = "/api/v1/suppliers", "/api/v1/reporting/emissions"
ENTRY = {"id": "one", "category": 1, "factor": "naics2017:541511", "quantity": 100, "unit": "USD",
         "date": "2024-03-01", "region": "US"}  # fmt: skip


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with running_valkey() as url:
        yield url


async def locked(url: str, table: str) -> Any:
    """Hold a table so that nobody can read it."""
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    return connection


async def test_a_request_past_its_deadline_is_given_up_everywhere_and_told_so(url: str) -> None:
    async with running(url, request_seconds=0.3) as api:
        key = await api.key()
        holder = await locked(url, "vcci.suppliers")
        async with api.client(key) as client:
            answer = await client.get(LIST)
        await holder.close()
        assert (answer.status_code, answer.json()["code"]) == (504, "deadline_passed")
        await until(lambda: api.service.pool.statistics().in_use == 0)
        async with api.client(key) as client:
            assert (await client.get(LIST)).status_code == 200


async def test_a_single_line_past_its_deadline_gets_the_same_answer_before_the_router(url: str) -> None:
    async with running(url, request_seconds=0.3) as api:
        key = await api.key()
        async with api.client(key) as client:
            holder = await locked(url, "vcci.runs")
            answer = await client.get("/api/v1/emissions/00000000-0000-0000-0000-000000000001")
            await holder.close()
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_passed")


async def test_a_full_pool_is_answered_with_when_to_come_back(url: str) -> None:
    async with running(url, DB_POOL_SIZE=1) as api:
        key = await api.key()
        async with api.client(key) as client:
            await client.get("/readyz")
            api.service.pool.options = api.service.pool.options.__class__(size=1, wait_s=0.05)
            async with api.service.pool.connection():
                answer = await client.get(LIST)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "pool_busy"


@pytest.mark.parametrize(("is_on", "outcomes"), [(True, ["fwd", "hit"]), (False, [None, None])])
async def test_answers_are_kept_unless_that_is_switched_off(
    url: str, is_on: bool, outcomes: list[str | None]
) -> None:
    async with running(url, ENABLE_API_CACHE=is_on) as api, api.client(await api.key()) as client:
        found = [(await client.get(LIST)).headers.get("cache-status") for _ in range(2)]
    told = [one and next(word for word in ("fwd", "hit") if word in one) for one in found]
    assert told == outcomes


async def test_two_workers_share_answers_and_reports_in_redis_and_see_each_others_writes(
    url: str, valkey: str
) -> None:
    async with running(url, REDIS_URL=valkey) as one, running(url, REDIS_URL=valkey) as other:
        key = await one.key()
        async with one.client(key) as first, other.client(key) as second:
            await first.get(LIST)
            assert "hit" in (await second.get(LIST)).headers["cache-status"]
            before = (await first.post(REPORT, json={})).json()
            assert (await second.post(REPORT, json={})).json() == before
            assert (await second.post("/api/v1/emissions", json=ENTRY)).status_code == 201
            after = (await second.post(REPORT, json={})).json()
            assert after["total"]["lines"] == before["total"]["lines"] + 1
            await until(lambda: one.service.coherence.number == other.service.coherence.number)
            assert (await first.post(REPORT, json={})).json() == after


async def test_a_report_is_made_once_and_again_when_something_of_it_changes(url: str) -> None:
    async with running(url) as api, api.client(await api.key()) as client:
        await client.post("/api/v1/emissions", json=ENTRY)
        reports = [(await client.post(REPORT, json={})).json() for _ in range(3)]
        kept = len(api.service.values.near)
        await client.post("/api/v1/emissions", json={**ENTRY, "id": "two"})
        last = (await client.post(REPORT, json={})).json()
    assert reports == [reports[0]] * 3
    assert (kept, last["total"]["lines"]) == (1, reports[0]["total"]["lines"] + 1)


async def test_reports_of_two_tenants_are_apart(api: Api) -> None:
    async with api.client(await api.key()) as ours, api.client(await api.key("theirs")) as theirs:
        await ours.post("/api/v1/emissions", json=ENTRY)
        lines = [(await one.post(REPORT, json={})).json()["total"]["lines"] for one in (ours, theirs)]
    assert lines[0] >= 1
    assert lines[1] == 0


@pytest.mark.parametrize("is_on", [True, False])
async def test_slow_queries_are_told_with_their_line_where_they_are_watched(
    url: str, is_on: bool, caplog: pytest.LogCaptureFixture
) -> None:
    SLOW_QUERIES._kept.clear()  # of the process, and other tests are slow too
    told = {"ENABLE_QUERY_ANALYSIS": is_on, "SLOW_QUERY_THRESHOLD_MS": 50}
    async with running(url, **told) as api, api.client(await api.key()) as client:
        holder = await locked(url, "vcci.suppliers")
        asking = asyncio.create_task(client.get(LIST))
        await asyncio.sleep(0.2)
        await holder.close()
        with caplog.at_level(logging.WARNING, "vcci.queries"):
            assert (await asking).status_code == 200
        slow = (await client.get("/admin/performance/report")).json()["slow_queries"]
    assert any("vcci.suppliers" in one["statement"] for one in slow) == is_on
    assert ("slow query" in caplog.text) == is_on


async def test_batches_are_measured_by_their_records(api: Api) -> None:
    asked = {"records": [{**ENTRY, "id": f"r{n}"} for n in range(50)]}
    async with api.client(await api.key()) as client:
        assert (await client.post("/api/v1/calculator/batch", json=asked)).status_code == 200
        told = (await client.get("/metrics")).text
    assert 'greenlang_batch_processing_duration_seconds_count{batch_type="calculator"}' in told
    assert 'greenlang_batch_throughput_records_per_second{batch_type="calculator"}' in told


async def test_metrics_can_be_switched_off(url: str) -> None:
    async with running(url, PROMETHEUS_ENABLED=False) as api, api.client() as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_answers_say_where_their_time_went_where_that_is_asked_for(url: str) -> None:
    async with running(url, server_timing=True) as api, api.client(await api.key()) as client:
        told = (await client.get("/api/v1/emissions/00000000-0000-0000-0000-000000000001")).headers
    assert told["server-timing"].startswith("total;dur=")
    assert "db;dur=" in told["server-timing"]


async def test_a_run_stored_past_the_service_is_seen_by_it(url: str, tmp_path: Any) -> None:
    from tests.support.database import calculated

    from vcci.database.run_store import run_store

    async with running(url) as api, api.client(await api.key()) as client:
        before = [(await client.get("/api/v1/runs")).json()["data"] for _ in range(2)][1]
        number = api.service.coherence.number
        async with run_store(url, tenant="local") as store:
            await store.save(calculated(tmp_path / "run"))
        await until(lambda: api.service.coherence.number > number)
        after = (await client.get("/api/v1/runs")).json()["data"]
    assert len(after) == len(before) + 1
