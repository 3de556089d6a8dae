"""Ledgers over HTTP: uploaded, run by a job, asked about, mended and run again; nothing is lost."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.acceptance.test_repair import MENDS, RIGHT, WRONG
from tests.acceptance.test_run_command import RULES
from tests.support.api import Api, running
from tests.support.books import faults_in_books
from tests.support.jobs import FILES, JOBS, ended, uploaded

from vcci.domain.access import Role

OXFORD = Path(__file__).parents[3] / "examples" / "oxford-city-council"


@pytest_asyncio.fixture
async def api(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application with a data folder of its own."""
    async with running(url, data_dir=data_dir, max_file_bytes=500_000) as api:
        yield api


def mended(rejects: str, mends: dict[int, dict[str, str]]) -> bytes:
    rows = list(csv.DictReader(io.StringIO(rejects)))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(row | mends.get(int(row["line"]), {}) for row in rows)
    return text.getvalue().encode()


def folders(data_dir: Path) -> list[str]:
    return [path.name for path in data_dir.glob("uploads/*/*")]


async def test_uploaded_ledger_becomes_a_run_that_adds_up(api: Api) -> None:
    ledger = b"".join((OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)[:2_001])
    mapping = (OXFORD / "mapping.yaml").read_text()
    async with api.client(await api.key()) as client:
        job = await ended(client, await uploaded(client, ledger, mapping=mapping))
        outcome = job["outcome"]
        run = (await client.get(f"/api/v1/runs/{outcome['run_id']}")).json()
        report = (await client.get("/api/v1/reporting/emissions")).json()
        file = (await client.get(f"{FILES}/{job['file_id']}")).json()
    assert (job["state"], job["error"], job["attempts"]) == ("completed", None, 1)
    counts = outcome["counts"]
    assert counts["rows"] == 2_000 == sum(counts.values()) - counts["rows"]
    assert run["total_mg_co2e"] == outcome["total_mg_co2e"] == report["total"]["emissions_mg_co2e"] > 0
    assert (file["name"], file["size_bytes"], file["jobs"]) == ("ledger.csv", len(ledger), [job])
    assert await faults_in_books(api.service.pool.url) == {}


async def test_rejected_rows_are_fetched_mended_and_given_back(api: Api) -> None:
    async with api.client(await api.key()) as client:
        first = await ended(client, await uploaded(client, WRONG.encode(), mapping=RULES))
        where = f"{FILES}/{first['file_id']}"
        rejects = (await client.get(f"{where}/rejects")).text
        files = {"file": ("rejects.csv", mended(rejects, MENDS))}
        queued = (await client.post(f"{where}/repairs", files=files)).json()
        second = await ended(client, queued)
        right = await ended(client, await uploaded(client, RIGHT.encode(), mapping=RULES))
        run = (await client.get(f"/api/v1/runs/{second['outcome']['run_id']}")).json()
        left = (await client.get(f"{where}/rejects")).text
    assert first["outcome"]["counts"]["rejected"] == 5
    assert second["outcome"]["counts"] == right["outcome"]["counts"]
    assert second["outcome"]["total_mg_co2e"] == right["outcome"]["total_mg_co2e"]
    assert run["successor_of"] == first["outcome"]["run_id"]
    assert len(left.splitlines()) == 1


async def test_what_is_ambiguous_is_asked_and_answered_without_a_new_upload(api: Api) -> None:
    ledger = b"Supplier,Expense type,Invoice date,Amount GBP\nAlpha,Software licences,03/04/2022,10\n"
    async with api.client(await api.key()) as client:
        asked = await ended(client, await uploaded(client, ledger, mapping=RULES))
        answers = {"mapping": RULES, "date_order": "day-month-year"}
        queued = (await client.post(f"{FILES}/{asked['file_id']}/runs", json=answers)).json()
        done = await ended(client, queued)
        mapping = (await client.get(f"{FILES}/{asked['file_id']}/mapping")).text
    assert asked["state"] == "failed"
    assert "--date-order" in asked["error"]["remedy"] + asked["error"]["what"]
    assert (done["state"], done["outcome"]["counts"]["rejected"]) == ("completed", 0)
    assert "day-month-year" in mapping


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.xlsx", b"PK\x03\x04" + b"\0" * 500),
        ("empty.csv", b""),
        ("nul.csv", b"a,b\n\0\0\0,1\n" * 50),
        ("../../etc/passwd", b"root:x:0:0\n"),
    ],
)
async def test_hostile_file_ends_its_job_with_a_code_and_the_service_lives(
    api: Api, name: str, content: bytes
) -> None:
    async with api.client(await api.key()) as client:
        job = await ended(client, await uploaded(client, content, name=name))
        file = (await client.get(f"{FILES}/{job['file_id']}")).json()
        assert (await client.get("/readyz")).status_code == 200
    assert (job["state"], job["outcome"]) == ("failed", None)
    assert job["error"]["code"] != "internal_error"
    assert "/" not in file["name"]


