"""A service as `vcci up` starts it: two years, a file with rejected rows, and one with questions."""

import csv
import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from tests.support.database import now

from vcci.database import embedded
from vcci.database.users import add_user
from vcci.domain.access import Role
from vcci.runtime.sessions import key_desk
from vcci.runtime.sign_in import password_hash
from vcci.settings import Settings

RUN = (sys.executable, "-m", "vcci")
OXFORD = Path(__file__).parents[2] / "examples" / "oxford-city-council"
ROWS = 2_000
NAME, PASSWORD = "anna", "correct horse battery"
QUESTIONS = 'Supplier,Expense type,Invoice date,Amount\nAlpha,Software,03/04/2022,"1,234"\n'
TEXTS_HEAD = "Supplier,Expense type,Invoice date,Amount,Currency,Country\n"
ACCOUNTS = ("Software licences", "Office furniture", "Legal advice", "Hotel", "Catering", "Printing of books")
TEXTS = TEXTS_HEAD + "".join(
    f"{supplier},{account},2022-{month:02}-04,{100 + month}.50,GBP,GB\n"
    for supplier in ("Alpha", "Beta", "Gamma")
    for month, account in enumerate(ACCOUNTS, start=1)
)
"""A ledger that is clear, of which no rule says what its accounts stand for."""
REJECTED_ROWS = 40
REJECTS_MAPPING = "accounts:\n  - {account: Software licences, commodity: '511210'}\n"


@dataclass
class Site:
    """A running service; `ids` are what the parameters of addresses may be filled with."""

    address: str
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Start the service with its own PostgreSQL, fill it, and stop both at the end."""
    url = embedded.start(folder).url
    try:
        now(_add_user(Settings(DATABASE_URL=SecretStr(url), data_dir=folder)))
        with _service(folder, url) as (site, token):
            _fill(site, _session(site, token))
            yield site
    finally:
        embedded.stop(folder)


@contextmanager
def _service(folder: Path, url: str) -> Iterator[tuple[Site, str]]:
    """Give the running service and the token of its one-time address."""
    port, said = free_port(), folder / "said"
    command = [*RUN, "up", "--port", str(port), "--workers", "1"]
    told = os.environ | {
        "VCCI_DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "VCCI_REQUESTS_PER_MINUTE": "1000000",
    }
    with said.open("w") as output, subprocess.Popen(command, env=told, stdout=output) as process:
        try:
            yield Site(f"http://127.0.0.1:{port}", folder), _token(process, said)
        finally:
            process.terminate()
            process.wait(60)


def _token(process: "subprocess.Popen[bytes]", said: Path) -> str:
    """Return the token of the one-time address, once the service has said it."""
    while process.poll() is None:
        if found := re.search(r"\?token=(\S+)\n", said.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    raise AssertionError("The service has ended.")


async def _add_user(settings: Settings) -> None:
    async with key_desk(settings) as (tx, tenant_id, _):
        await add_user(tx, tenant_id, name=NAME, role=Role.ADMIN, password_hash=password_hash(PASSWORD))


def _session(site: Site, token: str) -> httpx2.Client:
    """Return a client with a key of its own, made by the session of the one-time address."""
    with httpx2.Client(base_url=site.address, timeout=60) as first:
        cookie = first.get("/", params={"token": token}).headers["set-cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "Origin": site.address}
        key = first.post("/api/v1/keys", json={"name": "of the tests", "role": "admin"}, headers=headers)
    bearer = {"Authorization": f"Bearer {key.json()['key']}"}
    return httpx2.Client(base_url=site.address, headers=bearer, timeout=60)


def _fill(site: Site, client: httpx2.Client) -> None:
    """Import what the pages are to show, and note its ids."""
    mapping = (OXFORD / "mapping.yaml").read_text("utf-8")
    older = _imported(client, "older.csv", _oxford(shift_years=-1), mapping=mapping)
    newer = _imported(client, "spend.csv", _oxford(shift_years=0), mapping=mapping)
    texts = _imported(client, "texts.csv", TEXTS)
    rejects = _imported(client, "rejects.csv", _with_rejects(), mapping=REJECTS_MAPPING)
    mended = _mended(client, _imported(client, "mended.csv", _with_rejects(), mapping=REJECTS_MAPPING))
    emissions = client.get("/api/v1/emissions", params={"limit": 1}).json()["data"][0]
    suppliers = client.get("/suppliers.json").json()["suppliers"]
    factor = client.get("/factors.json", params={"q": "software"}).json()["factors"][0]
    site.ids |= {
        "run_id": newer["outcome"]["run_id"],
        "older_run_id": older["outcome"]["run_id"],
        "small_run_id": texts["outcome"]["run_id"],
        "mended_run_id": mended["outcome"]["run_id"],
        "job_id": newer["id"],
        "failed_job_id": _imported(client, "failed.csv", QUESTIONS)["id"],
        "file_id": rejects["file_id"],
        "mended_file_id": mended["file_id"],
        "asked_file_id": _given(client, "questions.csv", QUESTIONS),
        "clear_file_id": _given(client, "clear.csv", TEXTS),
        "line_id": emissions["id"],
        "supplier_id": emissions["supplier"]["id"],
        "other_supplier_id": next(one["id"] for one in suppliers if one["id"] != emissions["supplier"]["id"]),
        "category": str(emissions["category"]),
        "text_key": client.get("/review.json").json()["texts"][0]["text_key"],
        "factor": factor["id"],
        "activity": factor["activity"],
        "code": "not_found",
    }


def _given(client: httpx2.Client, name: str, text: str) -> str:
    """Upload a ledger by the pages, where it waits for answers; return its id once it was looked at."""
    sent = client.post("/import", files={"files": (name, text.encode())})
    path = sent.headers["location"]
    while not client.get(f"{path}.json").json()["is_read"]:
        time.sleep(0.05)
    return str(path.rpartition("/")[2])


def _mended(client: httpx2.Client, job: dict[str, Any]) -> dict[str, Any]:
    """Mend all rejected rows of a job's file as a list, and return the run that takes its place."""
    path = f"/api/v1/intake/files/{job['file_id']}"
    listed = client.get(f"{path}/rejects").text.replace("2022-02-30", "2022-02-28").replace("see note", "15")
    queued = client.post(f"{path}/repairs", files={"file": ("rejects.csv", listed.encode())}).json()
    return _ended(client, queued) | {"file_id": job["file_id"]}


