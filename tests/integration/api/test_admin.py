"""What those who run the service look at, and that nobody else does."""

import pytest
from tests.support.api import Api
from tests.support.database import execute

PAGES = [
    "/admin/cache/stats",
    "/admin/performance/slow-queries",
    "/admin/performance/pool",
    "/admin/performance/report",
]


async def test_cache_statistics_count_what_was_answered_from_the_cache(api: Api) -> None:
    async with api.client(await api.key()) as client:
        before = (await client.get(PAGES[0])).json()
        for _ in range(5):
            await client.get("/api/v1/suppliers")
        after = (await client.get(PAGES[0])).json()
    assert after["hits"] - before["hits"] == 4
    assert after["total_requests"] == after["hits"] + after["misses"]
    assert after["hit_rate"] == after["hits"] / after["total_requests"]


async def test_slow_queries_show_texts_without_values(api: Api) -> None:
    async with api.client(await api.key()) as client:
        unrecorded = (await client.get(PAGES[1])).json()
        await execute(api.service.pool.url, "CREATE EXTENSION pg_stat_statements")
        await client.get("/api/v1/suppliers", params={"name": "zqmarkerzq"})
        found = (await client.get(PAGES[1], params={"limit": 200})).json()
    assert unrecorded == {"is_recorded": False, "queries": []}
    assert found["is_recorded"]
    assert any("vcci.suppliers" in one["query"] for one in found["queries"])
    assert "zqmarkerzq" not in str(found)
    assert str(api.service.home_tenant_id) not in str(found)
    means = [one["mean_ms"] for one in found["queries"]]
    assert means == sorted(means, reverse=True)


async def test_pool_shows_its_connections(api: Api) -> None:
    async with api.client(await api.key()) as client:
        found = (await client.get(PAGES[2])).json()
    assert 1 <= found["size"] <= found["most"]
    assert found["in_use"] == found["size"] - found["idle"]


async def test_report_tells_percentiles_by_route_and_what_came_of_reads(api: Api) -> None:
    report = {"group_by": ["category"]}
    async with api.client(await api.key()) as client:
        for _ in range(3):
            await client.post("/api/v1/reporting/emissions", json=report)
        found = (await client.get(PAGES[3])).json()
    names = {one["name"]: one for one in found["endpoints"]}
    assert names["POST /api/v1/reporting/emissions"]["count"] >= 3
    assert {"report", "key"} <= {one["name"] for one in found["queries"]}
    assert found["layer_hit_percent"]["calculation_results l1"] > 0
    assert found["pool"]["total"] == api.service.pool.options.most


@pytest.mark.parametrize("page", PAGES)
async def test_administrator_of_another_tenant_sees_nothing_of_the_service(api: Api, page: str) -> None:
    async with api.client(await api.key("theirs")) as client:
        refused = await client.get(page)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize("is_development", [True, False])
async def test_pages_answer_without_a_key_in_development_and_to_this_machine_only(
    api: Api, is_development: bool
) -> None:
    api.service.settings = api.service.settings.model_copy(update={"development": is_development})
    async with api.client() as client:
        here = await client.get(PAGES[2])
        elsewhere = await client.get(PAGES[2], headers={"Host": "vcci.example"})
        data = await client.get("/api/v1/suppliers")
    assert here.status_code == (200 if is_development else 401)
    assert (elsewhere.status_code, data.status_code) == (401, 401)
