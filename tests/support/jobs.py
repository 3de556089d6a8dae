"""Jobs over HTTP, as a caller waits for them."""

import asyncio
from typing import Any

import httpx2

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
        if job["state"] in ("completed", "failed"):
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(f"The job did not end: {job}")
