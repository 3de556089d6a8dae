"""The queries that are measured, in three ways: the product's, the naive one, and the statement alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
from benchmarks.before.orm_queries import Found, Naive
from benchmarks.pool_peers import engine_of
from benchmarks.query_data import Data
from benchmarks.rounds import refuse_unless
from sqlalchemy import event

from vcci.cache.tiered import MultiLevelCache
from vcci.concurrency.coalescer import Coalescer
from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.connections import Connection, plain_url
from vcci.database.emissions_read import (
    ORDERS,
    PLAN_FOR_THESE_RUNS,
    Asked,
    FoundLine,
    LineRow,
    lines_page,
    page_query_of,
)
from vcci.database.line_batch import lines_by_ids
from vcci.database.report_read import report_groups, undated_sum
from vcci.database.tenants import Role
from vcci.errors import DatabaseError
from vcci.services.emission_reports import Dimension, EmissionReport, Group, Period, ReportAsked
from vcci.services.paging import Place, Position

AT_ONCE = 64
PAGE = 100
TOP = 20
YEAR = Period(date(2023, 1, 1), date(2023, 12, 31))
COMPARED = 3
"""Calls of each query whose results are compared."""

ONE_LINE = "SELECT id, co2e_mg FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 AND id = $3"
KEEP_SUMS = """
    CREATE TEMPORARY TABLE sums AS
    SELECT month, scope3_category, sum(lines)::bigint AS lines, sum(co2e_mg)::bigint AS co2e_mg
    FROM vcci.emission_rollups WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1, 2
"""
SUMS = """
    SELECT to_char(month, 'YYYY-MM'), scope3_category, lines, co2e_mg FROM sums WHERE month BETWEEN $1 AND $2
"""
"""As many kept sums as the answer has groups: no report can read less."""

MONTHS = "SELECT to_char(month, 'YYYY-MM'), sum(lines), sum(co2e_mg) FROM sums GROUP BY 1"

TOP_SUPPLIERS = """
    SELECT r.scope3_category, s.name, r.co2e_mg FROM (
        SELECT scope3_category, supplier_id, sum(co2e_mg) AS co2e_mg FROM vcci.emission_rollups
        WHERE tenant_id = $1 AND run_id = $2 AND month BETWEEN $3 AND $4
        GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20
    ) r JOIN vcci.suppliers s ON s.tenant_id = $1 AND s.id = r.supplier_id ORDER BY 3 DESC
