"""`vcci jobs`: jobs are listed, shown, called off and taken up again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.database import execute
from tests.support.jobs import ledger_service, queued
from typer.testing import CliRunner

from vcci.cli import app
from vcci.errors import InputError
from vcci.runtime import job_at_work, job_worker
from vcci.runtime.service import Service

ERROR = '{"error": {"code": "file_empty", "what": "It is empty.", "remedy": "Fill it.", "tried": []}}'


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """A service whose jobs nobody does, and a command line that works on it."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("VCCI_DATA_DIR", str(data_dir))
    async with ledger_service(url, data_dir) as service:
        yield service


def printed(*words: str) -> str:
    """Return what a command prints; it runs in this process, in a thread that has no loop."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(CliRunner().invoke, app, ["jobs", *words]).result()
    if done.exception is not None:
        raise done.exception
    return done.stdout


async def test_jobs_are_listed_called_off_and_taken_up_again(service: Service) -> None:
    job_id = str(await queued(service))
    assert printed("list").splitlines()[1].split("\t")[:4] == [job_id, "ledger", "queued", "0"]
    assert printed("cancel", job_id) == "cancelled\n"
    assert "state     cancelled, 0 attempts" in printed("show", job_id)
    assert printed("list", "--state", "queued").splitlines()[1:] == []
    assert printed("resume", job_id) == "queued\n"


async def test_progress_is_followed_to_the_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_at_work, "RENEW_SECONDS", 0.05)
    job_id = str(await queued(service))
    async with job_worker.working(service):
        done = await asyncio.to_thread(CliRunner().invoke, app, ["jobs", "show", job_id, "--follow"])
    stages = [line.partition("  ")[2].partition(",")[0] for line in done.stderr.splitlines()]
    assert {"read", "classify", "calculate", "publish", "store"} & set(stages)
    assert done.stdout.splitlines()[:2] == [f"job       {job_id}, ledger", "state     completed, 1 attempts"]


async def test_dead_letters_are_told_with_cause_and_remedy(service: Service) -> None:
    job_id = str(await queued(service))
    await execute(service.pool.url, f"UPDATE vcci.jobs SET state = 'failed', outcome = '{ERROR}'")
    told = printed("dead").splitlines()
    assert told == [f"{job_id}\tledger\t0 attempts", "  It is empty.", "  Fill it. [file_empty]"]


async def test_job_that_is_not_there_is_refused_with_a_code(service: Service) -> None:
    unknown = "019b2f4e-0000-7000-8000-000000000000"
    for command in ("show", "cancel", "resume"):
        with pytest.raises(InputError) as refused:
            printed(command, unknown)
        assert refused.value.code == "job_unknown"
