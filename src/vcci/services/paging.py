"""Pages of a sorted list: the order, a position in it, and what is asked for.

A position is the values of the order's columns in one row. The last column is unique, so no two rows share
a position, and a page after it neither repeats a row nor leaves one out, whatever comes and goes meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST_ROWS = 1_000
"""Rows of one page."""


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """A column to sort by; `sql` is its expression, `kind` its type in PostgreSQL.

    `nulls_first` says where empty values stand; None where it has none.
    """

    name: str
    sql: str
    kind: str
    is_descending: bool = False
    nulls_first: bool | None = None

    @property
    def may_be_null(self) -> bool:
        """Say whether the column has empty values."""
        return self.nulls_first is not None

    def reversed(self) -> "OrderColumn":
        """Return the column sorted the other way round, empty values too."""
        nulls = None if self.nulls_first is None else not self.nulls_first
        return OrderColumn(self.name, self.sql, self.kind, not self.is_descending, nulls)


@dataclass(frozen=True, slots=True)
class Order:
    """An order by columns, of which the last is unique; `index` names the index that serves it."""

    name: str
    columns: tuple[OrderColumn, ...]
    index: str = ""

    def reversed(self) -> "Order":
        """Return the order read backwards."""
        return Order(self.name, tuple(column.reversed() for column in self.columns), self.index)


def newest_first(index: str) -> Order:
    """Return the order by id, the last first: ids rise with time."""
    return Order("id", (OrderColumn("id", "id", "uuid", is_descending=True),), index)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: the values of its columns in a row, and which way to go from there."""

    values: tuple[Any, ...]
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What to read of a list: so many rows of an order, after a position or, counted off, after an offset."""

    order: Order
    position: Position | None
    limit: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in their order, and whether there are others before and after them."""

    rows: Sequence[T]
    has_next: bool
    has_previous: bool


def page_of(fetched: Sequence[T], *, limit: int, position: Position | None, offset: int = 0) -> Page[T]:
    """Return the page of what was fetched: `limit` rows and one more, in the order's own direction."""
    rows, is_more = fetched[:limit], len(fetched) > limit
    if position is not None and position.is_backward:
        return Page(rows[::-1], has_next=True, has_previous=is_more)
    return Page(rows, has_next=is_more, has_previous=position is not None or offset > 0)


def page_at(fetched: Sequence[T], place: Place) -> Page[T]:
    """Return the page of what was fetched at a place: its limit and one more."""
    return page_of(fetched, limit=place.limit, position=place.position, offset=place.offset)
