"""Sums of lines by supplier, category and method, with what their data quality weighs; kept with the lines.

Quality is weighed by emissions without their sign: `quality_mg` counts the milligrams of a multiplier once
for each indicator that was assessed, `quality_points_mg` as often as its score says.
"""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection

SUMS: Final[LiteralString] = """
    INSERT INTO vcci.supplier_rollups AS sums (tenant_id, run_id, scope3_category, supplier_id, method, lines,
        co2e_mg, quality_mg, quality_points_mg)
    SELECT $1, $2, g.scope3_category, g.supplier_id, coalesce(m.method, ''), {sign} sum(g.lines),
        {sign} sum(g.co2e_mg),
        {sign} sum(abs(g.co2e_mg)::numeric * num_nonnulls(m.dq_technology, m.dq_time, m.dq_geography,
            m.dq_completeness, m.dq_reliability)),
        {sign} sum(abs(g.co2e_mg)::numeric * (coalesce(m.dq_technology, 0) + coalesce(m.dq_time, 0)
            + coalesce(m.dq_geography, 0) + coalesce(m.dq_completeness, 0) + coalesce(m.dq_reliability, 0)))
    FROM (
        SELECT scope3_category, supplier_id, multiplier_key, count(*) AS lines,
            sum(co2e_mg)::bigint AS co2e_mg
        FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 {some} GROUP BY 1, 2, 3
    ) g
    LEFT JOIN vcci.run_multipliers m ON m.tenant_id = $1 AND m.run_id = $2 AND m.key = g.multiplier_key
    GROUP BY 3, 4, 5
"""
"""$1 is the tenant, $2 the run."""

CHANGE: Final[LiteralString] = """
    ON CONFLICT (tenant_id, run_id, scope3_category, supplier_id, method) DO UPDATE SET
        lines = sums.lines + excluded.lines, co2e_mg = sums.co2e_mg + excluded.co2e_mg,
        quality_mg = sums.quality_mg + excluded.quality_mg,
        quality_points_mg = sums.quality_points_mg + excluded.quality_points_mg
"""

ADD_ALL: Final[LiteralString] = SUMS.format(sign="", some="")
SOME: Final[LiteralString] = "AND id = ANY ($3)"
ADD_SOME: Final[LiteralString] = SUMS.format(sign="", some=SOME) + CHANGE
TAKE_SOME: Final[LiteralString] = SUMS.format(sign="-", some=SOME) + CHANGE

FORGET_EMPTY: Final[LiteralString] = """
    DELETE FROM vcci.supplier_rollups WHERE tenant_id = $1 AND run_id = $2 AND lines = 0
"""

ADD_OF_ROLLUPS: Final[LiteralString] = """
    INSERT INTO vcci.supplier_rollups (tenant_id, run_id, scope3_category, supplier_id, method, lines,
        co2e_mg, quality_mg, quality_points_mg)
    SELECT tenant_id, run_id, scope3_category, supplier_id, '', sum(lines), sum(co2e_mg), 0, 0
    FROM vcci.emission_rollups WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1, 2, 3, 4
"""
"""For a run whose lines stay in files: their methods and quality are not known here."""


async def add_supplier_rollups(tx: Connection, tenant_id: UUID, run_id: UUID) -> None:
    """Sum the lines of a run that is stored; role loader."""
    await tx.execute(ADD_ALL, tenant_id, run_id)


async def add_supplier_rollups_without_lines(tx: Connection, tenant_id: UUID, run_id: UUID) -> None:
    """Sum a run of which only sums by month are stored; role loader."""
    await tx.execute(ADD_OF_ROLLUPS, tenant_id, run_id)


async def count_in(tx: Connection, tenant_id: UUID, run_id: UUID, *, ids: Sequence[UUID]) -> None:
    """Add lines that have just been stored to the sums; role loader."""
    await tx.execute(ADD_SOME, tenant_id, run_id, list(ids))


async def count_out(tx: Connection, tenant_id: UUID, run_id: UUID, *, ids: Sequence[UUID]) -> None:
    """Take lines that are about to go out of the sums; role loader."""
    await tx.execute(TAKE_SOME, tenant_id, run_id, list(ids))
    await tx.execute(FORGET_EMPTY, tenant_id, run_id)
