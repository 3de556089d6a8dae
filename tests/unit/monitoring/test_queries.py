"""The same question asked again and again is found at its line, and nothing else is."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import ForeignKey, select, text
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)
from tests.integration.conftest import empty_url, server_url  # noqa: F401

from vcci.monitoring.queries import (
    NOWHERE,
    Place,
    SlowQueryLogger,
    assert_no_n_plus_one,
    observe_connection,
    observe_engine,
    track_query_performance,
    watched_queries,
)

HERE = Path(__file__).name


class Base(AsyncAttrs, DeclarativeBase): ...


class Supplier(Base):
    __tablename__ = "supplier"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["Line"]] = relationship()


class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"))


@pytest.fixture
async def connection(empty_url: str) -> AsyncIterator[Any]:  # noqa: F811
    found = await asyncpg.connect(empty_url)
    observe_connection(found)
    yield found
    await found.close()


@pytest.fixture
async def session(empty_url: str) -> AsyncIterator[AsyncSession]:  # noqa: F811
    """A session with 8 suppliers of 2 lines each."""
    engine = create_async_engine(empty_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as setup:
        await setup.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as filling:
        filling.add_all(Supplier(id=n, lines=[Line(), Line()]) for n in range(1, 9))
        await filling.commit()
    observe_engine(engine)
    async with AsyncSession(engine) as found:
        yield found
    await engine.dispose()


def line_after(offset: int) -> int:
    """The number of the caller's line, so many further down."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno + offset


async def test_loop_of_fetchrow_is_found_at_its_line(connection: Any) -> None:
    with watched_queries() as seen:
        for number in range(7):
            expected = line_after(1)
            await connection.fetchrow("SELECT $1::int", number)
    (found,) = seen.repeated
    assert (Path(found.place.file).name, found.place.line, found.count) == (HERE, expected, 7)
    assert (found.statement, seen.total) == ("SELECT $1::int", 7)


async def test_lazy_load_in_a_loop_is_found_at_its_line(session: AsyncSession) -> None:
    with watched_queries() as seen:
        for supplier in (await session.scalars(select(Supplier))).all():
            expected = line_after(1)
            await supplier.awaitable_attrs.lines
    (found,) = seen.repeated
    assert (Path(found.place.file).name, found.place.line, found.count) == (HERE, expected, 8)
    assert "FROM line" in found.statement


async def test_lazy_load_in_synchronous_code_of_a_session_is_found(session: AsyncSession) -> None:
    def loaded(inner: Session) -> int:
        return sum(len(supplier.lines) for supplier in inner.scalars(select(Supplier)).all())

    with watched_queries() as seen:
        assert await session.run_sync(loaded) == 16
    (found,) = seen.repeated
    assert (found.place.function, found.count) == ("<genexpr>", 8)


async def test_finding_fails_a_test_and_says_what_to_do(connection: Any) -> None:
    async def ask() -> None:
        with assert_no_n_plus_one(limit=3):
            for number in range(3):
                await connection.fetchval("SELECT $1::int", number)

    told = rf"{HERE}:\d+ in ask asks the database the same 3 times: SELECT \$1::int. .*ANY \(\$1\)"
    with pytest.raises(AssertionError, match=told):
        await ask()


async def test_sessions_get_in_a_loop_is_found(session: AsyncSession) -> None:
    with watched_queries() as seen:
        for number in range(1, 7):
            await session.get(Supplier, number)
    assert [one.count for one in seen.repeated] == [6]


@pytest.mark.parametrize("load", [joinedload, selectinload])
async def test_relations_loaded_with_their_parents_are_not_reported(
    session: AsyncSession, load: Callable[..., Any]
) -> None:
    with assert_no_n_plus_one(limit=3) as seen:
        suppliers = (await session.scalars(select(Supplier).options(load(Supplier.lines)))).unique().all()
        assert sum(len(supplier.lines) for supplier in suppliers) == 16
    assert 1 <= seen.total <= 2


async def test_relations_loaded_in_many_portions_by_one_call_are_not_reported(session: AsyncSession) -> None:
    session.add_all(Supplier(id=n) for n in range(100, 2_700))
    await session.flush()
    session.expunge_all()
    with assert_no_n_plus_one() as seen:
        await session.scalars(select(Supplier).options(selectinload(Supplier.lines)))
    assert seen.total > 5


async def test_rows_inserted_in_many_portions_by_one_call_are_not_reported(session: AsyncSession) -> None:
    session.add_all(Line(supplier_id=1) for _ in range(8_000))
    with assert_no_n_plus_one() as seen:
        await session.flush()
    assert seen.total > 5


async def test_twenty_different_queries_of_one_line_are_not_reported(connection: Any) -> None:
    with assert_no_n_plus_one(limit=2) as seen:
        for number in range(20):
            await connection.fetchval(f"SELECT {number}")
    assert seen.total == 20


