"""Lists that are a tenant's rows of one table: read in pages, and counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters, after
from vcci.services.paging import Order, Page, Place, page_at

T = TypeVar("T")

MOST_COUNTED: Final = 100_000
"""Rows that are counted; a longer list is said to have as many, as an estimate."""


@dataclass(frozen=True, slots=True)
class TableList(Generic[T]):
    """A table as a list: its columns, what a row of them becomes, its orders, and how it can be filtered.

    The table has a column `tenant_id`, which is $1 in its columns; each filter compares with one text.
    """

    table: str
    columns: str
    row: Callable[[Any], T]
    orders: Mapping[str, Order]
    filters: Mapping[str, str] = field(default_factory=dict)

    async def page(
        self, tx: Connection, tenant_id: UUID, place: Place, *, filters: Mapping[str, str]
    ) -> Page[T]:
        """Return a page of a tenant's rows."""
        parameters = Parameters([tenant_id])
        mine = self._mine(filters, parameters)
        here, way = after(place.order, place.position, parameters)
        rows = await tx.fetch(
            f"SELECT {self.columns} FROM {self.table} t WHERE {mine} AND {here}"
            f" ORDER BY {way} LIMIT {place.limit + 1} OFFSET {place.offset}",
            *parameters.values,
        )
        return page_at([self.row(row) for row in rows], place)

    async def count(
        self, tx: Connection, tenant_id: UUID, *, filters: Mapping[str, str]
    ) -> tuple[int, Literal["estimated", "exact"]]:
        """Return how many rows a tenant has, and what the number is."""
        parameters = Parameters([tenant_id])
        some = f"SELECT FROM {self.table} t WHERE {self._mine(filters, parameters)} LIMIT {MOST_COUNTED}"
        counted: int = await tx.fetchval(f"SELECT count(*) FROM ({some}) counted", *parameters.values)
        return counted, "exact" if counted < MOST_COUNTED else "estimated"

    def _mine(self, filters: Mapping[str, str], parameters: Parameters) -> str:
        conditions = (self.filters[name].format(parameters.add(value)) for name, value in filters.items())
        return " AND ".join(["t.tenant_id = $1", *conditions])
