"""How many lines a list has: from the sums that are kept where these can tell, else counted up to a bound."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import PLAN_FOR_THESE_RUNS, conditions_of
from vcci.database.keyset import Parameters

MOST_COUNTED: Final = 100_000
"""Lines that are counted one by one; of longer lists the count is an estimate, and says so."""

DATES: Final = frozenset({"from_date", "to_date"})

Count = tuple[int, Literal["estimated", "exact"]]
"""How many, and what the number is."""


async def count_lines(
    tx: Connection, tenant_id: UUID, runs: Sequence[UUID], *, filters: Mapping[str, Any], is_exact: bool
) -> Count:
    """Return how many lines of runs pass the filters. Without dates among these it is exact, and cheap."""
    if not DATES & set(filters):
        return await _by_sums(tx, tenant_id, runs, filters=filters), "exact"
    if is_exact:
        counted = await _one_by_one(tx, tenant_id, runs, filters=filters)
        if counted <= MOST_COUNTED:
            return counted, "exact"
    return await _by_sums(tx, tenant_id, runs, filters=filters), "estimated"


async def _by_sums(
    tx: Connection, tenant_id: UUID, runs: Sequence[UUID], *, filters: Mapping[str, Any]
) -> int:
    """Add the sums by month; of a month that a date cuts, count the share of its days."""
    parameters = Parameters()
    conditions = _of_runs(tenant_id, runs, parameters)
    conditions += conditions_of({n: v for n, v in filters.items() if n not in DATES}, parameters)
    share = "1"
    if DATES & set(filters):
        first = parameters.add(filters.get("from_date", date.min), "date")
        last = parameters.add(filters.get("to_date", date.max), "date")
        days = f"least(month_end, {last}) - greatest(month, {first}) + 1"
        share = f"greatest(0, {days})::numeric / (month_end - month + 1)"
        conditions.append("e.month IS NOT NULL")
    query = (
        f"SELECT coalesce(round(sum(lines * ({share}))), 0)::bigint FROM ("
        " SELECT e.lines, e.month, (e.month + interval '1 month')::date - 1 AS month_end"
        f" FROM vcci.emission_rollups e WHERE {' AND '.join(conditions)}) sums"
    )
    found: int = await tx.fetchval(query, *parameters.values)
    return found


async def _one_by_one(
    tx: Connection, tenant_id: UUID, runs: Sequence[UUID], *, filters: Mapping[str, Any]
) -> int:
    parameters = Parameters()
    conditions = _of_runs(tenant_id, runs, parameters) + conditions_of(filters, parameters)
    await tx.execute(PLAN_FOR_THESE_RUNS)
    found: int = await tx.fetchval(
        f"SELECT count(*) FROM (SELECT FROM vcci.emissions e WHERE {' AND '.join(conditions)}"
        f" LIMIT {MOST_COUNTED + 1}) counted",
        *parameters.values,
    )
    return found


def _of_runs(tenant_id: UUID, runs: Sequence[UUID], parameters: Parameters) -> list[str]:
    return [
        f"e.tenant_id = {parameters.add(tenant_id, 'uuid')}",
        f"e.run_id = ANY ({parameters.add(list(runs), 'uuid[]')})",
    ]
