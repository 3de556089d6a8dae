"""What each declared index is for, as the code really asks it; and what was measured of the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from vcci.database.connections import Connection, connected
from vcci.database.emissions_read import ENTRY_OF, ORDERS, Asked, lines_page
from vcci.database.ids import new_id
from vcci.database.job_store import claim_job
from vcci.database.line_read import derivation_row
from vcci.database.optimizations.driver import taken_back
from vcci.database.optimizations.plan_tree import Plan, read_plan
from vcci.database.replies import forget_old
from vcci.database.report_read import report_groups
from vcci.database.roles import APP, LOADER
from vcci.database.supplier_store import SUPPLIERS, TAKEN
from vcci.services.emission_reports import Dimension, Period, ReportAsked
from vcci.services.paging import Place, Position

PAGE = 100
ANALYZE = "EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) "


@dataclass(frozen=True)
class Loaded:
    """A database of one size, and what can be asked for in it."""

    url: str
    lines: int
    tenant_id: UUID
    run_id: UUID
    supplier_id: UUID
    row: int
    after_day: tuple[date, UUID]
    after_name: tuple[str, UUID]


@dataclass(frozen=True)
class Contract:
    """A question that an index serves: how the code asks it, of which table, in which role."""

    ask: Callable[[Connection, Loaded], Awaitable[Any]]
    table: str
    role: str = APP


@dataclass(frozen=True)
class Measured:
    """What a question cost in a database of `lines` lines."""

    lines: int
    indexes: list[str]
    buffers: int
    rows: int
    group_rows: int


def by_name(tx: Connection, of: Loaded) -> Awaitable[Any]:
    place = Place(SUPPLIERS.orders["name"], Position(of.after_name), PAGE)
    return SUPPLIERS.page(tx, of.tenant_id, place, filters={})


def identified(tx: Connection, of: Loaded) -> Awaitable[Any]:
    number = of.lines // 20
    return tx.fetchval(TAKEN, of.tenant_id, of.supplier_id, f"duns {number}", f"lei {number}")


def by_date(tx: Connection, of: Loaded) -> Awaitable[Any]:
    place = Place(ORDERS["transaction_date"], Position(of.after_day), PAGE)
    return lines_page(tx, of.tenant_id, Asked([of.run_id], {}, place))


def of_supplier(tx: Connection, of: Loaded) -> Awaitable[Any]:
    place = Place(ORDERS["id"], None, PAGE)
    return lines_page(tx, of.tenant_id, Asked([of.run_id], {"supplier_id": of.supplier_id}, place))


def of_days(tx: Connection, of: Loaded) -> Awaitable[Any]:
    period = Period(date(2024, 3, 3), date(2024, 3, 20))
    return report_groups(tx, of.tenant_id, ReportAsked([of.run_id], period, (), (Dimension.CATEGORY,)))


def of_row(tx: Connection, of: Loaded) -> Awaitable[Any]:
    return derivation_row(tx, of.tenant_id, run_id=of.run_id, row=of.row)


def entry(tx: Connection, of: Loaded) -> Awaitable[Any]:
    return tx.fetchrow(ENTRY_OF, of.tenant_id, of.run_id, 11)


def job(tx: Connection, of: Loaded) -> Awaitable[Any]:
    return claim_job(tx, of.tenant_id, UUID(str(new_id())))


def forgotten(tx: Connection, _: Loaded) -> Awaitable[Any]:
    return forget_old(tx)


CONTRACTS = {
    "suppliers_by_name": Contract(by_name, "suppliers"),
    "idx_suppliers_duns": Contract(identified, "suppliers", LOADER),
    "idx_suppliers_lei": Contract(identified, "suppliers", LOADER),
    "emissions_by_date": Contract(by_date, "emissions"),
    "idx_emissions_composite": Contract(of_supplier, "emissions"),
    "idx_emissions_reporting": Contract(of_days, "emissions"),
    "emissions_by_row": Contract(of_row, "emissions"),
    "entries_by_row": Contract(entry, "entries"),
    "jobs_to_do": Contract(job, "jobs", LOADER),
    "idempotent_replies_by_age": Contract(forgotten, "idempotent_replies", LOADER),
}
"""By the name of the index; an index without a contract fails a test."""


async def measured(of: Loaded, name: str, *, without: str = "") -> Measured:
    """Ask a contract's question, and measure it; `without` is an index that is dropped for the time."""
    contract = CONTRACTS[name]
    async with connected(of.url) as connection, taken_back(connection):
        if without:
            await connection.execute(f"DROP INDEX vcci.{without}")
        await connection.execute(
            f"SET LOCAL ROLE {contract.role}; SET LOCAL vcci.tenant_id = '{of.tenant_id}';"
            " SET LOCAL plan_cache_mode = force_custom_plan"
        )
        query, values = await asked(connection, contract, of)
        async with taken_back(connection):
            plan = read_plan(await connection.fetchval(ANALYZE + query, *values))
        return _measured(of, plan, name)


async def asked(connection: Connection, contract: Contract, of: Loaded) -> tuple[str, Any]:
    """Return the statement with which the code asks of a contract's table."""
    heard: list[tuple[str, Any]] = []

    async def hear(record: Any) -> None:
        heard.append((record.query, record.args or ()))

    async with taken_back(connection):
        with connection.query_logger(hear):
            await contract.ask(connection, of)
            await connection.execute("SELECT 1")
    return next(one for one in heard if f"vcci.{contract.table}" in one[0])


def _measured(of: Loaded, plan: Plan, name: str) -> Measured:
    found = [node for node in plan.root.walk() if node.index.startswith(name)]
    scans = [node for node in plan.root.walk() if not node.children]
    rows = sum(node.rows for node in found or scans)
    return Measured(of.lines, [node.index for node in found], plan.root.buffers, plan.root.rows, rows)
