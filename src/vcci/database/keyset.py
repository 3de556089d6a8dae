"""The SQL of a page: everything after a position in an order, found by an index and not by counting.

Where all columns go the same way and none has empty values it is one comparison of rows; else it is written
out column by column, with a bound on the first that lets the index begin there. Empty values need more: no
index begins at "after this, or empty", so `stretches` has a condition for each of the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vcci.services.paging import Order, OrderColumn, Position


@dataclass
class Parameters:
    """The values of a query, in the order of their numbers."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any, kind: str = "") -> str:
        """Add a value, and return how the query names it."""
        self.values.append(value)
        return f"${len(self.values)}" + (f"::{kind}" if kind else "")


def ordered_by(order: Order) -> str:
    """Return the ORDER BY of an order, without these words."""
    return ", ".join(_ordered(column) for column in order.columns)


def after(order: Order, position: Position | None, parameters: Parameters) -> tuple[str, str]:
    """Return the condition for the rows after a position, and the order to read them in.

    A backward position gives the order reversed: the rows before it, nearest first.
    """
    way = order.reversed() if position is not None and position.is_backward else order
    if position is None:
        return "true", ordered_by(way)
    names = [
        "" if value is None else parameters.add(value, column.kind)
        for column, value in zip(way.columns, position.values, strict=True)
    ]
    pairs = list(zip(way.columns, names, strict=True))
    is_one_way = len({column.is_descending for column in way.columns}) == 1
    if is_one_way and not any(column.may_be_null for column in way.columns):
        return _as_rows(pairs), ordered_by(way)
    return _column_by_column(pairs), ordered_by(way)


def stretches(order: Order, position: Position | None, parameters: Parameters) -> tuple[list[str], str]:
    """Return conditions that together say what comes after a position, and the order to read them in.

    Each is one stretch of an index over the order's columns, if these go the same way and only the first has
    empty values; their rows, merged, are what `after` would give.
    """
    way = order.reversed() if position is not None and position.is_backward else order
    first, *others = way.columns
    is_one_way = len({column.is_descending for column in way.columns}) == 1
    is_simple = is_one_way and first.may_be_null and not any(column.may_be_null for column in others)
    if position is None or not is_simple:
        condition, ordered = after(order, position, parameters)
        return [condition], ordered
    is_null = position.values[0] is None
    named = [
        (column, parameters.add(value, column.kind))
        for column, value in zip(way.columns, position.values, strict=True)
        if value is not None
    ]
    here = f"{first.sql} IS NULL AND {_as_rows(named)}" if is_null else _as_rows(named)
    if is_null == bool(first.nulls_first):  # the other kind of values is still to come
        return [here, f"{first.sql} IS {'NOT ' if is_null else ''}NULL"], ordered_by(way)
    return [here], ordered_by(way)


def _ordered(column: OrderColumn) -> str:
    text = f"{column.sql} {'DESC' if column.is_descending else 'ASC'}"
    if column.nulls_first is None:
        return text
    return f"{text} NULLS {'FIRST' if column.nulls_first else 'LAST'}"


def _as_rows(pairs: Iterable[tuple[OrderColumn, str]]) -> str:
    columns, names = zip(*pairs, strict=True)
    sign = "<" if columns[0].is_descending else ">"
    return f"({', '.join(column.sql for column in columns)}) {sign} ({', '.join(names)})"


def _column_by_column(pairs: list[tuple[OrderColumn, str]]) -> str:
    alternatives = []
    for place, (column, name) in enumerate(pairs):
        beyond = _beyond(column, name)
        if beyond:
            same = [_same(*pair) for pair in pairs[:place]]
            alternatives.append(" AND ".join([*same, beyond]))
    every = " OR ".join(f"({one})" for one in alternatives) or "false"
    bound = _not_before(*pairs[0])
    return f"({bound}) AND ({every})" if bound else f"({every})"


def _beyond(column: OrderColumn, name: str) -> str:
    """Return the condition for values strictly after; empty where there can be none."""
    if not name:
        return f"{column.sql} IS NOT NULL" if column.nulls_first else ""
    greater = f"{column.sql} {'<' if column.is_descending else '>'} {name}"
    return greater if column.nulls_first is not False else f"({greater} OR {column.sql} IS NULL)"


def _same(column: OrderColumn, name: str) -> str:
    return f"{column.sql} = {name}" if name else f"{column.sql} IS NULL"


def _not_before(column: OrderColumn, name: str) -> str:
    """Return the bound on the first column; empty where every value is after."""
    if not name:
        return "" if column.nulls_first else f"{column.sql} IS NULL"
    at_least = f"{column.sql} {'<=' if column.is_descending else '>='} {name}"
    return at_least if column.nulls_first is not False else f"{at_least} OR {column.sql} IS NULL"