async def test_one_query_of_different_lines_is_not_reported(connection: Any) -> None:
    with assert_no_n_plus_one(limit=2):
        await connection.fetchval("SELECT 1")
        await connection.fetchval("SELECT 1")


async def test_rows_of_executemany_are_one_query(connection: Any) -> None:
    await connection.execute("CREATE TEMP TABLE many (id int)")
    with assert_no_n_plus_one(limit=2):
        await connection.executemany("INSERT INTO many VALUES ($1)", [(n,) for n in range(50)])


async def test_less_than_the_limit_is_not_reported(connection: Any) -> None:
    with assert_no_n_plus_one(limit=5):
        for number in range(4):
            await connection.fetchval("SELECT $1::int", number)


async def test_requests_at_the_same_time_do_not_see_each_others_queries(empty_url: str) -> None:  # noqa: F811
    async def request(count: int) -> int:
        found = await asyncpg.connect(empty_url)
        observe_connection(found)
        with watched_queries() as seen:
            for number in range(count):
                await found.fetchval("SELECT $1::int", number)
        await found.close()
        return seen.total

    assert await asyncio.gather(*map(request, (1, 4, 9))) == [1, 4, 9]


async def test_tasks_of_one_request_are_seen_together(connection: Any) -> None:
    turn = asyncio.Lock()

    async def ask(number: int) -> None:
        async with turn:
            await connection.fetchval("SELECT $1::int", number)

    with watched_queries() as seen:
        await asyncio.gather(*map(ask, range(5)))
    assert [one.place.function for one in seen.repeated] == ["ask"]


async def test_statement_that_fails_leaves_the_time_of_the_next_right(
    session: AsyncSession,
) -> None:
    slow = SlowQueryLogger(threshold_s=0.2)
    end = observe_engine(session.get_bind().engine, slow=slow)
    with pytest.raises(Exception, match="division by zero"):
        await session.execute(text("SELECT pg_sleep(0.25), 1 / 0"))
    await session.rollback()
    await session.execute(text("SELECT 1"))
    assert slow.queries == []
    end()


async def test_observer_that_was_ended_sees_nothing(connection: Any, empty_url: str) -> None:  # noqa: F811
    other = await asyncpg.connect(empty_url)
    observe_connection(other)()
    with watched_queries() as seen:
        await other.fetchval("SELECT 1")
    await other.close()
    assert seen.total == 0


async def test_slow_query_is_kept_with_its_line_and_without_values(
    empty_url: str,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow = SlowQueryLogger(threshold_s=0.2)
    found = await asyncpg.connect(empty_url)
    observe_connection(found, slow=slow)
    for _ in range(2):
        expected = line_after(1)
        await found.fetchval("SELECT $1::text, 'secret', pg_sleep(0.25)", "personal")
    await found.fetchval("SELECT 1")
    await found.close()
    (kept,) = slow.queries
    assert (kept.statement, kept.count) == ("SELECT $1::text, ?, pg_sleep(0.25)", 2)
    assert (Path(kept.place.file).name, kept.place.line) == (HERE, expected)
    assert "personal" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [([], (0, 0.0, 0.0)), ([2.0], (1, 2.0, 2.0)), ([2.0, 4.0], (2, 3.0, 4.0)), ([0.5], (0, 0.0, 0.0))],
)
def test_summary_is_right_for_none_one_and_two(
    seconds: list[float], expected: tuple[int, float, float]
) -> None:
    slow = SlowQueryLogger(threshold_s=1.0)
    for one in seconds:
        slow.note("SELECT 1", NOWHERE, seconds=one)
    told = slow.summary()
    assert (told["count"], told["mean_s"], told["longest_s"]) == expected


def test_slow_queries_are_bounded_and_the_last_ones_stay() -> None:
    slow = SlowQueryLogger(threshold_s=0.0, most=3)
    for number in (1, 2, 3, 1, 4):
        slow.note(f"SELECT a{number}", Place("a.py", number, "f"), seconds=1.0)
    assert {one.place.line for one in slow.queries} == {1, 3, 4}


async def test_tracked_work_is_logged_only_when_it_takes_longer(
    connection: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @track_query_performance("list suppliers", 200)
    async def listed(seconds: float) -> str:
        await connection.fetchval("SELECT pg_sleep($1)", seconds)
        return "done"

    with caplog.at_level(logging.WARNING, "vcci.queries"), watched_queries():
        assert [await listed(0.0), await listed(0.25)] == ["done", "done"]
    (record,) = caplog.records
    assert record.getMessage().startswith("list suppliers took")
    assert record.getMessage().endswith("more than 200 ms; queries: 1")
