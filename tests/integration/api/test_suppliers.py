"""Suppliers over HTTP: each known once, corrected with its version, merged where two are one."""

from typing import Any

import pytest
from tests.support.api import Api
from tests.support.database import value

from vcci.api.routes.suppliers import EXAMPLE, PREFIXES

URL = PREFIXES["suppliers"]


async def add(client: Any, name: str, **told: Any) -> dict[str, Any]:
    answer = await client.post(URL, json={"supplier_name": name, **told})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("prefix", PREFIXES.values())
async def test_supplier_is_added_once_under_either_address(api: Api, prefix: str) -> None:
    async with api.client(await api.key()) as client:
        first = await client.post(prefix, json=EXAMPLE)
        again = await client.post(prefix, json=EXAMPLE)
        read = await client.get(first.headers["Location"])
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == read.json()
    assert (read.json()["country"], read.json()["duns_number"]) == ("DE", "150483782")
    assert first.headers["Location"].startswith(prefix)


@pytest.mark.parametrize(
    "other",
    [
        {"supplier_name": "Another", "duns_number": "150483782"},
        {"supplier_name": "Example Steelworks", "country": "FR"},
    ],
)
async def test_supplier_that_contradicts_one_that_is_there_is_a_conflict(api: Api, other: Any) -> None:
    async with api.client(await api.key()) as client:
        made = (await client.post(URL, json=EXAMPLE)).json()
        refused = await client.post(URL, json=other)
    assert (refused.status_code, refused.json()["supplier_id"]) == (409, made["id"])


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"duns_number": "1504837"}, "/duns_number"),
        ({"lei_code": "506700GE1G29325QX364"}, "/lei_code"),
        ({"country": "ZZ"}, "/country"),
        ({"annual_spend_usd": -1}, "/annual_spend_usd"),
        ({"colour": "red"}, "/colour"),
        ({"status": "merged"}, "/status"),
    ],
)
async def test_identifier_that_does_not_check_is_refused_where_it_stands(
    api: Api, told: dict[str, Any], pointer: str
) -> None:
    async with api.client(await api.key()) as client:
        refused = await client.post(URL, json={"supplier_name": "Works", **told})
    assert (refused.status_code, refused.json()["pointer"]) == (422, pointer)


async def test_many_are_added_each_with_its_own_result(api: Api) -> None:
    known = {"supplier_name": "Known", "lei_code": "506700GE1G29325QX363"}
    given = [
        {"supplier_name": "New"},
        {"supplier_name": "New"},
        {"supplier_name": ""},
        known,
        known | {"supplier_name": "Other"},
        7,
    ]
    async with api.client(await api.key()) as client:
        await add(client, **{"name": "Known", "lei_code": known["lei_code"]})
        results = (await client.post(f"{URL}/bulk", json={"suppliers": given})).json()["results"]
    assert [one["result"] for one in results] == [
        "created", "existing", "invalid", "existing", "conflict", "invalid",
    ]  # fmt: skip
    assert results[0]["supplier_id"] == results[1]["supplier_id"]
    assert await value(api.service.pool.url, "SELECT count(*) FROM vcci.suppliers") == 2


async def test_ten_thousand_are_added_at_once(api: Api) -> None:
    given = [{"supplier_name": f"S{number:05}"} for number in range(10_000)]
    async with api.client(await api.key()) as client:
        results = (await client.post(f"{URL}/bulk", json={"suppliers": given})).json()["results"]
        page = (await client.get(URL, params={"limit": 1_000})).json()
    assert {one["result"] for one in results} == {"created"}
    assert [one["supplier_name"] for one in page["data"]] == [one["supplier_name"] for one in given[:1_000]]


async def test_list_is_walked_in_both_orders_and_filtered(api: Api) -> None:
    async with api.client(await api.key()) as client:
        for name in ("Beta", "alpha", "Gamma", "Alpha Two"):
            await add(client, name, country="DE" if name == "Beta" else "FR")
        walked, url = [], f"{URL}?limit=1"
        while url:
            page = (await client.get(url)).json()
            walked += [one["supplier_name"] for one in page["data"]]
            url = page["links"].get("next", "")
        newest = (await client.get(URL, params={"sort_by": "id", "limit": 1})).json()["data"]
        named = (await client.get(URL, params={"name": "ALPHA"})).json()["data"]
        german = (await client.get(URL, params={"country": "DE"})).json()["data"]
    assert sorted(walked) == sorted(["Beta", "alpha", "Gamma", "Alpha Two"])
    assert [one["supplier_name"] for one in newest] == ["Alpha Two"]
    assert {one["supplier_name"] for one in named} == {"alpha", "Alpha Two"}
    assert [one["supplier_name"] for one in german] == ["Beta"]


async def test_correction_names_the_version_that_it_corrects(api: Api) -> None:
    async with api.client(await api.key()) as client:
        made = await client.post(URL, json=EXAMPLE)
        where, tag = made.headers["Location"], made.headers["ETag"]
        missing = await client.put(where, json=EXAMPLE)
        done = await client.put(where, json=EXAMPLE | {"country": "FR"}, headers={"If-Match": tag})
        late = await client.put(where, json=EXAMPLE | {"country": "IT"}, headers={"If-Match": tag})
    assert [answer.status_code for answer in (missing, done, late)] == [428, 200, 412]
    assert (done.json()["country"], done.json()["version"], done.headers["ETag"]) == ("FR", 2, '"2"')


async def test_correction_to_a_number_that_another_has_is_a_conflict(api: Api) -> None:
    async with api.client(await api.key()) as client:
        first = await add(client, "First", duns_number="150483782")
        second = await add(client, "Second")
        body = {"supplier_name": "Second", "duns_number": "150483782"}
        refused = await client.put(f"{URL}/{second['id']}", json=body, headers={"If-Match": "*"})
    assert refused.status_code == 409
    assert first["id"] in refused.json()["detail"]


async def test_merged_suppliers_lead_to_the_last_in_one_step(api: Api) -> None:
    async with api.client(await api.key()) as client:
        a, b, c = [(await add(client, name))["id"] for name in "ABC"]
        merged = await client.post(f"{URL}/{a}/merge", json={"into": b})
        again = await client.post(f"{URL}/{a}/merge", json={"into": b})
        await client.post(f"{URL}/{b}/merge", json={"into": c})
        into = [(await client.get(f"{URL}/{one}")).json()["merged_into"] for one in (a, b, c)]
        circle = await client.post(f"{URL}/{c}/merge", json={"into": a})
        itself = await client.post(f"{URL}/{c}/merge", json={"into": c})
        other = await client.put(f"{URL}/{a}", json={"supplier_name": "A"}, headers={"If-Match": "*"})
    assert (merged.json()["status"], again.json()) == ("merged", merged.json())
    assert into == [c, c, None]
    assert [answer.status_code for answer in (circle, itself, other)] == [409, 409, 409]


async def test_supplier_of_another_tenant_is_neither_read_nor_merged_into(api: Api) -> None:
    async with api.client(await api.key("theirs")) as theirs:
        foreign = (await add(theirs, "Theirs", duns_number="150483782"))["id"]
    async with api.client(await api.key()) as client:
        mine = (await add(client, "Mine", duns_number="150483782"))["id"]
        assert (await client.get(f"{URL}/{foreign}")).status_code == 404
        refused = await client.post(f"{URL}/{mine}/merge", json={"into": foreign})
        assert (refused.status_code, refused.json()["detail"]) == (404, "There is no such supplier.")
