"""Pages of a SQLAlchemy query, for applications that embed the toolkit: found as our own lists are."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, inspect, text
from sqlalchemy.dialects import postgresql

from vcci.database.keyset import Parameters, after
from vcci.services.paging import Order, OrderColumn, Page, Position, page_of

DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]

KINDS: Final = {
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMP WITHOUT TIME ZONE": "timestamp",
    "VARCHAR": "text",
    "FLOAT": "double precision",
    "DOUBLE PRECISION": "double precision",
    "NUMERIC": "numeric",
}
"""Types as SQLAlchemy writes them, where a cursor knows them by another name."""


class NamedParameters(Parameters):
    """Parameters as SQLAlchemy names them."""

    def add(self, value: Any, kind: str = "") -> str:
        """Add a value, and return how the query names it."""
        self.values.append(value)
        return f"CAST(:after_{len(self.values)} AS {kind})"

    def bound(self) -> dict[str, Any]:
        """Return the values by name."""
        return {f"after_{number}": value for number, value in enumerate(self.values, start=1)}


def order_of(model: type[Any], fields: Sequence[str], *, is_descending: bool) -> Order:
    """Return the order of a mapped class by fields; its primary key makes it unique. Raises `ValueError`."""
    mapper = inspect(model)
    unknown = [name for name in fields if name not in mapper.columns]
    if unknown:
        raise ValueError(f"{model.__name__} has no column {', '.join(unknown)} to sort by")
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    names = dict.fromkeys((*fields, *keys))
    columns = tuple(_column(mapper.columns[name], name, is_descending=is_descending) for name in names)
    return Order(f"{model.__name__} by {', '.join(names)}, {is_descending}", columns)


def _column(column: Any, name: str, *, is_descending: bool) -> OrderColumn:
    sql = DIALECT.identifier_preparer.format_column(column, use_table=True)
    written = column.type.compile(dialect=DIALECT).partition("(")[0]
    nulls_first = is_descending if column.nullable else None
    return OrderColumn(name, sql, KINDS.get(written, written.lower()), is_descending, nulls_first)


async def query_page(
    session: Any, query: Select[Any], *, order: Order, position: Position | None, limit: int
) -> Page[Any]:
    """Return a page of a query's entities in an order; `session` is an AsyncSession."""
    parameters = NamedParameters()
    condition, way = after(order, position, parameters)
    cut = query.where(text(condition).bindparams(**parameters.bound())).order_by(None).order_by(text(way))
    rows = (await session.execute(cut.limit(limit + 1))).scalars().all()
    return page_of(rows, limit=limit, position=position)


def told_by(query: Select[Any]) -> dict[str, Any]:
    """Return what a list depends on: its statement and the values in it."""
    compiled = query.compile(dialect=DIALECT)
    return {"statement": str(compiled), "values": dict(compiled.params)}
