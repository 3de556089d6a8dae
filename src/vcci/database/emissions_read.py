"""The lines of runs, read in pages through row security; each read names its runs, so partitions prune.

A page is cut out of the lines first, and only its rows are joined with what they were multiplied by. Lines of
several runs are merged from one short read of each: PostgreSQL would rather sort all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, stretches
from vcci.domain.category import STATED_APART
from vcci.services.paging import Order, OrderColumn, Page, Place, page_at

ID: Final = OrderColumn("id", "e.id", "uuid")
DAY: Final = OrderColumn("transaction_date", "e.transaction_date", "date", nulls_first=False)

ORDERS: Final = {
    "id": Order("id", (ID.reversed(),), "emissions_pkey"),
    "transaction_date": Order("transaction_date", (DAY, ID), "emissions_by_date"),
}
"""Orders of lines that an index serves, by what a caller names; lines without a date come last by date."""

OF_LINE: Final = (
    "tenant_id, id, run_id, row_number, scope3_category, transaction_date, supplier_id, multiplier_key,"
    " amount, co2e_mg, co2_mg, ch4_mg_co2e, n2o_mg_co2e, biogenic_co2_mg, notices"
)
COLUMNS: Final = (
    "e.id, e.run_id, e.row_number, e.scope3_category, e.transaction_date, e.amount, e.co2e_mg,"
    " e.co2_mg, e.ch4_mg_co2e, e.n2o_mg_co2e, e.biogenic_co2_mg,"
    " e.notices, e.supplier_id, s.name, m.activity, m.region, m.unit, m.factor_id, m.factor_name,"
    " m.factor_unit, m.pack, m.method, m.notices, m.mg_co2e_per_unit"
)
WITH_FACTOR: Final = (
    " JOIN LATERAL (SELECT * FROM vcci.run_multipliers WHERE tenant_id = $1 AND run_id = e.run_id"
    " AND key = e.multiplier_key LIMIT 1) m ON true"
    " LEFT JOIN LATERAL (SELECT name FROM vcci.suppliers WHERE tenant_id = $1 AND id = e.supplier_id"
    " LIMIT 1) s ON true"
)
"""$1 is the tenant. A row of the page costs two descents of a key, however large the planner takes it for."""

FILTERS: Final = {
    "category": ("e.scope3_category = {}", "smallint"),
    "supplier_id": ("e.supplier_id = {}", "uuid"),
    "from_date": ("e.transaction_date >= {}", "date"),
    "to_date": ("e.transaction_date <= {}", "date"),
}
"""What callers of the API can filter lines by, and how."""

NARROWED: Final = {
    **FILTERS,
    "suppliers": ("e.supplier_id = ANY ({})", "uuid[]"),
    "without_supplier": ("e.supplier_id IS NULL", ""),
    "undated": ("e.transaction_date IS NULL", ""),
    "in_totals": (f"e.scope3_category <> {STATED_APART}", ""),
}
"""The same, and what pages narrow lines down by; those without a type take no value."""

PLAN_FOR_THESE_RUNS: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
"""A plan for any run would name every partition of every tenant."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line with what it was multiplied by."""

    id: UUID
    run_id: UUID
    row_number: int
    category: int
    transaction_date: date | None
    amount: float
    co2e_mg: int
    co2_mg: int | None
    ch4_mg_co2e: int | None
    n2o_mg_co2e: int | None
    biogenic_co2_mg: int | None
    notices: str
    supplier_id: UUID | None
    supplier: str | None
    activity: str
    region: str
    unit: str
    factor_id: str
    factor_name: str
    factor_unit: str
    pack: str
    method: str
    factor_notices: str
    mg_co2e_per_unit: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of lines: of which runs, filtered how, and where in which order."""

    runs: Sequence[UUID]
    filters: Mapping[str, Any]
    place: Place


async def lines_page(tx: Connection, tenant_id: UUID, asked: Asked) -> Page[LineRow]:
    """Return a page of a tenant's lines."""
    if not asked.runs:
        return page_at([], asked.place)
    query, values = page_query_of(tenant_id, asked)
    await tx.execute(PLAN_FOR_THESE_RUNS)
    return page_at([LineRow(*row) for row in await tx.fetch(query, *values)], asked.place)


