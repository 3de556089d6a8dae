"""Batches of calculations: an answer for each record, in order, whatever the others are."""

import json
from typing import Any

from tests.support.api import Api

from vcci.api.calculation_answers import RECORDS_OF_A_PART
from vcci.api.routes.calculator import BOUGHT, MOST_RECORDS, RAIL
from vcci.errors import DatabaseError

BATCH = "/api/v1/calculator/batch"
SINGLE = "/api/v1/calculator/calculate"
HISTORY = "/api/v1/calculator/history"


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("index", "calculation_id")}


async def test_each_record_gets_the_answer_that_it_would_get_alone(api: Api) -> None:
    records = [RAIL, BOUGHT, {"category": 1}, BOUGHT | {"quantity": "3"}]
    async with api.client(await api.key()) as client:
        alone = [(await client.post(SINGLE, json=one)).json() for one in records]
        together = (await client.post(BATCH, json={"records": records})).json()["results"]
    assert [without_ids(one) for one in together] == [without_ids(one) for one in alone]
    assert [one["index"] for one in together] == [0, 1, 2, 3]


async def test_record_that_is_no_activity_touches_no_other(api: Api) -> None:
    records = [RAIL, {"category": 99, "id": "bad"}, 7, RAIL]
    async with api.client(await api.key()) as client:
        results = (await client.post(BATCH, json={"records": records})).json()["results"]
        past = (await client.get(HISTORY)).json()["data"]
    assert [one.get("finding", {}).get("code") for one in results] == [
        None,
        "request_malformed",
        "request_malformed",
        None,
    ]
    assert results[1]["id"] == "bad"
    assert len(past) == 2


async def test_ten_thousand_records_are_answered_in_order_and_stored(api: Api) -> None:
    records = [BOUGHT | {"id": number, "quantity": str(number % 7)} for number in range(10_000)]
    records[5_000] = {"id": "bad"}
    async with api.client(await api.key()) as client:
        results = (await client.post(BATCH, json={"records": records})).json()["results"]
    assert [one["id"] for one in results] == [str(record["id"]) for record in records]
    assert [one["index"] for one in results if not one.get("calculation_id")] == [5_000]
    same = {one["total_kg_co2e"] for one in results if one["index"] % 7 == 3 and "finding" not in one}
    assert len(same) == 1
    async with api.service.pool.transaction(api.service.home_tenant_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM vcci.calculations") == 9_999


async def test_answers_come_as_lines_where_that_is_asked_for(api: Api) -> None:
    records = [RAIL] * (RECORDS_OF_A_PART + 2)
    async with api.client(await api.key(), Accept="application/x-ndjson") as client:
        answer = await client.post(BATCH, json={"records": records})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [line["index"] for line in lines] == list(range(RECORDS_OF_A_PART + 2))


async def test_same_idempotency_key_calculates_a_batch_once(api: Api) -> None:
    async with api.client(await api.key(), **{"Idempotency-Key": "batch"}) as client:
        first, second = [await client.post(BATCH, json={"records": [RAIL, BOUGHT]}) for _ in range(2)]
        past = (await client.get(HISTORY)).json()["data"]
    assert first.content == second.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(past) == 2


async def test_part_that_cannot_be_stored_is_refused_record_by_record(api: Api, monkeypatch: Any) -> None:
    class Away:
        def transaction(self, *_: object, **__: object) -> Any:
            raise DatabaseError("The database is away.", remedy="Try again.", code="database_away")

    async with api.client(await api.key()) as client:
        await client.post(SINGLE, json=RAIL)  # the key is known from now on
        monkeypatch.setattr(api.service, "pool", Away())
        results = (await client.post(BATCH, json={"records": [RAIL, BOUGHT]})).json()["results"]
    assert [(one["index"], one["problem"]["code"]) for one in results] == [
        (0, "database_away"),
        (1, "database_away"),
    ]


async def test_batch_without_records_and_one_beyond_the_bound_are_refused(api: Api) -> None:
    async with api.client(await api.key()) as client:
        for records in ([], [0] * (MOST_RECORDS + 1)):
            answer = await client.post(BATCH, json={"records": records})
            assert (answer.status_code, answer.json()["pointer"]) == (422, "/records")
