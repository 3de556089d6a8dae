"""Single activities booked and corrected over HTTP, and books that stay balanced meanwhile."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from tests.support.api import Api
from tests.support.books import faults_in_books
from tests.support.database import calculated, value

from vcci.api.routes.emissions import EXAMPLE
from vcci.database.ids import new_id
from vcci.database.run_store import run_store
from vcci.domain.access import Role

URL = "/api/v1/emissions"
STEEL = {
    "category": 1,
    "factor": {"value": "1.85", "unit": "t", "source": "made up"},
    "quantity": "2",
    "unit": "t",
}
TWO_PARTS = {
    "category": 5,
    "method": "supplier-specific",
    "inputs": {"scope_1": "120 kgCO2e", "scope_2": "30 kgCO2e"},
}
APART = {
    "category": 15,
    "method": "financed-apart",
    "inputs": {"removals": "900 kgCO2e", "attribution": "10 %"},
}


async def test_activity_is_booked_with_its_line(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=EXAMPLE)
        line = await client.get(made.headers["Location"])
    assert (made.status_code, made.headers["ETag"], made.json()["version"]) == (201, '"1"', 1)
    assert line.json()["emissions_kg_co2e"] == made.json()["total_kg_co2e"] == "195.739200"
    assert line.json()["supplier"]["name"] == "Example Railways"
    assert line.json()["entry_id"] == made.json()["entry_id"]
    assert await faults_in_books(api.service.pool.url) == {}


async def test_booked_line_is_worked_out_again_from_what_is_stored(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = (await client.post(URL, json=EXAMPLE)).json()
        told = (await client.get(f"/api/v1/runs/{made['run_id']}/rows/1")).json()
    assert (told["outcome"], told["emissions_mg_co2e"]) == ("line", 195_739_200)


async def test_correction_replaces_the_activity_and_keeps_what_it_was(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=STEEL)
        where = made.headers["Location"]
        done = await client.put(where, json=STEEL | {"quantity": "3"}, headers={"If-Match": '"1"'})
        line, earlier = await client.get(where), await client.get(f"{where}/versions")
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    assert (line.json()["emissions_kg_co2e"], line.json()["version"]) == ("5.550000", 2)
    assert [one["reply"] for one in earlier.json()["data"]] == [made.json()]
    assert earlier.json()["data"][0]["request"] == STEEL
    assert await faults_in_books(api.service.pool.url) == {}


async def test_correction_to_more_and_to_fewer_lines_keeps_ids_as_far_as_they_go(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=STEEL)
        where, ids = made.headers["Location"], []
        for version, activity in enumerate((TWO_PARTS, STEEL, TWO_PARTS), start=1):
            done = await client.put(where, json=activity, headers={"If-Match": f'"{version}"'})
            ids.append([line["id"] for line in done.json()["lines"]])
            assert await faults_in_books(api.service.pool.url) == {}
    assert [len(some) for some in ids] == [2, 1, 2]
    assert {some[0] for some in ids} == {made.json()["lines"][0]["id"]}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "version_missing"),
        ({"If-Match": '"7"'}, 412, "version_changed"),
        ({"If-Match": 'W/"1"'}, 412, "version_changed"),
    ],
)
async def test_correction_says_which_version_it_corrects(
    api: Api, headers: dict[str, str], status: int, code: str
) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=STEEL)
        refused = await client.put(made.headers["Location"], json=STEEL, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_line_of_a_finished_run_does_not_change(api: Api, tmp_path: Path) -> None:
    async with run_store(api.service.pool.url, tenant="local") as store:
        await store.save(calculated(tmp_path / "run"))
    async with api.client(await api.key()) as client:
        line = (await client.get(URL)).json()["data"][0]
        refused = await client.put(f"{URL}/{line['id']}", json=STEEL, headers={"If-Match": '"1"'})
        earlier = await client.get(f"{URL}/{line['id']}/versions")
    assert (refused.status_code, refused.json()["code"]) == (409, "run_is_closed")
    assert earlier.json()["data"] == []


async def test_activity_with_a_finding_is_refused_and_leaves_nothing(api: Api) -> None:
    async with api.client(await api.key()) as client:
        refused = await client.post(URL, json=STEEL | {"unit": "kWh"})
    assert (refused.status_code, refused.json()["code"]) == (422, "activity_not_calculated")
    assert refused.json()["finding"]["code"] == "unit_does_not_fit"
    assert await value(api.service.pool.url, "SELECT count(*) FROM vcci.runs") == 0


@pytest.mark.parametrize("there", [True, False])
async def test_supplier_of_another_tenant_is_as_unknown_as_none(api: Api, there: bool) -> None:
    async with api.client(await api.key("other")) as client:
        theirs = (await client.post(URL, json=EXAMPLE)).json()["lines"][0]["id"]
        supplier_id = (await client.get(f"{URL}/{theirs}")).json()["supplier"]["id"]
    async with api.client(await api.key()) as client:
        given = {"supplier_id": supplier_id if there else str(new_id())}
        refused = await client.post(URL, json=STEEL | given)
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/supplier_id")


async def test_what_is_stated_apart_has_a_line_and_no_part_in_the_total(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=APART)
        line = await client.get(made.headers["Location"])
    assert (line.json()["category"], line.json()["emissions_kg_co2e"]) == (0, "90.000000")
    assert await value(api.service.pool.url, "SELECT total_mg_co2e FROM vcci.runs") == 0
    assert await faults_in_books(api.service.pool.url) == {}


async def test_supplier_of_the_tenant_can_be_named_by_its_id(api: Api) -> None:
    async with api.client(await api.key()) as client:
        first = await client.get((await client.post(URL, json=EXAMPLE)).headers["Location"])
        given = {"supplier_id": first.json()["supplier"]["id"]}
        second = await client.get((await client.post(URL, json=STEEL | given)).headers["Location"])
    assert second.json()["supplier"] == first.json()["supplier"]


async def test_another_tenant_can_neither_see_nor_correct_it(api: Api) -> None:
    async with api.client(await api.key()) as client:
        where = (await client.post(URL, json=STEEL)).headers["Location"]
    async with api.client(await api.key("other"), **{"If-Match": '"1"'}) as client:
        for address in (where, f"{URL}/{new_id()}"):
            answers = [
                await client.get(address),
                await client.put(address, json=STEEL),
                await client.get(f"{address}/versions"),
            ]
            assert {answer.status_code for answer in answers} == {404}
            assert len({answer.content for answer in answers}) == 1


async def test_viewer_may_not_book(api: Api) -> None:
    async with api.client(await api.key(role=Role.VIEWER)) as client:
        refused = await client.post(URL, json=STEEL)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize(
    "wrong",
    [{"category": 99}, {"supplier_id": "1"}, {"supplier_name": "a\0b"}, {"surprise": 1}],
)
async def test_malformed_activity_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    async with api.client(await api.key()) as client:
        refused = await client.post(URL, json=STEEL | wrong)
    assert refused.status_code in {400, 422}


async def test_same_idempotency_key_books_once(api: Api) -> None:
    async with api.client(await api.key(), **{"Idempotency-Key": "one"}) as client:
        first, second = [await client.post(URL, json=STEEL) for _ in range(2)]
    assert (first.content, second.headers["Idempotent-Replayed"]) == (second.content, "true")
    assert second.headers["Location"] == first.headers["Location"]
    assert await value(api.service.pool.url, "SELECT count(*) FROM vcci.entries") == 1


async def test_total_beyond_counting_is_refused_and_undone(api: Api) -> None:
    large = STEEL | {"quantity": "540000000000"}  # just under 1 Gt CO2e
    async with api.client(await api.key()) as client:
        statuses = [(await client.post(URL, json=large)).status_code for _ in range(11)]
        refused = await client.post(URL, json=large)
    assert (statuses[0], refused.status_code, refused.json()["code"]) == (201, 422, "open_run_too_large")
    assert await faults_in_books(api.service.pool.url) == {}


async def test_books_balance_after_any_writes_at_once_some_of_which_fail(api: Api) -> None:
    chooser = Random(7)
    booked: list[str] = []

    async def write(client: httpx2.AsyncClient) -> int:
        activity = dict(chooser.choice((STEEL, TWO_PARTS, APART, EXAMPLE, STEEL | {"unit": "kWh"})))
        activity["date"] = chooser.choice(("2025-01-31", "2025-02-01", "2024-12-31"))
        if booked and chooser.random() < 0.5:
            headers = {"If-Match": chooser.choice(("*", '"1"'))}
            return (await client.put(chooser.choice(booked), json=activity, headers=headers)).status_code
        answer = await client.post(URL, json=activity)
        booked.extend([answer.headers["Location"]] if answer.status_code == 201 else [])
        return answer.status_code

    async with api.client(await api.key()) as client:
        for _ in range(4):
            statuses = await asyncio.gather(*(write(client) for _ in range(20)))
            assert set(statuses) <= {200, 201, 412, 422}
            assert await faults_in_books(api.service.pool.url) == {}
    assert len(booked) >= 10


async def test_two_corrections_of_one_version_at_once_are_one(api: Api) -> None:
    async with api.client(await api.key()) as client:
        where = (await client.post(URL, json=STEEL)).headers["Location"]
        puts = (client.put(where, json=STEEL, headers={"If-Match": '"1"'}) for _ in range(10))
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*puts))
    assert statuses == [200] + [412] * 9
