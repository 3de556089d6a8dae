"""Many lines by their ids at once, for requests that come together."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import (
    COLUMNS,
    OF_LINE,
    PLAN_FOR_THESE_RUNS,
    WITH_FACTOR,
    FoundLine,
    LineRow,
)

RUNS: Final = """
    SELECT r.id, o.run_id IS NOT NULL AS is_open
    FROM vcci.runs r LEFT JOIN vcci.open_runs o ON o.tenant_id = r.tenant_id AND o.run_id = r.id
    WHERE r.tenant_id = $1 ORDER BY r.id
"""

ENTRIES: Final = """
    SELECT n, e.id, e.version FROM unnest($3::bigint[]) n JOIN LATERAL (
        SELECT id, version, first_row, rows FROM vcci.entries
        WHERE tenant_id = $1 AND run_id = $2 AND first_row <= n ORDER BY first_row DESC LIMIT 1
    ) e ON n < e.first_row + e.rows
"""


async def lines_by_ids(tx: Connection, tenant_id: UUID, ids: Sequence[UUID]) -> list[FoundLine | None]:
    """Return the tenant's lines of these ids, in their order; None for an id that none of them has."""
    runs = await tx.fetch(RUNS, tenant_id)
    opened = [run["id"] for run in runs if run["is_open"]]
    known = [run["id"] for run in runs]
    likely = {*opened, *(known[place - 1] for place in (bisect_right(known, one) for one in ids) if place)}
    await tx.execute(PLAN_FOR_THESE_RUNS)
    rows = await _lines_in(tx, tenant_id, ids, runs=likely)
    missing = [one for one in ids if one not in rows]
    rows |= await _lines_in(tx, tenant_id, missing, runs=[run for run in known if run not in likely])
    entries = await _entries(tx, tenant_id, [row for row in rows.values() if row.run_id in opened])
    return [
        FoundLine(rows[one], *entries.get(rows[one].row_number, (None, 1))) if one in rows else None
        for one in ids
    ]


async def _lines_in(
    tx: Connection, tenant_id: UUID, ids: Sequence[UUID], *, runs: Iterable[UUID]
) -> dict[UUID, LineRow]:
    named = list(runs)
    if not (named and ids):
        return {}
    reads = " UNION ALL ".join(
        f"SELECT {OF_LINE} FROM vcci.emissions WHERE tenant_id = $1 AND run_id = ${number} AND id = ANY ($2)"
        for number in range(3, 3 + len(named))
    )
    query = f"WITH e AS MATERIALIZED ({reads}) SELECT {COLUMNS} FROM e {WITH_FACTOR}"
    rows = await tx.fetch(query, tenant_id, list(ids), *named)
    return {row["id"]: LineRow(*row) for row in rows}


async def _entries(
    tx: Connection, tenant_id: UUID, rows: Sequence[LineRow]
) -> dict[int, tuple[UUID | None, int]]:
    """Return the entries of rows of the open run, by row number."""
    if not rows:
        return {}
    numbers = [row.row_number for row in rows]
    found = await tx.fetch(ENTRIES, tenant_id, rows[0].run_id, numbers)
    return {row["n"]: (row["id"], row["version"]) for row in found}
