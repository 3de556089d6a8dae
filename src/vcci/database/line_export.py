"""Every line of runs, read through row security in pages of one snapshot; none is held longer than its page.

A page is cut out of the lines of one run by its ids, and only its rows are joined with names and factors: so
no plan sorts or hashes a whole run, and a run of ten million lines takes no more memory than one of ten.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import PLAN_FOR_THESE_RUNS
from vcci.database.keyset import Parameters
from vcci.database.tenants import tenant_transaction
from vcci.services.emission_reports import ReportAsked

SNAPSHOT: Final[LiteralString] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

COLUMNS: Final = (
    "e.id, e.run_id::text, e.row_number, e.id::text, e.scope3_category, e.transaction_date,"
    " coalesce(s.merged_into, e.supplier_id)::text, t.name, m.activity, m.region, m.method, m.factor_id,"
    " m.factor_name, m.pack, e.amount, m.unit, e.co2e_mg"
)
"""First the id that the next page begins after, then what a line is told by."""

PAGE: Final = (
    "WITH page AS MATERIALIZED (SELECT id, run_id, row_number, scope3_category, transaction_date,"
    " supplier_id, multiplier_key, amount, co2e_mg FROM vcci.emissions e WHERE {conditions}"
    " ORDER BY id LIMIT {most})"
    f" SELECT {COLUMNS} FROM page e"
    " JOIN vcci.run_multipliers m ON m.tenant_id = $1 AND m.run_id = $2 AND m.key = e.multiplier_key"
    " LEFT JOIN vcci.suppliers s ON s.tenant_id = $1 AND s.id = e.supplier_id"
    " LEFT JOIN vcci.suppliers t ON t.tenant_id = $1 AND t.id = coalesce(s.merged_into, e.supplier_id)"
    " ORDER BY e.id"
)
"""$1 is the tenant, $2 the run, $3 the last id of the page before. Ids rise with the rows of the ledger."""

BEFORE_ALL: Final = UUID(int=0)


@asynccontextmanager
async def snapshot(connection: Connection, tenant_id: UUID) -> AsyncIterator[Connection]:
    """Open a transaction of a tenant that reads, and sees nothing of what others commit meanwhile."""
    async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
        await tx.execute(SNAPSHOT)
        await tx.execute(PLAN_FOR_THESE_RUNS)
        yield tx


async def line_pages(
    tx: Connection, tenant_id: UUID, asked: ReportAsked, *, page_rows: int
) -> AsyncGenerator[list[Any]]:
    """Yield rows of COLUMNS, so many at a time, run by run in the order of the ledger.

    A supplier that was merged is told as the one that it was merged into, as in reports.
    """
    for run_id in asked.runs:
        after = BEFORE_ALL
        while rows := await _page(tx, asked, [tenant_id, run_id, after], page_rows=page_rows):
            yield rows
            after = rows[-1][0]


async def _page(tx: Connection, asked: ReportAsked, values: Sequence[Any], *, page_rows: int) -> list[Any]:
    parameters = Parameters(list(values))
    conditions = ["e.tenant_id = $1", "e.run_id = $2", "e.id > $3", *_filters(asked, parameters)]
    query = PAGE.format(conditions=" AND ".join(conditions), most=page_rows)
    return list(await tx.fetch(query, *parameters.values))


def _filters(asked: ReportAsked, parameters: Parameters) -> list[str]:
    found = []
    if asked.categories:
        wanted = parameters.add(list(asked.categories), "smallint[]")
        found.append(f"e.scope3_category = ANY ({wanted})")
    for sign, day in ((">=", asked.period.first), ("<=", asked.period.last)):
        if day is not None:
            found.append(f"e.transaction_date {sign} {parameters.add(day, 'date')}")
    return found
