"""What is answered before the router is what the router would have answered."""

import asyncio
from typing import Any

import httpx2
import pytest
from tests.support.api import Api
from tests.support.database import value

from vcci.api.app import api as routes

GOOD: dict[str, Any] = {
    "category": 1, "quantity": "12.5", "unit": "kg",
    "factor": {"value": "2", "unit": "kg", "source": "a supplier"},
}  # fmt: skip
ADDRESS = "/api/v1/calculator/calculate"
BODIES = (
    b"",
    b"{",
    b'{"category": 1, "category": 2}',
    b'{"category": NaN}',
    b'{"category": 1e400}',
    b'{"id": "\\ud800"}',
    b'{"category": 99}',
    b"[]",
    b"\xff",
    b'{"category": 1, "quantity": 1, "unit": "kg"}',
    b"[" * 100_000,
)


async def both(api: Api, content: bytes, **headers: str) -> list[httpx2.Response]:
    """Send the same request to the whole application, and to the router alone as the same principal."""
    told = {"Content-Type": "application/json", **headers}
    async with api.client(await api.key()) as client, api.past_hot_routes(await api.key()) as plain:
        return [await one.post(ADDRESS, content=content, headers=told) for one in (client, plain)]


@pytest.mark.parametrize("body", BODIES)
async def test_odd_request_is_answered_the_same_either_way(api: Api, body: bytes) -> None:
    hot, plain = await both(api, body)
    assert hot.status_code == plain.status_code
    assert without_id(hot) == without_id(plain)
    assert hot.headers["content-type"] == plain.headers["content-type"]


def without_id(answer: httpx2.Response) -> Any:
    return {name: value for name, value in answer.json().items() if name != "calculation_id"}


async def test_many_calculations_at_once_are_each_answered_and_kept(api: Api) -> None:
    async with api.client(await api.key()) as client:
        asked = [GOOD | {"id": str(number), "quantity": str(number)} for number in range(1, 301)]
        answers = await asyncio.gather(*(client.post(ADDRESS, json=one) for one in asked))
    assert [answer.json()["id"] for answer in answers] == [one["id"] for one in asked]
    assert [answer.json()["total_kg_co2e"] for answer in answers[:2]] == ["2.000000", "4.000000"]
    assert await value(api.service.pool.url, "SELECT count(*) FROM vcci.calculations") == 300


async def test_calculations_of_two_tenants_at_once_stay_apart(api: Api) -> None:
    async with api.client(await api.key("ours")) as ours, api.client(await api.key("theirs")) as theirs:
        await asyncio.gather(*((ours, theirs)[n % 3 == 0].post(ADDRESS, json=GOOD) for n in range(90)))
    counts = (
        "SELECT array_agg(n ORDER BY n) FROM (SELECT count(*) n FROM vcci.calculations GROUP BY tenant_id) x"
    )
    assert await value(api.service.pool.url, counts) == [30, 60]


async def test_key_without_the_permission_calculates_nothing(api: Api) -> None:
    async with api.client(await api.key(permissions=["read"])) as client:
        answer = await client.post(ADDRESS, json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


def test_hot_routes_are_routes() -> None:
    assert ADDRESS in routes(None).openapi()["paths"]
