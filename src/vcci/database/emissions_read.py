"""The lines of runs, read in pages through row security; each read names its runs, so partitions prune."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, after
from vcci.services.paging import Order, OrderColumn, Page, Position, page_of

ORDERS: Final = {
    "id": Order("id", (OrderColumn("id", "e.id", "uuid", is_descending=True),), "emissions_pkey"),
}
"""Orders of lines that an index serves, by what a caller names."""

COLUMNS: Final = (
    "e.id, e.run_id, e.row_number, e.scope3_category, e.transaction_date, e.amount, e.co2e_mg,"
    " e.notices, s.name AS supplier, m.activity, m.region, m.unit, m.factor_id, m.factor_name,"
    " m.factor_unit, m.pack, m.method, m.mg_co2e_per_unit"
)
FROM: Final = (
    "vcci.emissions e"
    " JOIN vcci.run_multipliers m ON m.tenant_id = e.tenant_id AND m.run_id = e.run_id"
    " AND m.key = e.multiplier_key"
    " LEFT JOIN vcci.suppliers s ON s.tenant_id = e.tenant_id AND s.id = e.supplier_id"
)
FILTERS: Final = {
    "category": ("e.scope3_category = {}", "smallint"),
    "supplier_id": ("e.supplier_id = {}", "uuid"),
    "from_date": ("e.transaction_date >= {}", "date"),
    "to_date": ("e.transaction_date <= {}", "date"),
}
"""What lines can be filtered by, and how."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line with what it was multiplied by."""

    id: UUID
    run_id: UUID
    row_number: int
    category: int
    transaction_date: date | None
    amount: float
    co2e_mg: int
    notices: str
    supplier: str | None
    activity: str
    region: str
    unit: str
    factor_id: str
    factor_name: str
    factor_unit: str
    pack: str
    method: str
    mg_co2e_per_unit: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of lines: of which runs, filtered how, in which order, from where."""

    runs: Sequence[UUID]
    filters: Mapping[str, Any]
    order: Order
    position: Position | None
    limit: int


async def lines_page(tx: Connection, tenant_id: UUID, asked: Asked) -> Page[LineRow]:
    """Return a page of a tenant's lines."""
    parameters = Parameters()
    conditions = [
        f"e.tenant_id = {parameters.add(tenant_id)}",
        f"e.run_id = ANY ({parameters.add(list(asked.runs), 'uuid[]')})",
        *(
            FILTERS[name][0].format(parameters.add(value, FILTERS[name][1]))
            for name, value in asked.filters.items()
        ),
    ]
    place, way = after(asked.order, asked.position, parameters)
    query = (
        f"SELECT {COLUMNS} FROM {FROM} WHERE {' AND '.join(conditions)} AND {place}"
        f" ORDER BY {way} LIMIT {asked.limit + 1}"
    )
    rows = await tx.fetch(query, *parameters.values)
    return page_of([LineRow(*row) for row in rows], limit=asked.limit, position=asked.position)


async def line_by_id(tx: Connection, tenant_id: UUID, line_id: UUID) -> LineRow | None:
    """Return a line of a tenant, None where there is none of that id, or it is another tenant's."""
    query = f"SELECT {COLUMNS} FROM {FROM} WHERE e.tenant_id = $1 AND e.id = $2"
    row = await tx.fetchrow(query, tenant_id, line_id)
    return None if row is None else LineRow(*row)
