"""Calculations that were asked for one by one: kept as asked and answered, and read back as a history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.table_lists import TableList
from vcci.services.paging import newest_first

COLUMNS: Final[LiteralString] = "id, created_at, api_key_id, scope3_category, co2e_mg, request, reply"


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


HISTORY: Final = TableList(
    "vcci.calculations",
    COLUMNS,
    lambda row: StoredCalculation(*row),
    {"id": newest_first("calculations_pkey")},
)

ADD: Final = """
    INSERT INTO vcci.calculations (tenant_id, id, api_key_id, scope3_category, co2e_mg, request, reply)
    SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::text[], $7::text[])
"""


async def add_calculations(tx: Connection, tenant_id: UUID, many: Sequence[StoredCalculation]) -> None:
    """Store calculations; role loader."""
    await tx.execute(
        ADD,
        tenant_id,
        [one.id for one in many],
        [one.api_key_id for one in many],
        [one.category for one in many],
        [one.co2e_mg for one in many],
        [one.request for one in many],
        [one.reply for one in many],
    )


async def calculation_by_id(
    tx: Connection, tenant_id: UUID, calculation_id: UUID
) -> StoredCalculation | None:
    """Return a calculation of a tenant, None if there is none."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM vcci.calculations WHERE tenant_id = $1 AND id = $2", tenant_id, calculation_id
    )
    return None if row is None else StoredCalculation(*row)
