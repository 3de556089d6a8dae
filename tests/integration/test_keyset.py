"""Pages walked to the end are the whole list, forwards and backwards, on a real PostgreSQL."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcci.database.keyset import Parameters, after, ordered_by, stretches
from vcci.services.paging import Order, OrderColumn, Page, Position, page_of

KINDS = {"a": "integer", "b": "text", "c": "numeric"}
COLUMNS = st.builds(
    lambda name, down, nulls: OrderColumn(name, name, KINDS[name], down, nulls),
    st.sampled_from(sorted(KINDS)),
    st.booleans(),
    st.booleans(),
)
ORDERS = st.builds(
    lambda columns, down: Order("test", (*columns, OrderColumn("id", "id", "integer", down))),
    st.lists(COLUMNS, max_size=3, unique_by=lambda column: column.name),
    st.booleans(),
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 3)),
        st.one_of(st.none(), st.sampled_from(["", "x", "ä", "Z"])),
        st.one_of(st.none(), st.integers(-2, 2)),
    ),
    max_size=30,
)


class Walker:
    """A table of its own, and what pages of it hold."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.connection = self.run(asyncpg.connect(url))
        self.run(self.connection.execute("CREATE TEMP TABLE paged (id int, a int, b text, c numeric)"))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def fill(self, rows: list[tuple[Any, ...]]) -> None:
        self.run(self.connection.execute("TRUNCATE paged"))
        self.insert([(number, *row) for number, row in enumerate(rows)])

    def insert(self, rows: list[tuple[Any, ...]]) -> None:
        self.run(self.connection.executemany("INSERT INTO paged VALUES ($1, $2, $3, $4)", rows))

    def plain(self, order: Order) -> list[int]:
        rows = self.run(self.connection.fetch(f"SELECT id FROM paged ORDER BY {ordered_by(order)}"))
        return [row["id"] for row in rows]

    def page(self, order: Order, position: Position | None, limit: int) -> Page[Any]:
        parameters = Parameters()
        condition, way = after(order, position, parameters)
        query = f"SELECT * FROM paged WHERE {condition} ORDER BY {way} LIMIT {limit + 1}"
        fetched = self.run(self.connection.fetch(query, *parameters.values))
        return page_of(fetched, limit=limit, position=position)

    def walk(self, order: Order, limit: int) -> list[Page[Any]]:
        pages = [self.page(order, None, limit)]
        while pages[-1].has_next:
            pages.append(self.page(order, place(order, pages[-1].rows[-1]), limit))
        return pages

    def stretched(self, order: Order, position: Position | None) -> list[int]:
        parameters = Parameters()
        conditions, way = stretches(order, position, parameters)
        parts = " UNION ALL ".join(f"SELECT * FROM paged WHERE {condition}" for condition in conditions)
        query = f"SELECT * FROM ({parts}) merged ORDER BY {way}"
        return [row["id"] for row in self.run(self.connection.fetch(query, *parameters.values))]


def place(order: Order, row: Any, *, is_backward: bool = False) -> Position:
    return Position(tuple(row[column.name] for column in order.columns), is_backward)


def ids(pages: list[Page[Any]]) -> list[int]:
    return [row["id"] for page in pages for row in page.rows]


@pytest.fixture(scope="module")
def walker(server_url: str) -> Iterator[Walker]:
    made = Walker(server_url)
    yield made
    made.run(made.connection.close())
    made.loop.close()


relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(rows=ROWS, order=ORDERS, limit=st.integers(1, 7))
def test_walk_forwards_is_the_plain_order(
    walker: Walker, rows: list[tuple[Any, ...]], order: Order, limit: int
) -> None:
    walker.fill(rows)
    pages = walker.walk(order, limit)
    assert ids(pages) == walker.plain(order)
    assert [page.has_previous for page in pages] == [False] + [True] * (len(pages) - 1)


@relaxed
@given(rows=ROWS, order=ORDERS, limit=st.integers(1, 7))
def test_walk_backwards_is_the_walk_forwards_reversed(
    walker: Walker, rows: list[tuple[Any, ...]], order: Order, limit: int
) -> None:
    walker.fill(rows)
    forwards = walker.plain(order)
    if not forwards:
        return
    last = walker.page(order, None, len(forwards)).rows[-1]
    found: list[int] = [last["id"]]
    page = walker.page(order, place(order, last, is_backward=True), limit)
    while page.rows:
        found[:0] = [row["id"] for row in page.rows]
        page = walker.page(order, place(order, page.rows[0], is_backward=True), limit)
    assert found == forwards


@relaxed
@given(rows=ROWS, more=ROWS, order=ORDERS, limit=st.integers(1, 5))
def test_rows_that_come_and_go_cost_no_other_row_its_place(
    walker: Walker, rows: list[tuple[Any, ...]], more: list[tuple[Any, ...]], order: Order, limit: int
) -> None:
    walker.fill(rows)
    stay = set(walker.plain(order)[::2])
    pages = [walker.page(order, None, limit)]
    coming = [(1000 + number, *row) for number, row in enumerate(more)]
    while pages[-1].has_next:
        walker.insert(coming[:2])
        del coming[:2]
        going = [number for number in walker.plain(order) if number not in stay and number < 1000][:1]
        walker.run(walker.connection.execute("DELETE FROM paged WHERE id = ANY ($1)", going))
        pages.append(walker.page(order, place(order, pages[-1].rows[-1]), limit))
    seen = ids(pages)
    assert len(seen) == len(set(seen))
    assert stay <= set(seen)


@relaxed
@given(rows=ROWS, order=ORDERS, start=st.integers(0, 29), backward=st.booleans())
def test_stretches_together_are_all_that_comes_after_once(
    walker: Walker, rows: list[tuple[Any, ...]], order: Order, start: int, backward: bool
) -> None:
    walker.fill(rows)
    forwards = walker.plain(order)
    if start >= len(forwards):
        return
    at = walker.page(order, None, len(forwards)).rows[start]
    expected = forwards[:start][::-1] if backward else forwards[start + 1 :]
    assert walker.stretched(order, place(order, at, is_backward=backward)) == expected
