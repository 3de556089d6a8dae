"""Runs for a report view: the newest to choose from, and the sums of a run that keeps no inventory."""

from dataclasses import replace
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.report_read import report_groups
from vcci.database.run_read import COLUMNS, RunRow
from vcci.domain.inventory import Inventory, RowCounts, SupplierTotal
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


OF_MERGED: Final[LiteralString] = """
    WITH owned AS (
        SELECT coalesce(t.name, s.name, '') AS name, s.merged_into, e.lines, e.co2e_mg
        FROM vcci.supplier_rollups e
        LEFT JOIN vcci.suppliers s ON s.tenant_id = $1 AND s.id = e.supplier_id
        LEFT JOIN vcci.suppliers t ON t.tenant_id = $1 AND t.id = s.merged_into
        WHERE e.tenant_id = $1 AND e.run_id = $2 AND e.scope3_category <> 0
    )
    SELECT name, sum(lines), sum(co2e_mg) FROM owned
    WHERE EXISTS (SELECT FROM owned WHERE merged_into IS NOT NULL) GROUP BY name
"""


async def with_merged_suppliers(
    tx: Connection, tenant_id: UUID, run_id: UUID, *, inventory: Inventory
) -> Inventory:
    """Return the inventory of a run with its suppliers under the names that they were merged into.

    It is left as it is where none was merged. A supplier whose figures are the same keeps its interval.
    """
    rows = await tx.fetch(OF_MERGED, tenant_id, run_id)
    if not rows:
        return inventory
    known = {(row.supplier, row.lines, row.emissions_mg_co2e): row for row in inventory.suppliers}
    told = [(name, int(lines), int(mg)) for name, lines, mg in rows]
    found = [known.get(one) or SupplierTotal(*one) for one in told]
    found.sort(key=lambda row: (-row.emissions_mg_co2e, row.supplier))
    return replace(inventory, suppliers=tuple(found))


async def inventory_by_sums(tx: Connection, tenant_id: UUID, run: RunRow, *, whole: bool) -> Inventory:
    """Return the inventory of a run by its kept sums: categories, years and, if `whole`, suppliers."""

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
            for group in (await groups(Dimension.SUPPLIER) if whole else ())
            if group.lines
        ],
        years=[
            (int(group.of[Dimension.YEAR] or 0), group.lines, group.mg_co2e)
            for group in await groups(Dimension.YEAR)
            if group.lines
        ],
    )
