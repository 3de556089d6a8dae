"""Reports by jobs over HTTP: asked for once, made whole or not at all, and fetched by whose they are."""

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import pytest_asyncio
from tests.integration.api.test_reporting import random_run, suppliers_of
from tests.support.api import Api
from tests.support.database import execute
from tests.support.jobs import Client, ended
from tests.support.quiet_api import quiet

from vcci.concurrency import failpoints

URL = "/api/v1/reporting/jobs"
AT_ONCE = "/api/v1/reporting/emissions"
UNKNOWN = "018f0000-0000-7000-8000-000000000000"
EVIL = '=HYPERLINK("evil")'


@pytest_asyncio.fixture
async def idle(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application without the worker of jobs."""
    async with quiet(url, data_dir=data_dir) as api:
        yield api


async def queued(client: Client, **asked: Any) -> dict[str, Any]:
    answer = await client.post(URL, json=asked)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == told["links"]["job"]
    return told


async def made(client: Client, **asked: Any) -> tuple[dict[str, Any], bytes]:
    """Have a report made, and return what its job came to, and its file."""
    told = await queued(client, **asked)
    job = await ended(client, told)
    assert job["state"] == "completed", job
    answer = await client.get(told["links"]["result"])
    file = job["outcome"]["file"]
    assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
    assert len(answer.content) == file["size_bytes"] == int(answer.headers["Content-Length"])
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{file["name"]}"'
    return job["outcome"], answer.content


def files_in(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "reports").rglob("*") if path.is_file()]


async def test_lines_add_up_to_the_report_that_is_made_at_once(api: Api) -> None:
    suppliers = await suppliers_of(api, EVIL, "Beta")
    for seed in (1, 2):
        await random_run(api, seed, suppliers)
    async with api.client(await api.key()) as client:
        total = (await client.get(AT_ONCE)).json()["total"]
        outcome, content = await made(client, content="lines", format="csv")
        _, parquet = await made(client, content="lines", format="parquet")
    rows, same = list(csv.DictReader(io.StringIO(content.decode()))), pl.read_parquet(parquet)
    assert sum(int(row["emissions_mg_co2e"]) for row in rows) == total["emissions_mg_co2e"]
    assert outcome["file"]["rows"] == len(rows) == same.height == total["lines"] + total["apart_lines"]
    assert same["emissions_mg_co2e"].sum() == outcome["total_mg_co2e"] == total["emissions_mg_co2e"]
    assert outcome["total_kg_co2e"] == total["emissions_kg_co2e"]
    assert {row["supplier"] for row in rows} == {"", f"'{EVIL}", "Beta"}
    assert [row["line_id"] for row in rows] == same["line_id"].to_list()


async def test_sums_by_a_job_are_those_of_the_report_that_is_made_at_once(api: Api) -> None:
    await random_run(api, 3, await suppliers_of(api, "Alpha", "Beta"))
    asked = {"group_by": ["supplier", "month"], "start_date": "2023-12-15"}
    async with api.client(await api.key()) as client:
        report = (await client.post(AT_ONCE, json=asked)).json()
        outcome, content = await made(client, **asked)
        listed = (await client.get("/api/v1/jobs")).json()["data"]
    assert json.loads(content) == report
    assert (outcome["run_id"], outcome["file"]["rows"]) == (None, len(report["groups"]))
    assert [(job["kind"], job["outcome"]) for job in listed] == [("report", outcome)]


@pytest.mark.parametrize("place", ["before_copy", "after_copy", "before_commit"])
async def test_report_whose_process_is_killed_is_made_whole_by_the_next(
    api: Api, data_dir: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = data_dir / "failpoints"
    folder.mkdir()
    (folder / f"{place}.kill").touch()
    monkeypatch.setenv(failpoints.VARIABLE, str(folder))
    await random_run(api, 4, [])
    async with api.client(await api.key()) as client:
        told = await queued(client, content="lines", format="csv")
        job = await ended(client, told)
    files = files_in(data_dir)
    assert (job["state"], job["attempts"], list(folder.iterdir())) == ("completed", 2, [])
    assert [path.name for path in files] == [job["outcome"]["file"]["sha256"]]
    assert hashlib.sha256(files[0].read_bytes()).hexdigest() == files[0].name


async def test_same_request_with_the_same_key_is_one_job(idle: Api) -> None:
    async with idle.client(await idle.key(), **{"Idempotency-Key": "report"}) as client:
        first, again = [await queued(client, group_by=["month"]) for _ in range(2)]
        other = await client.post(URL, json={"group_by": ["year"]})
        listed = (await client.get("/api/v1/jobs")).json()["data"]
    assert first == again
    assert other.json()["code"] == "idempotency_key_reused"
    assert [job["id"] for job in listed] == [first["job_id"]]


async def test_file_is_not_given_before_it_is_there(idle: Api) -> None:
    async with idle.client(await idle.key()) as client:
        told = await queued(client)
        waiting = await client.get(told["links"]["result"])
        await execute(idle.service.pool.url, "UPDATE vcci.jobs SET state = 'failed'")
        failed = await client.get(told["links"]["result"])
    assert (waiting.status_code, waiting.json()["state"]) == (409, "queued")
    assert (failed.status_code, failed.json()["detail"]) == (404, "The job is failed, and came to no file.")


async def test_file_that_is_gone_and_that_of_another_tenant_read_like_none(api: Api, data_dir: Path) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        told = await queued(theirs)
        await ended(theirs, told)
        async with api.client(await api.key()) as client:
            foreign = await client.get(told["links"]["result"])
            unknown = await client.get(f"/api/v1/jobs/{UNKNOWN}/result")
        for file in files_in(data_dir):
            file.unlink()
        gone = await theirs.get(told["links"]["result"])
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "asked",
    [
        {"content": "lines"},
        {"content": "lines", "format": "xlsx"},
        {"content": "lines", "format": "csv", "group_by": ["month"]},
        {"content": "lines", "format": "csv", "with_interval": True},
        {"content": "all", "format": "csv"},
        {"start_date": "2024-02-01", "end_date": "2024-01-01"},
    ],
)
async def test_report_that_cannot_be_is_refused(idle: Api, asked: dict[str, Any]) -> None:
    async with idle.client(await idle.key()) as client:
        answer = await client.post(URL, json=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
        assert (await client.get("/api/v1/jobs")).json()["data"] == []


async def test_report_of_a_run_that_is_not_there_is_refused(idle: Api) -> None:
    async with idle.client(await idle.key()) as client:
        answer = await client.post(URL, json={"runs": [UNKNOWN]})
    assert (answer.status_code, answer.json()["pointer"]) == (404, "/runs")
