"""What is answered before the router is what the router would have answered."""

import asyncio
from typing import Any
from uuid import uuid4

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


async def test_line_is_answered_the_same_either_way(api: Api) -> None:
    async with api.client(await api.key()) as hot, api.past_hot_routes(await api.key()) as plain:
        booked = (await hot.post("/api/v1/emissions", json=GOOD)).json()
        for line_id in (booked["lines"][0]["id"], str(uuid4()), "no-id"):
            ours, other = [await one.get(f"/api/v1/emissions/{line_id}") for one in (hot, plain)]
            assert (ours.status_code, ours.content) == (other.status_code, other.content)
            assert ours.headers.get("etag") == other.headers.get("etag")


async def test_lines_that_are_asked_for_at_once_are_each_answered(api: Api) -> None:
    async with api.client(await api.key()) as client:
        booked = [(await client.post("/api/v1/emissions", json=GOOD)).json() for _ in range(5)]
        ids = [entry["lines"][0]["id"] for entry in booked for _ in range(20)] + [str(uuid4())] * 20
        answers = await asyncio.gather(*(client.get(f"/api/v1/emissions/{one}") for one in ids))
    assert [answer.json().get("id") for answer in answers] == ids[:100] + [None] * 20


async def test_line_of_another_tenant_reads_like_one_that_is_not_there(api: Api) -> None:
    async with api.client(await api.key("ours")) as ours, api.client(await api.key("theirs")) as theirs:
        line_id = (await theirs.post("/api/v1/emissions", json=GOOD)).json()["lines"][0]["id"]
        foreign, unknown = [await ours.get(f"/api/v1/emissions/{one}") for one in (line_id, uuid4())]
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content)


async def test_key_without_the_permission_calculates_nothing(api: Api) -> None:
    async with api.client(await api.key(permissions=["read"])) as client:
        answer = await client.post(ADDRESS, json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


def test_hot_routes_are_routes() -> None:
    assert ADDRESS in routes(None).openapi()["paths"]
