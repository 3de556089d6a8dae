"""Entries: activities that the open run took one by one.

A correction replaces an entry whole, and keeps what it took the place of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.entry_lines import Booked, add_lines, remove_lines
from vcci.database.ids import new_id
from vcci.database.keyset import Parameters, after
from vcci.database.open_run import OpenRun
from vcci.database.run_rows import index_key
from vcci.database.run_save import ADD_SUPPLIERS, as_text
from vcci.services.paging import Order, OrderColumn, Page, Place, page_at

VERSIONS: Final = {
    "version": Order(
        "version",
        (OrderColumn("version", "version", "integer", is_descending=True),),
        "entry_versions_pkey",
    )
}

FIND: Final[LiteralString] = """
    SELECT id, run_id, first_row, rows, version, api_key_id, request, reply FROM vcci.entries
    WHERE tenant_id = $1 AND id = $2
"""

ADD: Final[LiteralString] = """
    INSERT INTO vcci.entries (tenant_id, id, run_id, first_row, rows, version, api_key_id, request, reply)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

KEEP_VERSION: Final[LiteralString] = """
    INSERT INTO vcci.entry_versions (tenant_id, entry_id, version, api_key_id, request, reply)
    SELECT tenant_id, id, version, $3, request, reply FROM vcci.entries WHERE tenant_id = $1 AND id = $2
"""

REPLACE: Final[LiteralString] = """
    UPDATE vcci.entries
    SET first_row = $3, rows = $4, version = $5, changed_at = now(), request = $6, reply = $7
    WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An activity as it stands in the books; request and reply are JSON texts."""

    id: UUID
    run_id: UUID
    first_row: int
    rows: int
    version: int
    api_key_id: UUID
    request: str
    reply: str


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """What a correction took the place of, when, and with whose key."""

    version: int
    api_key_id: UUID
    created_at: datetime
    request: str
    reply: str


async def supplier_named(tx: Connection, tenant_id: UUID, name: str) -> UUID:
    """Return the supplier of a name, added if there is none; role loader."""
    key = index_key(name)
    await tx.execute(ADD_SUPPLIERS, tenant_id, [new_id()], [key], [as_text(name)])
    query = "SELECT id FROM vcci.suppliers WHERE tenant_id = $1 AND source_key = $2"
    found: UUID = await tx.fetchval(query, tenant_id, key)
    return found


async def is_supplier(tx: Connection, tenant_id: UUID, supplier_id: UUID) -> bool:
    """Say whether the tenant has a supplier of an id."""
    query = "SELECT EXISTS (SELECT FROM vcci.suppliers WHERE tenant_id = $1 AND id = $2)"
    found: bool = await tx.fetchval(query, tenant_id, supplier_id)
    return found


async def entry_by_id(tx: Connection, tenant_id: UUID, entry_id: UUID) -> Entry | None:
    """Return an entry of a tenant, None if there is none."""
    row = await tx.fetchrow(FIND, tenant_id, entry_id)
    return None if row is None else Entry(*row)


async def add_entry(tx: Connection, run: OpenRun, entry: Entry, *, booked: Booked) -> None:
    """Book an entry and its lines; role loader."""
    await add_lines(tx, run, booked)
    await tx.execute(
        ADD,
        *(run.tenant_id, entry.id, run.run_id, entry.first_row, entry.rows, entry.version, entry.api_key_id),
        *(entry.request, entry.reply),
    )


async def correct_entry(
    tx: Connection, run: OpenRun, entry: Entry, *, booked: Booked, was: tuple[Entry, Sequence[UUID]]
) -> None:
    """Book an entry in the place of what it was, of which the lines' ids are told too; role loader.

    The version before is kept, with the key of this correction.
    """
    before, ids = was
    await tx.execute(KEEP_VERSION, run.tenant_id, entry.id, entry.api_key_id)
    rows = range(before.first_row, before.first_row + before.rows)
    await remove_lines(tx, run, ids, rows=rows)
    await add_lines(tx, run, booked)
    await tx.execute(
        REPLACE,
        *(run.tenant_id, entry.id, entry.first_row, entry.rows, entry.version, entry.request, entry.reply),
    )


async def versions_page(
    tx: Connection, tenant_id: UUID, entry_id: UUID | None, *, place: Place
) -> Page[EarlierVersion]:
    """Return a page of the versions that corrections took the place of; none where there is no entry."""
    parameters = Parameters()
    mine = f"tenant_id = {parameters.add(tenant_id)} AND entry_id = {parameters.add(entry_id, 'uuid')}"
    here, way = after(place.order, place.position, parameters)
    rows = await tx.fetch(
        "SELECT version, api_key_id, created_at, request, reply FROM vcci.entry_versions"
        f" WHERE {mine} AND {here} ORDER BY {way} LIMIT {place.limit + 1} OFFSET {place.offset}",
        *parameters.values,
    )
    return page_at([EarlierVersion(*row) for row in rows], place)
