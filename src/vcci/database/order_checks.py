"""Whether an index serves each order that lists are given in. One that none serves would read everything."""

import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, LiteralString

import vcci.database
from vcci.database.connection_pool import ConnectionPool
from vcci.database.table_lists import TableList
from vcci.errors import ConfigurationError
from vcci.services.paging import Order, OrderColumn

GIVEN: Final = frozenset({"tenant_id", "run_id", "entry_id"})
"""Columns that a list has one value of: an index that begins with them serves what comes after them."""

DESCENDING, NULLS_FIRST = 1, 2
"""The bits of pg_index.indoption."""

INDEXES: Final[LiteralString] = """
    SELECT c.relname AS name, i.indisvalid AND i.indisready AS is_usable, i.indisunique AS is_unique,
        i.indpred IS NOT NULL AS is_partial, i.indrelid AS table,
        array_agg(coalesce(a.attname, '') ORDER BY k.n) AS columns,
        array_agg(i.indoption[k.n - 1] ORDER BY k.n) AS options,
        array_agg(coalesce(a.attnotnull, false) ORDER BY k.n) AS never_null
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'vcci'::regnamespace
    CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) k (n)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1]
    GROUP BY c.relname, i.indexrelid, i.indisvalid, i.indisready, i.indisunique, i.indpred, i.indrelid
"""


@dataclass(frozen=True, slots=True)
class IndexFound:
    """An index as PostgreSQL has it; each column with its options and whether it is never empty."""

    name: str
    is_usable: bool
    is_unique: bool
    is_partial: bool
    table: int
    columns: Sequence[str]
    options: Sequence[int]
    never_null: Sequence[bool]


async def refuse_orders_without_index(pool: ConnectionPool, orders: Iterable[Order]) -> None:
    """Raise `ConfigurationError` for the first order that no index serves."""
    async with pool.connection() as connection:
        found = [IndexFound(*row) for row in await connection.fetch(INDEXES)]
    for order in orders:
        if fault := fault_of(order, found):
            raise ConfigurationError(
                f"No index serves the order {order.name} of a list: {fault}.",
                tried=[order.index or "no index is named"],
                remedy="Migrate the database (vcci db migrate), or rebuild the index with REINDEX.",
                code="order_without_index",
            )


def fault_of(order: Order, indexes: Sequence[IndexFound]) -> str:
    """Return what keeps the order's index from serving it, empty if it does."""
    index = next((one for one in indexes if one.name == order.index), None)
    if index is None:
        return "there is no such index"
    return next(_faults(order, index, indexes), "")


def _faults(order: Order, index: IndexFound, indexes: Sequence[IndexFound]) -> Iterator[str]:
    if not index.is_usable:
        yield "the index is not valid"
    if index.is_partial:
        yield "the index has not all rows"
    start = next((n for n, name in enumerate(index.columns) if name not in GIVEN), len(index.columns))
    names = [column.sql.rpartition(".")[2] for column in order.columns]
    span = slice(start, start + len(names))
    if list(index.columns[span]) != names:
        yield f"its columns are {', '.join(index.columns)}"
        return
    known = zip(order.columns, index.never_null[span], strict=True)
    if any(not column.may_be_null and not is_never_null for column, is_never_null in known):
        yield "a column may be empty, and the order does not say where such rows are"
    ways = (_ways(*pair) for pair in zip(order.columns, index.options[span], strict=True))
    if not set.intersection(*ways):
        yield "its columns do not all go the order's way, nor all the other way"
    if not _is_total(names, index, indexes):
        yield "no unique index is over its columns, so rows can share a place"


def _is_total(names: Sequence[str], index: IndexFound, indexes: Sequence[IndexFound]) -> bool:
    known = GIVEN | set(names)
    keys = (one for one in indexes if one.is_unique and not one.is_partial and one.table == index.table)
    return any(set(key.columns) <= known for key in keys)


def _ways(column: OrderColumn, option: int) -> set[str]:
    """Return the ways to read an index in which a column comes as the order has it, empty values too."""
    is_same = column.is_descending == bool(option & DESCENDING)
    if column.may_be_null and (column.nulls_first == bool(option & NULLS_FIRST)) != is_same:
        return set()
    return {"forwards" if is_same else "backwards"}


def declared_orders() -> Iterator[Order]:
    """Yield every order that a module of this room declares, by itself or among others."""
    for module in pkgutil.iter_modules(vcci.database.__path__, "vcci.database."):
        if module.ispkg:
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Order):
                yield value
            elif isinstance(value, TableList):
                yield from value.orders.values()
            elif isinstance(value, Mapping):
                yield from (one for one in value.values() if isinstance(one, Order))