def _imported(client: httpx2.Client, name: str, text: str, *, mapping: str = "") -> dict[str, Any]:
    """Upload a ledger and wait for the end of its job, whatever that is."""
    sent = client.post(
        "/api/v1/intake/files",
        files={"file": (name, text.encode())},
        data={"mapping": mapping, "currency": "GBP"},
    )
    return _ended(client, sent.json()) | {"file_id": sent.json()["file_id"]}


def _ended(client: httpx2.Client, queued: dict[str, Any]) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = client.get(f"/api/v1/jobs/{queued['job_id']}").json()
        if job["state"] in ("completed", "failed", "cancelled"):
            return job
        time.sleep(0.05)


def _oxford(*, shift_years: int) -> str:
    """Return the first rows of a real ledger, their dates moved by so many years."""
    with (OXFORD / "spend.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for _, row in zip(range(ROWS + 1), csv.reader(file), strict=False)]
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return re.sub(
        r"(?m)(?<=^\w{3}-\w{3}-)20\d\d", lambda year: str(int(year[0]) + shift_years), written.getvalue()
    )


def large_ledger(*, rows: int) -> str:
    """Return a ledger that a run has some seconds to do with, and of which nothing is asked."""
    return TEXTS_HEAD + "".join(
        f"Supplier {row % 997},{ACCOUNTS[row % len(ACCOUNTS)]},2022-05-04,{row % 91 + 1}.50,GBP,GB\n"
        for row in range(rows)
    )


def _with_rejects() -> str:
    good = "Alpha,Software licences,2022-04-04,125.50,GBP,GB\n"
    bad = [
        "Beta,Software licences,2022-02-30,10,GBP,GB\n",
        "Gamma,Software licences,2022-04-04,see note,GBP,GB\n",
    ]
    return TEXTS_HEAD + good * 100 + "".join(bad) * (REJECTED_ROWS // 2)
