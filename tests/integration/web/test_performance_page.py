"""The performance page: for those who run the service alone; it shows what was measured, and no values."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.api import Api, running

from vcci.domain.access import Role
from vcci.monitoring.queries import REPEATED_QUERIES, Place, Repeated, RepeatedLogger

FORMS = ("", ".json", ".csv")


@pytest_asyncio.fixture
async def watched(url: str, data_dir: Path) -> AsyncIterator[Api]:
    """The application, which watches its queries."""
    told = {"ENABLE_QUERY_ANALYSIS": True, "SLOW_QUERY_THRESHOLD_MS": 50}
    async with running(url, data_dir=data_dir, **told) as api:
        yield api


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.VIEWER])
async def test_only_administrators_of_the_home_tenant_see_it(api: Api, role: Role) -> None:
    keys = await api.key(role=role), await api.key("other", role)
    statuses = []
    for key in keys:
        async with api.browser(key) as browser:
            statuses.append([(await browser.get(f"/performance{form}")).status_code for form in FORMS])
    assert statuses == [[200 if role is Role.ADMIN else 403] * 3, [403] * 3]


async def test_menu_leads_there_only_who_may_see_it(api: Api) -> None:
    leads = []
    for key in (await api.key(), await api.key("other"), await api.key(role=Role.EDITOR)):
        async with api.browser(key) as browser:
            text = (await browser.get("/overview")).text
        assert text.count('href="/settings" data-key') == 1
        leads.append(('href="/performance"' in text, "<kbd>g p</kbd>" in text))
    assert leads == [(True, True), (False, False), (False, False)]


async def test_it_shows_times_of_routes_connections_and_caches(api: Api) -> None:
    async with api.client(await api.key()) as client, api.browser(await api.key()) as browser:
        for _ in range(3):
            await client.get("/api/v1/runs")
        page = (await browser.get("/performance")).text
        told = (await browser.get("/performance.json")).json()
    (runs,) = [one for one in told["endpoints"] if one["name"] == "GET /api/v1/runs"]
    assert runs["count"] >= 3
    assert runs["p50_ms"] <= runs["p95_ms"] <= runs["p99_ms"]
    assert "GET /api/v1/runs" in page
    assert told["pool_of_this_worker"]["held"] == []
    assert told["response_cache"]["hits"] >= 1
    assert "no leak is seen" in page


async def test_routes_come_as_a_table_too(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        await browser.get("/performance")
        rows = (await browser.get("/performance.csv")).text.splitlines()
    assert rows[0] == "route,count,mean_ms,p50_ms,p95_ms,p99_ms,max_ms"
    assert any(row.startswith("GET /performance,") for row in rows)


async def test_a_connection_that_is_held_for_long_is_told_with_the_line_that_took_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcci.web.routes.performance.HELD_S", 0.0)
    async with api.browser(await api.key()) as browser, api.service.pool.connection():
        page = (await browser.get("/performance")).text
    assert "leaks, it seems" in page
    assert "test_performance_page.py" in page


async def test_a_slow_query_is_shown_with_its_line_and_without_its_values(watched: Api) -> None:
    async with watched.service.pool.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.06), 'a secret value'")
    await asyncio.sleep(0)
    async with watched.browser(await watched.key()) as browser:
        page = (await browser.get("/performance")).text
    assert "pg_sleep" in page
    assert "test_performance_page.py" in page
    assert "a secret value" not in page


async def test_a_repeated_query_is_shown(watched: Api) -> None:
    place = Place("shop.py", 7, "list_orders")
    REPEATED_QUERIES.note("GET /orders", Repeated("SELECT name FROM orders WHERE note = 'private'", place, 9))
    async with watched.browser(await watched.key()) as browser:
        page = (await browser.get("/performance")).text
        (told,) = [
            one
            for one in (await browser.get("/performance.json")).json()["repeated_queries"]
            if one["route"] == "GET /orders"
        ]
    assert "shop.py:7 in list_orders" in page
    assert (told["times"], told["statement"]) == (9, "SELECT name FROM orders WHERE note = ?")


async def test_who_does_not_watch_is_told_how(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcci.web.routes.performance.REPEATED_QUERIES", RepeatedLogger())
    async with api.browser(await api.key()) as browser:
        page = (await browser.get("/performance")).text
    assert "ENABLE_QUERY_ANALYSIS=true" in page
