"""Each request has a deadline of its own, whatever came before it over the same connection."""

import asyncio
from pathlib import Path

import httpx2
from tests.support.api import running
from tests.support.http_server import serving

from vcci.concurrency.deadline import within

BATCH = "/api/v1/calculator/batch"
LARGE = {"records": [{"category": 99, "id": "x" * 200}] * 5_000}
"""More than a server reads ahead: it stops reading, and takes it up again within the request."""


async def test_deadline_of_an_earlier_request_is_not_that_of_a_later_one(url: str, data_dir: Path) -> None:
    async with running(url, data_dir=data_dir) as api, api.client(await api.key()) as client:
        with within(-1.0):
            answer = await client.get("/api/v1/runs")
    assert answer.status_code == 200


async def test_connection_outlives_the_deadline_of_its_first_request(url: str, data_dir: Path) -> None:
    async with running(url, data_dir=data_dir, request_seconds=1.0) as api, serving(api.app) as port:
        headers = {"Authorization": f"Bearer {await api.key()}"}
        limits = httpx2.Limits(max_connections=1)
        address = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=address, headers=headers, limits=limits) as client:
            first = await client.post(BATCH, json=LARGE)
            await asyncio.sleep(1.2)
            later = await client.get("/api/v1/runs")
    assert (first.status_code, later.status_code) == (200, 200)
