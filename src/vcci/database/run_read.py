"""Runs of a tenant, read in pages and one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, after
from vcci.database.run_store import CategorySum
from vcci.services.paging import Order, OrderColumn, Page, Place, page_at

RUNS: Final = {"id": Order("id", (OrderColumn("id", "r.id", "uuid", is_descending=True),), "runs_pkey")}
"""The newest first: ids rise with time."""

COLUMNS: Final[LiteralString] = """
    r.id, r.digest, r.title, r.year, r.rows, r.lines, r.excluded, r.not_covered, r.rejected,
    r.total_mg_co2e, r.created_at,
    NOT EXISTS (SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = r.digest),
    (SELECT p.id FROM vcci.runs p WHERE p.tenant_id = $1 AND p.digest = r.successor_of)
"""
"""$1 is the tenant."""

BY_CATEGORY: Final[LiteralString] = """
    SELECT scope3_category, sum(lines)::bigint, sum(co2e_mg)::bigint FROM vcci.emission_rollups
    WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run; `is_current` says that no other took its place, `successor_of` whose place it took."""

    id: UUID
    digest: str
    title: str
    year: int | None
    rows: int
    lines: int
    excluded: int
    not_covered: int
    rejected: int
    total_mg_co2e: int
    created_at: datetime
    is_current: bool
    successor_of: UUID | None


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run with its sums by category, and the JSON documents of its parameters, packs and inventory."""

    row: RunRow
    categories: list[CategorySum]
    parameters: Any
    packs: Any
    inventory: Any


async def runs_page(tx: Connection, tenant_id: UUID, place: Place) -> Page[RunRow]:
    """Return a page of a tenant's runs."""
    parameters = Parameters()
    mine = f"r.tenant_id = {parameters.add(tenant_id)}"
    here, way = after(place.order, place.position, parameters)
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.runs r WHERE {mine} AND {here}"
        f" ORDER BY {way} LIMIT {place.limit + 1} OFFSET {place.offset}",
        *parameters.values,
    )
    return page_at([RunRow(*row) for row in rows], place)


async def run_by_id(tx: Connection, tenant_id: UUID, run_id: UUID) -> WholeRun | None:
    """Return a run of a tenant, None if there is none."""
    query = f"SELECT {COLUMNS}, r.parameters, r.packs, r.inventory FROM vcci.runs r"
    row = await tx.fetchrow(f"{query} WHERE r.tenant_id = $1 AND r.id = $2", tenant_id, run_id)
    if row is None:
        return None
    sums = await tx.fetch(BY_CATEGORY, tenant_id, run_id)
    *told, parameters, packs, inventory = row
    return WholeRun(RunRow(*told), [CategorySum(*one) for one in sums], parameters, packs, inventory)