"""
HOW = ("Hit", "Read")
IS_COUNTED = ("SELECT", "WITH", "INSERT")
Ask = Callable[[int], Awaitable[Any]]
Ways = Mapping[str, Ask]
Statement = tuple[str, Sequence[Any]]


@dataclass(slots=True)
class Queries:
    """All ways to ask for what is stored."""

    data: Data
    pool: ConnectionPool
    naive: Naive
    held: Connection
    together: Coalescer[UUID, UUID, FoundLine | None]
    values: MultiLevelCache

    def rows(self) -> dict[str, Ways]:
        """Return the queries that are measured, by the name of their figures."""
        return {
            "simple": {"ours": self._line, "naive": self._naive_line, "limit": self._one_line},
            "join": {"ours": self._page, "naive": self._naive_page, "limit": self._page_statement},
            "aggregate": _of_period(self, YEAR),
            "aggregate_of_run": _of_period(self, Period()),
            "complex": {"ours": self._top, "naive": self._naive_top, "limit": self._top_statement},
            "report": {"ours": self._months, "naive": self._naive_months, "limit": self._months_statement},
        }

    def kept(self) -> Ways:
        """Return the report as the service answers it, kept until something of it changes; and naively."""
        return {"ours": self._kept_months, "naive": self._naive_months}

    async def compare(self, row: str, ways: Ways) -> None:
        """End the benchmark where ours and the naive way, or the number of rows of the limit, differ."""
        for number in range(COMPARED):
            ours, naive = await ways["ours"](number), await ways["naive"](number)
            refuse_unless(ours == naive, f"{row}: ours gives {ours!r:.300}, the naive way {naive!r:.300}")
            limit = await ways["limit"](number) if "limit" in ways else ours
            counts = [1 if isinstance(one, tuple) else len(one) for one in (ours, limit)]
            refuse_unless(len(set(counts)) == 1 and counts[0] > 0, f"{row}: rows are {counts}")

    async def by_month(self, period: Period) -> dict[tuple[str, int], tuple[int, int]]:
        """Make a report by month and category, down to its JSON."""
        groups, report = await self._report(period, (Dimension.MONTH, Dimension.CATEGORY))
        report.as_json()
        return {
            (one.of[Dimension.MONTH], one.of[Dimension.CATEGORY]): (one.lines, one.mg_co2e) for one in groups
        }

    async def buffers(self, name: str, ask: Ask, *, role: Role = Role.APP) -> int:
        """Return the blocks that the statements of one call read or change."""
        listened = {"ours": self._said_by_ours, "naive": self._said_by_orm, "limit": self._said_by_held}
        statements = await listened[name](ask)
        refuse_unless(bool(statements), f"no statement of {name} was seen")
        held, tenant, total = self.held, str(self.data.tenant_id), 0
        await held.execute(f"BEGIN; SET LOCAL ROLE {role.value}; SET LOCAL vcci.tenant_id = '{tenant}'")
        await held.execute(PLAN_FOR_THESE_RUNS)
        for query, values in statements:
            plan = await held.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *values)
            top = json.loads(plan)[0]["Plan"]
            total += sum(top[f"{where} {how} Blocks"] for where in ("Shared", "Local") for how in HOW)
        await held.execute("ROLLBACK")
        return total

    async def _said_by_ours(self, ask: Ask) -> list[Statement]:
        """Return what our pool's last used connection, which is used next, is told."""
        seen: list[Statement] = []

        def note(record: Any) -> None:
            seen.append((record.query, record.args))

        async with self.pool.connection() as connection:
            connection.add_query_logger(note)
        await ask(0)
        await asyncio.sleep(0.01)  # it is told by the loop
        async with self.pool.connection() as connection:
            connection.remove_query_logger(note)
        return _counted(seen)

    async def _said_by_orm(self, ask: Ask) -> list[Statement]:
        seen: list[Statement] = []

        def note(*told: Any) -> None:
            _, _, statement, values, _, is_many = told
            seen.extend((statement, one) for one in (values if is_many else [values]))

        engine = self.naive.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        await ask(0)
        event.remove(engine, "before_cursor_execute", note)
        return _counted(seen)

    async def _said_by_held(self, ask: Ask) -> list[Statement]:
        seen: list[Statement] = []

        def note(record: Any) -> None:
            seen.append((record.query, record.args))

        with self.held.query_logger(note):
            await ask(0)
            await asyncio.sleep(0.01)
        return _counted(seen)

    def _id(self, number: int) -> UUID:
        """Return the id of a line, far from the one before."""
        known = self.data.known
        return known[number * 7919 % len(known)][0]

    def _before(self, number: int) -> UUID:
        """Return the id of a line before which there is a page at least."""
        known = self.data.known
        return known[len(known) // 2 + number * 7919 % (len(known) // 2)][0]

    async def _line(self, number: int) -> Found:
        found = await self.together.ask(self.data.tenant_id, self._id(number))
        refuse_unless(found is not None, "a line was not found")
        assert found is not None
        return _plain(found.row)

    async def _naive_line(self, number: int) -> Found:
        return await self.naive.line(self._id(number))

    async def _one_line(self, number: int) -> Any:
        return await self.held.fetch(ONE_LINE, self.data.tenant_id, self.data.run_id, self._id(number))

    def _place(self, number: int) -> Asked:
        place = Place(ORDERS["id"], Position((self._before(number),)), PAGE)
        return Asked([self.data.run_id], {}, place)

    async def _page(self, number: int) -> list[Found]:
        async with self.pool.transaction(self.data.tenant_id) as tx:
            page = await lines_page(tx, self.data.tenant_id, self._place(number))
        return [_plain(row) for row in page.rows]

    async def _naive_page(self, number: int) -> list[Found]:
        return await self.naive.page(self._before(number), PAGE)

    async def _page_statement(self, number: int) -> Any:
        query, values = page_query_of(self.data.tenant_id, self._place(number))
        return (await self.held.fetch(query, *values))[:PAGE]

    async def _report(
        self, period: Period, group_by: Sequence[Dimension]
    ) -> tuple[list[Group], EmissionReport]:
        asked = ReportAsked([self.data.run_id], period, (), group_by)
        async with self.pool.transaction(self.data.tenant_id) as tx:
            groups = await report_groups(tx, self.data.tenant_id, asked)
            undated = await undated_sum(tx, self.data.tenant_id, asked) if period else None
        return groups, EmissionReport(asked, groups, undated)

    async def _months(self, _: int) -> dict[str, int]:
        groups, report = await self._report(Period(), (Dimension.MONTH,))
        report.as_json()
        return {one.of[Dimension.MONTH]: one.mg_co2e for one in groups}

    async def _naive_months(self, _: int) -> dict[str, int]:
        return await self.naive.months()

    async def _months_statement(self, _: int) -> Any:
        return await self.held.fetch(MONTHS)

    async def _kept_months(self, number: int) -> dict[str, int]:
        found: dict[str, int] = await self.values.get_or_set(
            cache_type="calculation_results",
            key="by month",
            fetcher=partial(self._months, number),
            owner=str(self.data.tenant_id),
        )
        return found

    async def _top(self, _: int) -> list[tuple[int, str | None, int]]:
        groups, _report = await self._report(YEAR, (Dimension.CATEGORY, Dimension.SUPPLIER))
        largest = islice(sorted(groups, key=lambda one: -one.mg_co2e), TOP)
        return [(one.of[Dimension.CATEGORY], one.supplier, one.mg_co2e) for one in largest]

    async def _naive_top(self, _: int) -> list[tuple[int, str, int]]:
        assert YEAR.first
        assert YEAR.last
        return await self.naive.top_suppliers(YEAR.first, YEAR.last, most=TOP)

    async def _top_statement(self, _: int) -> Any:
        data = self.data
        return await self.held.fetch(TOP_SUPPLIERS, data.tenant_id, data.run_id, YEAR.first, YEAR.last)


def _of_period(queries: Queries, period: Period) -> Ways:
    bounds = period.first or date.min, period.last or date.max

    async def ours(_: int) -> Any:
        return await queries.by_month(period)

    async def naive(_: int) -> Any:
        return await queries.naive.by_month(period.first, period.last)

    async def limit(_: int) -> Any:
        return await queries.held.fetch(SUMS, *bounds)

    return {"ours": ours, "naive": naive, "limit": limit}


def _plain(row: LineRow) -> Found:
    return row.id, row.co2e_mg, row.factor_name, row.supplier


def _counted(seen: Sequence[Statement]) -> list[Statement]:
    return [
        (query, values)
        for query, values in seen
        if query.lstrip().startswith(IS_COUNTED) and "set_config" not in query
    ]


@asynccontextmanager
async def opened(data: Data) -> AsyncIterator[Queries]:
    """Give all ways over one database."""
    engine = engine_of(data.url, pool_size=20, max_overflow=10)
    held = await asyncpg.connect(plain_url(data.url))
    await held.execute(KEEP_SUMS, data.tenant_id, data.run_id)
    await held.execute("ANALYZE sums; GRANT SELECT ON sums TO PUBLIC; SET ROLE vcci_app")
    await held.execute("SELECT set_config('vcci.tenant_id', $1, false)", str(data.tenant_id))
    async with opened_pool(data.url) as pool:

        async def lines(tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[FoundLine | None]:
            async with pool.transaction(tenant_id) as tx:
                return await lines_by_ids(tx, tenant_id, ids)

        together = Coalescer(lines, lambda error: isinstance(error, DatabaseError))
        yield Queries(
            data, pool, Naive(engine, data.tenant_id, data.run_id), held, together, MultiLevelCache()
        )
    await held.close()
    await engine.dispose()
