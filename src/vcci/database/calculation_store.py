"""Calculations that were asked for one by one: kept as asked and answered, and read back as a history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, after
from vcci.services.paging import Order, OrderColumn, Page, Position, page_of

NEWEST_FIRST: Final = Order(
    "id", (OrderColumn("id", "id", "uuid", is_descending=True),), index="calculations_pkey"
)


@dataclass(frozen=True, slots=True)
class StoredCalculation:
    """A calculation; `co2e_mg` is None where it has a finding and no lines; request and reply are JSON."""

    id: UUID
    created_at: datetime
    api_key_id: UUID
    category: int | None
    co2e_mg: int | None
    request: str
    reply: str


async def add_calculation(tx: Connection, tenant_id: UUID, one: StoredCalculation) -> None:
    """Store a calculation; role loader."""
    await tx.execute(
        "INSERT INTO vcci.calculations (tenant_id, id, api_key_id, scope3_category, co2e_mg, request, reply)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(tenant_id, one.id, one.api_key_id, one.category, one.co2e_mg, one.request, one.reply),
    )


async def calculations_page(
    tx: Connection, tenant_id: UUID, *, position: Position | None, limit: int
) -> Page[StoredCalculation]:
    """Return a page of the history, the newest first."""
    parameters = Parameters()
    mine = f"tenant_id = {parameters.add(tenant_id)}"
    place, way = after(NEWEST_FIRST, position, parameters)
    rows = await tx.fetch(
        "SELECT id, created_at, api_key_id, scope3_category, co2e_mg, request, reply FROM vcci.calculations"
        f" WHERE {mine} AND {place} ORDER BY {way} LIMIT {limit + 1}",
        *parameters.values,
    )
    return page_of([StoredCalculation(*row) for row in rows], limit=limit, position=position)
