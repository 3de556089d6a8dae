"""Runs of a tenant, read in pages and one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.run_store import CategorySum
from vcci.database.table_lists import TableList
from vcci.services.paging import newest_first

COLUMNS: Final[LiteralString] = """
    t.id, t.digest, t.title, t.year, t.rows, t.lines, t.excluded, t.not_covered, t.rejected,
    t.total_mg_co2e, t.created_at,
    NOT EXISTS (SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = t.digest)
        AS is_current,
    (SELECT p.id FROM vcci.runs p WHERE p.tenant_id = $1 AND p.digest = t.successor_of) AS follows,
    (t.inventory->'interval'->>'low_mg_co2e')::bigint, (t.inventory->'interval'->>'high_mg_co2e')::bigint
"""
"""$1 is the tenant."""

BY_CATEGORY: Final[LiteralString] = """
    SELECT scope3_category, sum(lines)::bigint, sum(co2e_mg)::bigint FROM vcci.month_rollups
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
    low_mg_co2e: int | None
    high_mg_co2e: int | None


RUNS: Final = TableList("vcci.runs", COLUMNS, lambda row: RunRow(*row), {"id": newest_first("runs_pkey")})


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run with its sums by category, and the JSON documents of its parameters, packs and inventory."""

    row: RunRow
    categories: list[CategorySum]
    parameters: Any
    packs: Any
    inventory: Any


async def run_by_id(tx: Connection, tenant_id: UUID, run_id: UUID) -> WholeRun | None:
    """Return a run of a tenant, None if there is none."""
    query = f"SELECT {COLUMNS}, t.parameters, t.packs, t.inventory FROM vcci.runs t"
    row = await tx.fetchrow(f"{query} WHERE t.tenant_id = $1 AND t.id = $2", tenant_id, run_id)
    if row is None:
        return None
    sums = await tx.fetch(BY_CATEGORY, tenant_id, run_id)
    *told, parameters, packs, inventory = row
    return WholeRun(RunRow(*told), [CategorySum(*one) for one in sums], parameters, packs, inventory)


async def inputs_of(tx: Connection, tenant_id: UUID, run_id: UUID) -> Any:
    """Return the files that a run was made of, as the JSON document of its import; None where it has none."""
    query = """
        SELECT i.files FROM vcci.runs r
        JOIN vcci.imports i ON i.tenant_id = r.tenant_id AND i.id = r.import_id
        WHERE r.tenant_id = $1 AND r.id = $2
    """
    return await tx.fetchval(query, tenant_id, run_id)
