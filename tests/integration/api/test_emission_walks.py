"""Pages of lines, walked over HTTP to the end, are the whole list; and no page costs more for being late."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.api import Api, running
from tests.support.database import execute, now, value
from tests.support.lines import Line, stored_run

from vcci.database.connections import connected
from vcci.database.emissions_read import ORDERS, PLAN_FOR_THESE_RUNS, Asked, page_query_of
from vcci.database.keyset import ordered_by
from vcci.database.tenants import ensure_tenant, tenant_transaction
from vcci.services.paging import Order, Place, Position

URL = "/api/v1/emissions"
NAMES = count()
DAYS = st.one_of(st.none(), st.integers(1, 4).map(lambda day: date(2025, 1, day)))
RUNS = st.lists(st.lists(st.tuples(DAYS, st.sampled_from([0, 1, 2])), max_size=12), min_size=1, max_size=3)
WAYS = st.tuples(st.sampled_from(sorted(ORDERS)), st.sampled_from(["asc", "desc"]))
relaxed = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Caller:
    """Calls the API from synchronous tests, as a new tenant for each list."""

    def __init__(self, url: str) -> None:
        self.url, self.loop, self.stack = url, asyncio.new_event_loop(), AsyncExitStack()
        self.api: Api = self.run(self.stack.enter_async_context(running(url, requests_per_minute=10**9)))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def store(self, runs: list[list[Line]]) -> tuple[str, str]:
        """Return the tenant's name and a key of it."""
        tenant = f"t{next(NAMES)}"
        for number, lines in enumerate(runs):
            self.run(stored_run(self.url, lines, tenant=tenant, digest=str(number)))
        return tenant, self.run(self.api.key(tenant))

    def page(self, key: str, address: str = URL, **asked: Any) -> tuple[int, Any]:
        async def get() -> tuple[int, Any]:
            async with self.api.client(key) as client:
                answer = await client.get(address, params=asked or None)
                return answer.status_code, answer.json()

        answered: tuple[int, Any] = self.run(get())
        return answered

    def walk(self, key: str, address: str, *, rel: str) -> list[Any]:
        """Return the pages that the links of one kind lead through."""
        pages = [self.page(key, address)[1]]
        while next_ := pages[-1]["links"].get(rel):
            pages.append(self.page(key, next_)[1])
        return pages

    def plain(self, tenant: str, order: Order) -> list[str]:
        query = (
            "SELECT array_agg(e.id ORDER BY {way}) FROM vcci.emissions e JOIN vcci.tenants t"
            " ON t.id = e.tenant_id WHERE t.slug = $1"
        )
        found = self.run(value(self.url, query.format(way=ordered_by(order)), tenant))
        return [str(one) for one in found or ()]


@pytest.fixture(scope="module")
def caller(server_url: str, template: str) -> Iterator[Caller]:
    now(execute(server_url, f"CREATE DATABASE walks TEMPLATE {template}"))
    made = Caller(server_url.replace("/vcci?", "/walks?"))
    yield made
    made.run(made.stack.aclose())
    made.loop.close()
    now(execute(server_url, "DROP DATABASE walks WITH (FORCE)"))


def ids(pages: list[Any]) -> list[str]:
    return [line["id"] for page in pages for line in page["data"]]


def order_of(way: tuple[str, str]) -> Order:
    order = ORDERS[way[0]]
    return order if (way[1] == "desc") == order.columns[0].is_descending else order.reversed()


@relaxed
@given(runs=RUNS, way=WAYS, limit=st.integers(1, 7))
def test_walk_there_and_back_is_the_plain_order(
    caller: Caller, runs: list[list[Line]], way: tuple[str, str], limit: int
) -> None:
    tenant, key = caller.store(runs)
    there = caller.walk(key, f"{URL}?limit={limit}&sort_by={way[0]}&sort_order={way[1]}", rel="next")
    back = caller.walk(key, there[-1]["links"]["self"], rel="prev")
    assert ids(there) == caller.plain(tenant, order_of(way))
    assert ids(back[::-1]) == ids(there)