def page_query_of(tenant_id: UUID, asked: Asked) -> tuple[str, list[Any]]:
    """Return the query of a page, which gives one row more than the page has, and its values."""
    parameters, place = Parameters(), asked.place
    mine = f"e.tenant_id = {parameters.add(tenant_id, 'uuid')}"
    filtered = [mine, *conditions_of(asked.filters, parameters)]
    places, way = stretches(place.order, place.position, parameters)
    most = place.limit + 1
    reads = [
        f"(SELECT {OF_LINE} FROM vcci.emissions e WHERE {' AND '.join(filtered)}"
        f" AND e.run_id = {run} AND {here} ORDER BY {way} LIMIT {place.offset + most})"
        for run in [parameters.add(run, "uuid") for run in asked.runs]
        for here in places
    ]
    cut = f"SELECT * FROM ({' UNION ALL '.join(reads)}) e ORDER BY {way} LIMIT {most} OFFSET {place.offset}"
    query = f"WITH page AS MATERIALIZED ({cut}) SELECT {COLUMNS} FROM page e {WITH_FACTOR} ORDER BY {way}"
    return query, parameters.values


def conditions_of(filters: Mapping[str, Any], parameters: Parameters) -> list[str]:
    """Return the conditions on `e` of filters, by NARROWED."""
    found = [(*NARROWED[name], value) for name, value in filters.items()]
    return [sql.format(parameters.add(value, kind)) if kind else sql for sql, kind, value in found]


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line by its id: its entry where it was given by itself, and that entry's version, else 1."""

    row: LineRow
    entry_id: UUID | None
    version: int


RUNS_BY_LIKELIHOOD: Final = """
    SELECT r.id FROM vcci.runs r LEFT JOIN vcci.open_runs o ON o.tenant_id = r.tenant_id AND o.run_id = r.id
    WHERE r.tenant_id = $1 ORDER BY o.run_id IS NULL, r.id <= $2 DESC, r.id DESC
"""
"""Ids rise with time: a line's run is the open one, else almost always the last that was begun before it."""

ENTRY_OF: Final = """
    SELECT id, version FROM vcci.entries
    WHERE tenant_id = $1 AND run_id = $2 AND first_row <= $3 AND $3 < first_row + rows
    ORDER BY first_row DESC LIMIT 1
"""


async def line_by_id(tx: Connection, tenant_id: UUID, line_id: UUID) -> FoundLine | None:
    """Return a line of a tenant, None where there is none of that id, or it is another tenant's."""
    runs = [row["id"] for row in await tx.fetch(RUNS_BY_LIKELIHOOD, tenant_id, line_id)]
    await tx.execute(PLAN_FOR_THESE_RUNS)
    for some in filter(None, (runs[:2], runs[2:])):
        row = await _line_in(tx, tenant_id, line_id, runs=some)
        if row is not None:
            entry = await tx.fetchrow(ENTRY_OF, tenant_id, row.run_id, row.row_number)
            return FoundLine(row, *(entry or (None, 1)))
    return None


async def _line_in(tx: Connection, tenant_id: UUID, line_id: UUID, *, runs: Sequence[UUID]) -> LineRow | None:
    reads = " UNION ALL ".join(
        f"SELECT {OF_LINE} FROM vcci.emissions WHERE tenant_id = $1 AND id = $2 AND run_id = ${number}"
        for number in range(3, 3 + len(runs))
    )
    query = f"WITH e AS MATERIALIZED ({reads}) SELECT {COLUMNS} FROM e {WITH_FACTOR}"
    row = await tx.fetchrow(query, tenant_id, line_id, *runs)
    return None if row is None else LineRow(*row)
