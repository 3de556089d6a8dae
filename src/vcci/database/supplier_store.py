"""Suppliers of a tenant: added, read in pages, corrected, and merged where two are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.ids import new_ids
from vcci.database.run_rows import index_key
from vcci.database.table_lists import TableList
from vcci.services.paging import Order, OrderColumn, newest_first

COLUMNS: Final[LiteralString] = (
    "id, source_key, name, duns_number, lei_code, country, industry_code, annual_spend_usd, status,"
    " merged_into, version, created_at, changed_at"
)
DETAILS: Final = (
    "name", "duns_number", "lei_code", "country", "industry_code", "annual_spend_usd", "status",
)  # fmt: skip
"""What a caller says of a supplier, beside its key."""

ADD: Final[LiteralString] = """
    INSERT INTO vcci.suppliers (tenant_id, id, source_key, name, duns_number, lei_code, country,
        industry_code, annual_spend_usd, status)
    SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::numeric[], $10::text[])
    ON CONFLICT DO NOTHING RETURNING id
"""
"""Whichever unique key stands against it: a supplier that is there already stays as it is."""

LIKE: Final[LiteralString] = """
    SELECT {columns} FROM vcci.suppliers
    WHERE tenant_id = $1 AND (source_key = ANY ($2) OR duns_number = ANY ($3) OR lei_code = ANY ($4))
"""

CORRECT: Final[LiteralString] = """
    UPDATE vcci.suppliers SET name = $3, duns_number = $4, lei_code = $5, country = $6, industry_code = $7,
        annual_spend_usd = $8, status = $9, version = version + 1, changed_at = now()
    WHERE tenant_id = $1 AND id = $2
"""

TAKEN: Final[LiteralString] = """
    SELECT id FROM vcci.suppliers WHERE tenant_id = $1 AND id <> $2 AND (duns_number = $3 OR lei_code = $4)
"""

MERGE: Final[LiteralString] = """
    UPDATE vcci.suppliers SET status = 'merged', merged_into = $3, version = version + 1, changed_at = now()
    WHERE tenant_id = $1 AND (id = $2 OR merged_into = $2)
"""
"""Whatever was merged into it before goes along, so that one step always leads to the last."""


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """A supplier as it stands."""

    id: UUID
    source_key: str
    name: str
    duns_number: str | None
    lei_code: str | None
    country: str
    industry_code: str
    annual_spend_usd: Decimal | None
    status: str
    merged_into: UUID | None
    version: int
    created_at: datetime
    changed_at: datetime | None

    def says(self, key: str, details: Mapping[str, Any]) -> bool:
        """Say whether this is just what somebody says of a supplier."""
        mine = {name: getattr(self, name) for name in DETAILS}
        return (self.source_key, mine) == (key, dict(details))


SUPPLIERS: Final = TableList(
    "vcci.suppliers",
    COLUMNS,
    lambda row: SupplierRow(*row),
    {
        "name": Order(
            "name",
            (OrderColumn("name", "name", "text"), OrderColumn("id", "id", "uuid")),
            "suppliers_by_name",
        ),
        "id": newest_first("suppliers_pkey"),
    },
    {
        "name": "starts_with(lower(name), lower({}::text))",
        "country": "country = {}",
        "status": "status = {}",
    },
)


class Added(StrEnum):
    """What became of a supplier that was to be added."""

    CREATED = "created"
    EXISTING = "existing"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class NewSupplier:
    """A supplier that is to be added: its key, and by DETAILS what is said of it."""

    key: str
    details: Mapping[str, Any]


async def add_suppliers(
    tx: Connection, tenant_id: UUID, many: Sequence[NewSupplier]
) -> list[tuple[Added, SupplierRow]]:
    """Add suppliers; returns for each what became of it, and the one that is there; role loader."""
    ids, keys = new_ids(len(many)), [index_key(one.key) for one in many]
    columns = [[one.details[name] for one in many] for name in DETAILS]
    new = {row["id"] for row in await tx.fetch(ADD, tenant_id, ids, keys, *columns)}
    numbers, codes = (columns[DETAILS.index(name)] for name in ("duns_number", "lei_code"))
    query = LIKE.format(columns=COLUMNS)
    found = [SupplierRow(*row) for row in await tx.fetch(query, tenant_id, keys, numbers, codes)]
    names = ("id", "source_key", "duns_number", "lei_code")
    by = {(name, getattr(row, name)): row for row in found for name in names if getattr(row, name)}
    added = []
    for supplier_id, key, one in zip(ids, keys, many, strict=True):
        if supplier_id in new:
            added.append((Added.CREATED, by["id", supplier_id]))
            continue
        asked = {"source_key": key, **one.details}
        there = next(by[name, asked[name]] for name in names[1:] if (name, asked[name]) in by)
        added.append((Added.EXISTING if there.says(key, one.details) else Added.CONFLICT, there))
    return added


async def supplier_by_id(tx: Connection, tenant_id: UUID, supplier_id: UUID) -> SupplierRow | None:
    """Return a supplier of a tenant, None if there is none."""
    query = f"SELECT {COLUMNS} FROM vcci.suppliers WHERE tenant_id = $1 AND id = $2"
    row = await tx.fetchrow(query, tenant_id, supplier_id)
    return None if row is None else SupplierRow(*row)


async def hold_suppliers(tx: Connection, tenant_id: UUID) -> None:
    """Wait until nobody else corrects or merges suppliers of a tenant; until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant_id}/suppliers")


async def correct_supplier(
    tx: Connection, tenant_id: UUID, supplier_id: UUID, *, details: Mapping[str, Any]
) -> UUID | None:
    """Store what is said of a supplier now, or return whom its DUNS or LEI belongs to; held, role loader."""
    taken: UUID | None = await tx.fetchval(
        TAKEN, tenant_id, supplier_id, details["duns_number"], details["lei_code"]
    )
    if taken is None:
        await tx.execute(CORRECT, tenant_id, supplier_id, *(details[name] for name in DETAILS))
    return taken


async def merge_supplier(tx: Connection, tenant_id: UUID, supplier_id: UUID, *, into: UUID) -> None:
    """Mark a supplier, and all that were merged into it, as merged into another; held, role loader."""
    await tx.execute(MERGE, tenant_id, supplier_id, into)