@relaxed
@given(runs=RUNS, way=WAYS, limit=st.integers(1, 5))
def test_lines_that_come_and_go_cost_no_other_line_its_place(
    caller: Caller, runs: list[list[Line]], way: tuple[str, str], limit: int
) -> None:
    tenant, key = caller.store(runs)
    stay = set(caller.plain(tenant, order_of(way))[::2])
    seen: list[str] = []
    address: str | None = f"{URL}?limit={limit}&sort_by={way[0]}&sort_order={way[1]}"
    while address:
        page = caller.page(key, address)[1]
        seen += ids([page])
        address = page["links"].get("next")
        going = [one for one in caller.plain(tenant, order_of(way)) if one not in stay][:1]
        caller.run(execute(caller.url, coming_and_going(going)))
    assert len(seen) == len(set(seen))
    assert stay <= set(seen)


def coming_and_going(going: list[str]) -> str:
    """Return SQL that removes lines, and adds one like each of them under an id of its own."""
    columns = (
        "run_id, row_number, scope3_category, transaction_date, multiplier_key, amount, co2e_mg, notices"
    )
    return (
        "; ".join(
            f"INSERT INTO vcci.emissions (tenant_id, id, {columns})"
            f" SELECT tenant_id, gen_random_uuid(), {columns}"
            f" FROM vcci.emissions WHERE id = '{one}'; DELETE FROM vcci.emissions WHERE id = '{one}'"
            for one in going
        )
        or "SELECT 1"
    )


@pytest.fixture(scope="module")
def cursor(caller: Caller) -> tuple[str, str]:
    """A key, and a cursor that was given out for it."""
    _, key = caller.store([[(date(2025, 1, 1), 1)] * 3])
    return key, caller.page(key, limit=1)[1]["page_info"]["end_cursor"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_altered_cursor_is_refused(caller: Caller, cursor: tuple[str, str], data: st.DataObject) -> None:
    key, given_out = cursor
    place = data.draw(st.integers(0, len(given_out) - 1))
    end = data.draw(st.integers(place, len(given_out)))
    altered = given_out[:place] + data.draw(st.text(max_size=5)) + given_out[end:]
    if altered in (given_out, ""):
        return
    status, answer = caller.page(key, limit=1, cursor=altered)
    assert (status, answer["code"]) == (400, "cursor_refused")


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("runs", [1, 3])
def test_late_page_reads_no_more_than_the_first(caller: Caller, name: str, runs: int) -> None:
    first_day = date(2020, 1, 1)
    lines: list[Line] = [(first_day + timedelta(days=n % 1500) if n % 50 else None, 1) for n in range(20_000)]
    tenant, _ = caller.store([lines] * runs)
    order = ORDERS[name]
    rows = caller.plain(tenant, order)
    late = UUID(rows[len(rows) * 9 // 10])
    day = caller.run(value(caller.url, "SELECT transaction_date FROM vcci.emissions WHERE id = $1", late))
    at = Position(tuple({"id": late, "transaction_date": day}[column.name] for column in order.columns))
    first, deep = (caller.run(buffers_of(caller.url, tenant, (order, place))) for place in (None, at))
    assert deep <= 1.2 * first + 10 * runs


async def buffers_of(url: str, tenant: str, at: tuple[Order, Position | None]) -> int:
    """Return the blocks that a page of 100 lines reads, as the application's role sees them."""
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
            runs = [row[0] for row in await tx.fetch("SELECT id FROM vcci.runs")]
            query, values = page_query_of(tenant_id, Asked(runs, {}, Place(*at, limit=100)))
            await tx.execute(PLAN_FOR_THESE_RUNS)
            plan = await tx.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {query}", *values)
    top = next(row[0] for row in plan if "Buffers:" in row[0])
    return sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", top))
