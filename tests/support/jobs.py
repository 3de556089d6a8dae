"""Jobs over HTTP, as a caller waits for them, and beneath it, as workers see them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from pydantic import SecretStr
from tests.support.api import SECRET

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_leases import HeldJob
from vcci.database.job_store import Job, add_job, claim_job, job_by_id
from vcci.database.tenants import Role
from vcci.runtime.service import Service, opened_service
from vcci.settings import Settings

FILES = "/api/v1/intake/files"
JOBS = "/api/v1/jobs"
Client = httpx2.AsyncClient


async def uploaded(
    client: Client, content: bytes, *, name: str = "ledger.csv", **told: Any
) -> dict[str, Any]:
    """Upload a ledger, and return what was queued."""
    answer = await client.post(FILES, files={"file": (name, content)}, data=told)
    assert answer.status_code == 202, answer.text
    queued: dict[str, Any] = answer.json()
    return queued


async def ended(client: Client, queued: dict[str, Any]) -> dict[str, Any]:
    """Wait until a job is over, a minute at most, and return it."""
    for _ in range(600):
        job: dict[str, Any] = (await client.get(queued["links"]["job"])).json()
        if job["state"] in ("completed", "failed", "cancelled"):
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(f"The job did not end: {job}")


LEDGER = b"Supplier,Expense type,Invoice date,Amount GBP\nAlpha,Software licences,2022-04-03,10\n"
MAPPING = "accounts:\n  - {account: Software licences, commodity: '511210'}\nregion: GB\n"


@asynccontextmanager
async def ledger_service(url: str, data_dir: Path, ledger: bytes = LEDGER) -> AsyncIterator[Service]:
    """Give a service whose jobs nobody does by itself, with a ledger in its folder."""
    (data_dir / "ledger.csv").write_bytes(ledger)
    settings = Settings(DATABASE_URL=SecretStr(url), secret=SecretStr(SECRET), data_dir=data_dir)
    async with opened_service(settings) as service:
        yield service


def writing(service: Service, tenant_id: UUID | None = None) -> AbstractAsyncContextManager[Connection]:
    return service.pool.transaction(tenant_id or service.home_tenant_id, role=Role.LOADER)


async def queued(
    service: Service, *, file: str = "ledger.csv", options: dict[str, Any] | None = None, **task: Any
) -> UUID:
    """Queue the run of the ledger."""
    job_id = new_id()
    given = {"mapping": MAPPING} if options is None else options
    told = {"file_id": str(new_id()), "file": file, "out": f"results/{job_id}", "options": given, **task}
    async with writing(service) as tx:
        await add_job(tx, service.home_tenant_id, job=(job_id, new_id(), "ledger"), task=told)
    return job_id


async def claimed(service: Service, worker_id: UUID) -> Job | None:
    async with writing(service) as tx:
        return await claim_job(tx, service.home_tenant_id, worker_id)


def held_by(service: Service, job: Job) -> HeldJob:
    """Return what a worker that claimed a job holds."""
    assert job.worker_id is not None
    return HeldJob(service.home_tenant_id, job.id, job.worker_id, job.fence)


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
