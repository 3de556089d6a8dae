"""Sums of some lines by category and month, from the sums that are kept; and who was merged into whom."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import (
    COLUMNS,
    OF_LINE,
    PLAN_FOR_THESE_RUNS,
    WITH_FACTOR,
    LineRow,
    conditions_of,
)
from vcci.database.keyset import Parameters
from vcci.database.supplier_store import SupplierRow, supplier_by_id
from vcci.services.drill import UNDATED, FactorUsed, Narrowed, Sum, days_of_year

GROUPED: Final = {"category": "e.scope3_category", "month": "e.month"}
"""What sums are kept by, beside the supplier."""


async def sums_by(tx: Connection, tenant_id: UUID, narrowed: Narrowed, *, by: str) -> list[Sum]:
    """Return the sums by category or month, in order; lines without a date come last."""
    parameters = Parameters([tenant_id])
    table = "month_rollups" if narrowed.suppliers is None else "emission_rollups"
    rows = await tx.fetch(
        f"SELECT sum(e.lines), sum(e.co2e_mg), {GROUPED[by]} FROM vcci.{table} e"
        f" WHERE {' AND '.join(_kept(narrowed, parameters))} GROUP BY 3 ORDER BY 3 NULLS LAST",
        *parameters.values,
    )
    return [Sum(int(lines), int(mg), of) for lines, mg, of in rows]


def _kept(narrowed: Narrowed, parameters: Parameters) -> list[str]:
    """Return the conditions on kept sums; each column of their key is bound, so that it is one descent."""
    found = [
        "e.tenant_id = $1",
        f"e.run_id = ANY ({parameters.add(list(narrowed.runs), 'uuid[]')})",
        f"e.scope3_category = ANY ({parameters.add(list(narrowed.categories), 'smallint[]')})",
    ]
    if narrowed.suppliers is not None:
        some = parameters.add(list(narrowed.suppliers), "uuid[]") if narrowed.suppliers else ""
        found.append(f"e.supplier_id = ANY ({some})" if some else "e.supplier_id IS NULL")
    if narrowed.month == UNDATED:
        found.append("e.month IS NULL")
    elif narrowed.month is not None:
        found.append(f"e.month = {parameters.add(narrowed.first_day, 'date')}")
    return [*found, *within_year(narrowed.year, parameters)]


def within_year(year: int | None, parameters: Parameters) -> list[str]:
    """Return the condition on sums by month, `e`, that they are of a year; none without a year."""
    if year is None:
        return []
    first, last = (parameters.add(day, "date") for day in days_of_year(year))
    return [f"e.month BETWEEN {first} AND {last}"]


async def largest_lines(tx: Connection, tenant_id: UUID, narrowed: Narrowed, *, most: int) -> list[LineRow]:
    """Return the lines with the most emissions; each of the lines is looked at."""
    parameters = Parameters()
    mine = f"e.tenant_id = {parameters.add(tenant_id, 'uuid')}"
    runs = f"e.run_id = ANY ({parameters.add(list(narrowed.runs), 'uuid[]')})"
    conditions = [mine, runs, *conditions_of(narrowed.line_filters(), parameters)]
    await tx.execute(PLAN_FOR_THESE_RUNS)
    rows = await tx.fetch(
        f"WITH page AS MATERIALIZED (SELECT {OF_LINE} FROM vcci.emissions e WHERE {' AND '.join(conditions)}"
        f" ORDER BY e.co2e_mg DESC, e.id LIMIT {most})"
        f" SELECT {COLUMNS} FROM page e {WITH_FACTOR} ORDER BY e.co2e_mg DESC, e.id",
        *parameters.values,
    )
    return [LineRow(*row) for row in rows]


MERGED: Final = """
    SELECT id, name, merged_into FROM vcci.suppliers WHERE tenant_id = $1 AND merged_into = ANY ($2)
    ORDER BY name, id
"""


async def merged_into(tx: Connection, tenant_id: UUID, ids: Sequence[UUID]) -> list[Any]:
    """Return id, name and merged_into of the suppliers that were merged into these."""
    return list(await tx.fetch(MERGED, tenant_id, list(ids)))


async def standing_supplier(tx: Connection, tenant_id: UUID, supplier_id: UUID) -> SupplierRow | None:
    """Return a supplier, or the one that it was merged into; None if there is none."""
    found = await supplier_by_id(tx, tenant_id, supplier_id)
    if found is None or found.merged_into is None:
        return found
    return await supplier_by_id(tx, tenant_id, found.merged_into)


FACTORS: Final = """
    WITH keyed AS (
        SELECT run_id, multiplier_key AS key, sum(lines) AS lines, sum(co2e_mg) AS co2e_mg
        FROM vcci.key_rollups
        WHERE tenant_id = $1 AND run_id = ANY ($2::uuid[]) AND scope3_category = ANY ($3::smallint[])
            AND ($5::int IS NULL OR year = $5)
        GROUP BY 1, 2
    )
    SELECT sum(k.lines), sum(k.co2e_mg), m.factor_id, m.factor_name, m.factor_value, m.factor_unit, m.pack,
        m.method
    FROM keyed k
    JOIN vcci.run_multipliers m ON m.tenant_id = $1 AND m.run_id = k.run_id AND m.key = k.key
    GROUP BY 3, 4, 5, 6, 7, 8 ORDER BY 2 DESC, 3 LIMIT $4
"""


async def factor_sums(tx: Connection, tenant_id: UUID, narrowed: Narrowed, *, most: int) -> list[Sum]:
    """Return what the factors with the most emissions in the categories come to, each `of` a `FactorUsed`."""
    mine = list(narrowed.runs), list(narrowed.categories)
    rows = await tx.fetch(FACTORS, tenant_id, *mine, most, narrowed.year)
    return [Sum(int(lines), int(mg), FactorUsed(*factor)) for lines, mg, *factor in rows]