async def test_file_beyond_the_limit_is_refused_and_leaves_nothing(api: Api, data_dir: Path) -> None:
    async with api.client(await api.key()) as client:
        refused = await client.post(FILES, files={"file": ("big.csv", b"x" * 500_001)})
        listed = (await client.get(FILES)).json()["data"]
    assert (refused.status_code, refused.json()["code"]) == (422, "file_too_large")
    assert listed == []
    assert [path for path in (data_dir / "uploads").rglob("*") if path.is_file()] == []


async def test_file_stays_where_it_is_not_sure_that_nothing_came_of_it(
    api: Api, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: object) -> None:
        raise ConnectionError("after the commit")

    async with api.client(await api.key()) as client:
        with monkeypatch.context() as patched:
            patched.setattr(type(api.service), "outdated", cut)
            with pytest.raises(ConnectionError):
                await client.post(FILES, files={"file": ("ledger.csv", RIGHT.encode())})
        (file,) = (await client.get(FILES)).json()["data"]
    assert folders(data_dir) == [file["id"]]


async def test_same_upload_with_the_same_key_is_taken_once(api: Api, data_dir: Path) -> None:
    async with api.client(await api.key(), **{"Idempotency-Key": "upload"}) as client:
        first = await uploaded(client, RIGHT.encode(), mapping=RULES)
        again = await uploaded(client, RIGHT.encode(), mapping=RULES)
        other = await client.post(
            FILES, files={"file": ("ledger.csv", WRONG.encode())}, data={"mapping": RULES}
        )
        listed = (await client.get(FILES)).json()["data"]
    assert first == again
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [file["id"] for file in listed] == [first["file_id"]]
    assert folders(data_dir) == [first["file_id"]]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPLIER])
async def test_who_may_not_write_is_refused_before_the_file_is_read(
    api: Api, role: Role, data_dir: Path
) -> None:
    async with api.client(await api.key(role=role)) as client:
        refused = await client.post(FILES, content=b"no form at all", headers={"Content-Type": "text/csv"})
    assert refused.status_code == 403
    assert not (data_dir / "uploads").exists()


async def test_files_and_jobs_of_another_tenant_read_like_none(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        job = await ended(theirs, await uploaded(theirs, RIGHT.encode(), mapping=RULES))
    unknown = "018f0000-0000-7000-8000-000000000000"
    async with api.client(await api.key()) as client:
        for path, one in ((FILES, job["file_id"]), (JOBS, job["id"])):
            assert (await client.get(path)).json()["data"] == []
            for after in ("", "/rejects", "/mapping", "/events"):
                foreign = await client.get(f"{path}/{one}{after}")
                assert foreign.content == (await client.get(f"{path}/{unknown}{after}")).content
                assert foreign.status_code == 404
        again = await client.post(f"{FILES}/{job['file_id']}/runs", json={})
    assert again.status_code == 404


async def test_events_tell_of_progress_and_end_with_what_the_job_came_to(api: Api) -> None:
    async with api.client(await api.key()) as client:
        queued = await uploaded(client, RIGHT.encode(), mapping=RULES)
        text = (await client.get(f"{queued['links']['job']}/events")).text
        job = (await client.get(queued["links"]["job"])).json()
        later = (await client.get(f"{queued['links']['job']}/events", headers={"Last-Event-ID": "999"})).text
    events = [dict(line.split(": ", 1) for line in one.splitlines()) for one in text.split("\n\n") if one]
    assert events[0] == {"retry": "500"}
    assert {one["event"] for one in events[1:-1]} <= {"progress"}
    assert events[-1]["event"] == "completed"
    assert json.loads(events[-1]["data"]) == job
    ids = [int(one["id"]) for one in events[1:]]
    assert ids == sorted(ids)
    assert [line for line in later.splitlines() if line.startswith("event")] == ["event: completed"]


async def test_pack_is_named_and_never_a_folder_of_the_service(api: Api) -> None:
    async with api.client(await api.key()) as client:
        for pack in ("../../etc", "/etc", "./pack", ".hidden"):
            files = {"file": ("ledger.csv", RIGHT.encode())}
            refused = await client.post(FILES, files=files, data={"packs": pack})
            assert (refused.status_code, refused.json()["pointer"]) == (422, "/packs")
