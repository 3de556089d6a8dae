"""Single calculations, asked for over HTTP."""

from typing import Any

import pytest
from tests.support.api import Api

FLIGHT = {
    "category": 6,
    "method": "distance-based",
    "factor": "desnz2025:25_315_3147_11_1",
    "inputs": {"distance": "120 km", "trips": 46},
}


async def test_calculation_answers_with_its_lines(api: Api) -> None:
    async with api.client(await api.key()) as client:
        answer = await client.post("/api/v1/calculator/calculate", json=FLIGHT)
    assert answer.status_code == 200
    assert answer.json()["total_kg_co2e"] == "195.739200"


async def test_same_idempotency_key_gives_the_same_bytes(api: Api) -> None:
    async with api.client(await api.key(), **{"Idempotency-Key": "one"}) as client:
        first, second = [await client.post("/api/v1/calculator/calculate", json=FLIGHT) for _ in range(2)]
    assert first.content == second.content
    assert second.headers["Idempotent-Replayed"] == "true"


async def test_idempotency_key_of_another_request_is_refused(api: Api) -> None:
    async with api.client(await api.key(), **{"Idempotency-Key": "one"}) as client:
        await client.post("/api/v1/calculator/calculate", json=FLIGHT)
        other = await client.post("/api/v1/calculator/calculate", json=FLIGHT | {"id": "another"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_without_a_key_nothing_is_calculated(api: Api) -> None:
    async with api.client() as client:
        answer = await client.post("/api/v1/calculator/calculate", json=FLIGHT)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")


async def test_activity_without_a_line_says_why_and_is_in_the_history(api: Api) -> None:
    async with api.client(await api.key()) as client:
        answer = await client.post("/api/v1/calculator/calculate", json={"category": 1})
        (past,) = (await client.get("/api/v1/calculator/history")).json()["data"]
    assert answer.json()["finding"]["code"] == "quantity_missing"
    assert (past["reply"], past["total_kg_co2e"]) == (answer.json(), None)


async def test_history_is_read_in_pages_the_newest_first(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = [
            (await client.post("/api/v1/calculator/calculate", json=FLIGHT | {"id": str(number)})).json()
            for number in range(5)
        ]
        first = (await client.get("/api/v1/calculator/history", params={"limit": 3})).json()
        rest = (await client.get(first["links"]["next"])).json()
        one = (await client.get(f"/api/v1/calculator/history/{made[2]['calculation_id']}")).json()
    assert [past["reply"] for past in first["data"] + rest["data"]] == made[::-1]
    assert (one["request"]["id"], one["total_kg_co2e"]) == ("2", "195.739200")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"category": True}, "/category"),
        ({"price_year": 1}, "/price_year"),
        ({"factor": {"unit": "kg", "source": "x", "value": "much"}}, "/factor/value"),
        ({"factor": {"unit": "kg", "value": "1"}}, "/factor/source"),
        ({"inputs": {"distance": None}}, "/inputs/distance"),
    ],
)
async def test_pointer_leads_to_the_fault_in_the_body(api: Api, change: dict[str, Any], pointer: str) -> None:
    async with api.client(await api.key()) as client:
        refused = await client.post("/api/v1/calculator/calculate", json=FLIGHT | change)
    assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]
