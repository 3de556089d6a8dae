"""Pages of the inventory's lines over HTTP: which runs, which filters, which pages."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx2
import pytest
from tests.support.api import Api
from tests.support.lines import Line, stored_run

from vcci.database.ids import new_id
from vcci.domain.access import Role

URL = "/api/v1/emissions"
LINES: list[Line] = [
    (date(2025, 1, 31), 1),
    (None, 1),
    (date(2025, 2, 1), 2),
    (date(2025, 2, 1), 0),
    (date(2025, 3, 9), 1),
]


async def got(api: Api, key: str = "", **asked: Any) -> httpx2.Response:
    async with api.client(key or await api.key()) as client:
        return await client.get(URL, params=asked)


def rows(answer: httpx2.Response) -> list[int]:
    return [line["row_number"] for line in answer.json()["data"]]


async def test_newest_lines_come_first(api: Api) -> None:
    await stored_run(api.service.pool.url, LINES)
    answer = await got(api, limit=2)
    assert (answer.status_code, rows(answer)) == (200, [5, 4])
    assert answer.json()["data"][0] | {"id": "", "run_id": ""} == {
        "id": "",
        "run_id": "",
        "row_number": 5,
        "category": 1,
        "transaction_date": "2025-03-09",
        "supplier": None,
        "activity": "own:x",
        "region": "",
        "method": "",
        "amount": 1.0,
        "unit": "t",
        "mg_co2e_per_unit": 1.0,
        "emissions_kg_co2e": "0.000001",
        "emissions_mg_co2e": 1,
        "gases_mg_co2e": {},
        "biogenic_mg_co2": None,
        "factor": {"id": "x", "name": "x", "unit": "t", "pack": "x"},
        "notices": [{"code": "own_factor", "meaning": "The factor was given by the user."}],
    }


async def test_links_and_the_link_header_lead_to_the_next_page_with_the_same_filters(api: Api) -> None:
    await stored_run(api.service.pool.url, LINES)
    key = await api.key()
    first = await got(api, key, limit=2, category=1, total="exact")
    async with api.client(key) as client:
        second = await client.get(first.json()["links"]["next"])
    assert (rows(first), rows(second)) == ([5, 2], [1])
    assert second.json()["page_info"]["total_count"] == 3
    assert f'<{first.json()["links"]["next"]}>; rel="next"' in first.headers["Link"]
    assert set(second.json()["links"]) == {"self", "first", "prev"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"category": 0}, [4]),
        ({"from_date": "2025-02-01"}, [5, 4, 3]),
        ({"to_date": "2025-01-31"}, [1]),
        ({"supplier_id": str(new_id())}, []),
        ({"sort_by": "transaction_date"}, [1, 3, 4, 5, 2]),
        ({"sort_by": "transaction_date", "sort_order": "desc"}, [2, 5, 4, 3, 1]),
        ({"page": 2, "limit": 2}, [3, 2]),
        ({"page": 100, "limit": 2}, []),
    ],
)
async def test_filters_orders_and_page_numbers(api: Api, asked: dict[str, Any], expected: list[int]) -> None:
    await stored_run(api.service.pool.url, LINES)
    assert rows(await got(api, **asked)) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": 1001},
        {"page": 0},
        {"page": 101},
        {"sort_by": "amount"},
        {"sort_order": "up"},
        {"total": "yes"},
        {"category": 16},
        {"run": "x"},
        {"from_date": "0"},
        {"to_date": "2025-02-30"},
    ],
)
async def test_what_no_page_can_be_is_refused(api: Api, asked: dict[str, Any]) -> None:
    answer = await got(api, **asked)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "count", "kind"),
    [
        ({"total": "none"}, None, "none"),
        ({"total": "estimated"}, 5, "exact"),
        ({"total": "exact", "category": 1}, 3, "exact"),
        ({"total": "exact", "from_date": "2025-02-01", "to_date": "2025-03-01"}, 2, "exact"),
        ({"total": "estimated", "from_date": "2025-02-01", "to_date": "2025-02-28"}, 2, "estimated"),
        ({"total": "estimated", "to_date": "2025-02-14"}, 2, "estimated"),
    ],
)
async def test_count_says_what_it_is(api: Api, asked: dict[str, str], count: int | None, kind: str) -> None:
    await stored_run(api.service.pool.url, LINES)
    info = (await got(api, **asked)).json()["page_info"]
    assert (info["total_count"], info["total_is"]) == (count, kind)


async def test_run_that_another_has_replaced_is_left_out_unless_it_is_named(api: Api) -> None:
    url = api.service.pool.url
    old = await stored_run(url, LINES[:1], digest="old")
    new = await stored_run(url, LINES, digest="new", successor_of="old")
    current, named = await got(api), await got(api, run=[str(old)])
    assert {line["run_id"] for line in current.json()["data"]} == {str(new)}
    assert {line["run_id"] for line in named.json()["data"]} == {str(old)}


async def test_several_runs_are_merged_in_order(api: Api) -> None:
    url = api.service.pool.url
    runs = [str(await stored_run(url, LINES, digest=name)) for name in "abc"]
    answer = await got(api, run=runs[:2], sort_by="transaction_date")
    assert rows(answer) == [1, 1, 3, 4, 3, 4, 5, 5, 2, 2]
    assert {line["run_id"] for line in answer.json()["data"]} == set(runs[:2])


async def test_run_of_another_tenant_is_as_unknown_as_none(api: Api) -> None:
    theirs: UUID = await stored_run(api.service.pool.url, LINES, tenant="other")
    answers = [await got(api, run=[str(run)]) for run in (theirs, new_id())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


async def test_tenant_without_runs_has_an_empty_page(api: Api) -> None:
    await stored_run(api.service.pool.url, LINES, tenant="other")
    answer = await got(api, total="exact")
    assert (rows(answer), answer.json()["page_info"]["total_count"]) == ([], 0)


async def test_cursor_serves_only_its_own_list(api: Api) -> None:
    url = api.service.pool.url
    runs = [str(await stored_run(url, LINES, digest=name)) for name in "ab"]
    await stored_run(url, LINES, tenant="other")
    key, asked = await api.key(), {"limit": 2, "run": runs}
    cursor = (await got(api, key, **asked)).json()["page_info"]["end_cursor"]
    others = ({"category": 1}, {"run": runs[:1]}, {"sort_by": "transaction_date"}, {"sort_order": "asc"})
    refused = [await got(api, key, **{**asked, **other, "cursor": cursor}) for other in others]
    refused += [await got(api, await api.key("other"), cursor=cursor)]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(400, "cursor_refused")}
    assert (await got(api, key, **{**asked, "limit": 7, "cursor": cursor})).status_code == 200


async def test_line_that_is_known_already_is_not_sent_again(api: Api) -> None:
    await stored_run(api.service.pool.url, LINES)
    async with api.client(await api.key()) as client:
        where = f"{URL}/{(await client.get(URL)).json()['data'][0]['id']}"
        first = await client.get(where)
        again = await client.get(where, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, first.headers["ETag"], again.status_code, again.content) == (
        200,
        '"1"',
        304,
        b"",
    )


async def test_key_of_a_supplier_may_not_read(api: Api) -> None:
    assert (await got(api, await api.key(role=Role.SUPPLIER))).status_code == 403


async def test_without_a_key_nothing_is_read(api: Api) -> None:
    async with api.client() as client:
        assert (await client.get(URL)).status_code == 401
