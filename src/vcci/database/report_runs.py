"""Runs for a report view: the newest to choose from, and the sums of a run that keeps no inventory."""

from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.report_read import report_groups
from vcci.database.run_read import COLUMNS, RunRow
from vcci.domain.inventory import Inventory, RowCounts
from vcci.services.emission_reports import Dimension, Group, Period, ReportAsked
from vcci.services.reported import inventory_of_sums


async def newest_runs(tx: Connection, tenant_id: UUID, *, most: int) -> list[RunRow]:
    """Return a tenant's newest runs, the newest first."""
    query = f"SELECT {COLUMNS} FROM vcci.runs t WHERE t.tenant_id = $1 ORDER BY t.id DESC LIMIT $2"
    return [RunRow(*row) for row in await tx.fetch(query, tenant_id, most)]


LONG: Final = ("suppliers", "factors")
"""Tables of an inventory that may have many thousand rows; views are made without them."""


async def run_with_inventory(
    tx: Connection, tenant_id: UUID, run_id: UUID, *, whole: bool
) -> tuple[RunRow, Any] | None:
    """Return a run and the JSON of its inventory, LONG tables only if `whole`; None without such a run."""
    query = (
        f"SELECT {COLUMNS}, t.inventory - $3::text[] FROM vcci.runs t WHERE t.tenant_id = $1 AND t.id = $2"
    )
    row = await tx.fetchrow(query, tenant_id, run_id, [] if whole else list(LONG))
    if row is None:
        return None
    *told, inventory = row
    return RunRow(*told), inventory


async def inventory_by_sums(tx: Connection, tenant_id: UUID, run: RunRow) -> Inventory:
    """Return the inventory of a run by its kept sums: categories, suppliers and years, and no more."""

    async def groups(*by: Dimension) -> list[Group]:
        return await report_groups(tx, tenant_id, ReportAsked([run.id], Period(), (), by))

    return inventory_of_sums(
        run.digest,
        run.title,
        counts=RowCounts(run.rows, run.lines, run.excluded, run.not_covered, run.rejected),
        categories=[
            (group.of[Dimension.CATEGORY], group.lines, group.mg_co2e)
            for group in await groups(Dimension.CATEGORY)
        ],
        suppliers=[
            (group.supplier or "", group.lines, group.mg_co2e)
            for group in await groups(Dimension.SUPPLIER)
            if group.lines
        ],
        years=[
            (int(group.of[Dimension.YEAR] or 0), group.lines, group.mg_co2e)
            for group in await groups(Dimension.YEAR)
            if group.lines
        ],
    )
