"""Jobs over HTTP: called off and taken up again by who may, where their state allows it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.api import Api
from tests.support.database import execute
from tests.support.jobs import JOBS, Client
from tests.support.quiet_api import quiet

from vcci.domain.access import Role

UNKNOWN = "018f0000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture
async def api(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application without the worker of jobs."""
    async with quiet(url, data_dir=data_dir) as api:
        yield api


async def queued(client: Client) -> str:
    """Queue a job, and return its address."""
    address: str = (await client.post("/api/v1/reporting/jobs", json={})).json()["links"]["job"]
    return address


async def test_job_that_waits_is_called_off_at_once_and_taken_up_again(api: Api) -> None:
    async with api.client(await api.key()) as client:
        job = await queued(client)
        called_off = await client.post(f"{job}/cancel")
        resumed = await client.post(f"{job}/resume")
        now = (await client.get(job)).json()
    assert (called_off.status_code, called_off.json()["state"]) == (200, "cancelled")
    assert (resumed.status_code, resumed.json()) == (200, now)
    assert (now["state"], now["finished_at"]) == ("queued", None)


async def test_job_that_is_worked_on_is_asked_to_stop(api: Api) -> None:
    async with api.client(await api.key()) as client:
        job = await queued(client)
        await execute(api.service.pool.url, "UPDATE vcci.jobs SET state = 'running'")
        answers = [await client.post(f"{job}/cancel") for _ in range(2)]
        resumed = await client.post(f"{job}/resume")
    assert [(one.status_code, one.json()["state"]) for one in answers] == [(202, "running")] * 2
    assert (resumed.status_code, resumed.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("state", "cancelled", "resumed"),
    [
        ("queued", 200, 409),
        ("running", 202, 409),
        ("waiting", 200, 200),
        ("completed", 409, 409),
        ("failed", 409, 200),
        ("cancelled", 409, 200),
    ],
)
async def test_what_a_state_does_not_allow_is_told(
    api: Api, state: str, cancelled: int, resumed: int
) -> None:
    async with api.client(await api.key()) as client:
        for deed, status in (("cancel", cancelled), ("resume", resumed)):
            job = await queued(client)
            await execute(api.service.pool.url, f"UPDATE vcci.jobs SET state = '{state}'")
            answer = await client.post(f"{job}/{deed}")
            assert answer.status_code == status, deed
            if status == 409:
                assert answer.json()["state"] == state
                assert answer.json()["detail"].startswith(f"A job that is {state} cannot be ")


async def test_deed_that_is_sent_again_with_its_key_is_answered_as_before(api: Api) -> None:
    async with api.client(await api.key()) as client:
        job, key = await queued(client), {"Idempotency-Key": "off"}
        first, again = [await client.post(f"{job}/cancel", headers=key) for _ in range(2)]
        anew = await client.post(f"{job}/cancel")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (again.headers["Idempotent-Replayed"], anew.status_code) == ("true", 409)


async def test_job_of_another_tenant_is_not_there_and_who_only_reads_may_not(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        job = await queued(theirs)
    async with (
        api.client(await api.key()) as client,
        api.client(await api.key("theirs", Role.VIEWER)) as viewer,
    ):
        for deed in ("cancel", "resume"):
            foreign, unknown = [await client.post(f"{one}/{deed}") for one in (job, f"{JOBS}/{UNKNOWN}")]
            assert (foreign.status_code, foreign.content) == (404, unknown.content)
            assert (await viewer.post(f"{job}/{deed}")).status_code == 403
