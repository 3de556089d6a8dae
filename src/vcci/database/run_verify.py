"""What PostgreSQL holds of a run, read so that it can be compared with the run made again."""

from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection

STORED_LINES: Final = ("row_number", "scope3_category", "multiplier_key", "amount", "co2e_mg")
"""What a line is compared by: its row, where it counts, and the two numbers that were multiplied."""

PAGE_ROWS: Final = 50_000
BEFORE_ALL: Final = UUID(int=0)

LINES: Final[LiteralString] = """
    SELECT id, row_number, scope3_category, multiplier_key, amount, co2e_mg FROM vcci.emissions
    WHERE tenant_id = $1 AND run_id = $2 AND id > $3 ORDER BY id LIMIT $4
"""
"""Ids rise with the rows of the ledger: the primary key leads through a run."""

SUMS: Final[LiteralString] = """
    SELECT scope3_category, sum(lines)::bigint, sum(co2e_mg)::bigint FROM {rollup}
    WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1 ORDER BY 1
"""
ROLLUPS: Final[Mapping[str, LiteralString]] = MappingProxyType(
    {
        "and supplier": "vcci.emission_rollups",
        "and month": "vcci.month_rollups",
        "and multiplier": "vcci.key_rollups",
        "with supplier and method": "vcci.supplier_rollups",
    }
)
"""Where sums by category are kept for pages and reports, by what each has them by beside."""

Sums = list[tuple[int, int, int]]
"""Category, lines, and milligrams of CO2e, by category."""


async def line_columns(tx: Connection, tenant_id: UUID, run_id: UUID) -> AsyncGenerator[list[Any]]:
    """Yield the lines of a run in the order of the ledger, some at a time, each as STORED_LINES."""
    after = BEFORE_ALL
    while rows := await tx.fetch(LINES, tenant_id, run_id, after, PAGE_ROWS):
        after = rows[-1]["id"]
        yield [tuple(row)[1:] for row in rows]


async def category_sums(tx: Connection, tenant_id: UUID, run_id: UUID) -> dict[str, Sums]:
    """Return what each of ROLLUPS says of the categories of a run, by its name."""
    found = {}
    for name, rollup in ROLLUPS.items():
        rows = await tx.fetch(SUMS.format(rollup=rollup), tenant_id, run_id)
        found[name] = [tuple(row) for row in rows]
    return found


async def stored_total(tx: Connection, tenant_id: UUID, run_id: UUID) -> tuple[str, int] | None:
    """Return the digest and the total in milligrams that a run is listed with; None without such a run."""
    row = await tx.fetchrow(
        "SELECT digest, total_mg_co2e FROM vcci.runs WHERE tenant_id = $1 AND id = $2", tenant_id, run_id
    )
    return None if row is None else (row["digest"], row["total_mg_co2e"])
