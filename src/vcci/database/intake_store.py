"""Files that were uploaded, as the database knows them; their bytes lie in the data folder."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, after
from vcci.services.paging import Order, OrderColumn, Page, Place, page_at

FILES: Final = {
    "id": Order("id", (OrderColumn("id", "id", "uuid", is_descending=True),), "intake_files_pkey")
}
"""The newest first: ids rise with time."""

COLUMNS: Final[LiteralString] = "id, api_key_id, name, digest, size_bytes, created_at"


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """A file that was uploaded; `digest` is SHA-256 over its bytes, in hex."""

    id: UUID
    api_key_id: UUID
    name: str
    digest: str
    size_bytes: int
    created_at: datetime


async def add_file(tx: Connection, tenant_id: UUID, file: IntakeFile) -> None:
    """Store what is known of a file; role loader."""
    await tx.execute(
        "INSERT INTO vcci.intake_files (tenant_id, id, api_key_id, name, digest, size_bytes)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        *(tenant_id, file.id, file.api_key_id, file.name, file.digest, file.size_bytes),
    )


async def file_by_id(tx: Connection, tenant_id: UUID, file_id: UUID) -> IntakeFile | None:
    """Return a file of a tenant, None if there is none."""
    query = f"SELECT {COLUMNS} FROM vcci.intake_files WHERE tenant_id = $1 AND id = $2"
    row = await tx.fetchrow(query, tenant_id, file_id)
    return None if row is None else IntakeFile(*row)


async def files_page(tx: Connection, tenant_id: UUID, place: Place) -> Page[IntakeFile]:
    """Return a page of a tenant's files."""
    parameters = Parameters()
    mine = f"tenant_id = {parameters.add(tenant_id)}"
    here, way = after(place.order, place.position, parameters)
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM vcci.intake_files WHERE {mine} AND {here}"
        f" ORDER BY {way} LIMIT {place.limit + 1} OFFSET {place.offset}",
        *parameters.values,
    )
    return page_at([IntakeFile(*row) for row in rows], place)
