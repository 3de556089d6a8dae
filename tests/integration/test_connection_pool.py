"""The pool of connections, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest
from tests.support.database import execute, value
from tests.support.waiting import until

from vcci.concurrency import within
from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.connections import Connection
from vcci.database.pool_options import PoolOptions, Work
from vcci.errors import DatabaseError, DeadlineError
from vcci.events import ConnectionHeld, ConnectionTaken, Event

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@asynccontextmanager
async def pool_of(url: str, **options: Any) -> AsyncIterator[ConnectionPool]:
    async with opened_pool(url, PoolOptions(**options)) as pool:
        yield pool


async def process_id(pool: ConnectionPool) -> int:
    async with pool.connection() as connection:
        return connection.get_server_pid()


async def until_waiting(pool: ConnectionPool, count: int) -> None:
    await until(lambda: pool.statistics().waiting >= count)


async def test_the_connection_that_came_back_last_is_given_out_first(url: str) -> None:
    async with pool_of(url, size=3) as pool:
        async with pool.connection() as first, pool.connection() as second:
            pids = [first.get_server_pid(), second.get_server_pid()]
        assert [await process_id(pool) for _ in range(3)] == [pids[0]] * 3
        assert (pool.statistics().size, pool.statistics().in_use) == (2, 0)


async def test_no_more_than_size_are_open_however_many_ask(url: str) -> None:
    async with pool_of(url, size=3) as pool:

        async def ask(number: int) -> int:
            async with pool.connection() as connection:
                return int(await connection.fetchval("SELECT $1::int", number))

        assert await asyncio.gather(*map(ask, range(200))) == list(range(200))
        assert pool.statistics().opened == 3
        assert await value(url, OPEN) == 3


async def test_who_finds_the_queue_full_is_refused_at_once(url: str) -> None:
    async with pool_of(url, size=1, most_waiting=2) as pool, pool.connection():
        waiting = [asyncio.create_task(process_id(pool)) for _ in range(2)]
        await until_waiting(pool, 2)
        with pytest.raises(DatabaseError, match="too many wait") as refused:
            await process_id(pool)
        assert (refused.value.code, pool.statistics().refused) == ("pool_busy", 1)
        for task in waiting:
            task.cancel()


async def test_who_waits_too_long_is_told_so_and_leaves_the_queue(url: str) -> None:
    async with pool_of(url, size=1, wait_s=0.05) as pool, pool.connection():
        with pytest.raises(DatabaseError, match="in time"):
            await process_id(pool)
        assert pool.statistics().waiting == 0


async def test_the_deadline_of_the_work_ends_a_wait_before_the_pool_would(url: str) -> None:
    async with pool_of(url, size=1, wait_s=60) as pool, pool.connection():
        with within(0.05), pytest.raises(DeadlineError):
            await process_id(pool)
        with within(-1), pytest.raises(DeadlineError):
            await process_id(pool)


async def test_postgresql_ends_a_statement_at_the_deadline_of_the_work(url: str) -> None:
    async with pool_of(url, size=1) as pool:
        pid = await process_id(pool)
        with within(0.1), pytest.raises(DeadlineError):
            async with pool.transaction(None) as tx:
                await tx.execute("SELECT pg_sleep(60)")
        assert await process_id(pool) == pid
        async with pool.transaction(None) as tx:
            assert await tx.fetchval("SHOW statement_timeout") == "0"


async def test_background_work_leaves_connections_to_requests(url: str) -> None:
    async with pool_of(url, size=3, reserved=2, wait_s=0.05) as pool:
        async with pool.connection(Work.BACKGROUND):
            with pytest.raises(DatabaseError, match="in time"):
                async with pool.connection(Work.BACKGROUND):
                    pass
            async with pool.connection(), pool.connection():
                assert pool.statistics().in_use == 3
        async with pool.connection(Work.BACKGROUND):
            assert pool.statistics().in_use == 1


async def test_background_work_that_waits_is_passed_over_and_comes_next(url: str) -> None:
    order: list[str] = []

    async def ask(pool: ConnectionPool, work: Work, name: str) -> None:
        async with pool.connection(work):
            order.append(name)
            await asyncio.sleep(0)

    async with pool_of(url, size=2, reserved=1) as pool:
        async with pool.connection(Work.BACKGROUND), pool.connection():
            tasks = [asyncio.create_task(ask(pool, Work.BACKGROUND, "background"))]
            await until_waiting(pool, 1)
            tasks += [asyncio.create_task(ask(pool, Work.INTERACTIVE, f"request {n}")) for n in range(2)]
            await until_waiting(pool, 3)
        await asyncio.gather(*tasks)
    assert sorted(order) == ["background", "request 0", "request 1"]
    assert order[0] == "request 0"


async def test_connections_beyond_the_size_are_closed_when_nobody_waits(url: str) -> None:
    async with pool_of(url, size=1, overflow=2) as pool:
        async with pool.connection(), pool.connection(), pool.connection():
            assert pool.statistics().size == 3
        assert pool.statistics().size == 1


async def test_a_connection_that_died_is_replaced_before_it_is_given_out(url: str) -> None:
    async with pool_of(url, size=1) as pool:
        pid = await process_id(pool)
        await execute(url, f"SELECT pg_terminate_backend({pid}, 5000)")
        async with pool.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
            assert connection.get_server_pid() != pid


@pytest.mark.parametrize(("idle_check_s", "asked"), [(0.0, 3), (60.0, 0)])
async def test_a_connection_is_asked_whether_it_lives_only_after_it_was_idle(
    url: str, idle_check_s: float, asked: int
) -> None:
    async with pool_of(url, size=1, idle_check_s=idle_check_s) as pool:
        asked_of: list[str] = []
        pool._idle[0].connection.add_query_logger(lambda query: asked_of.append(query.query))
        for _ in range(3):
            await process_id(pool)
        await asyncio.sleep(0)  # what was asked is told on the next turn of the loop
        assert asked_of == ["SELECT"] * asked


async def test_a_connection_past_its_age_is_replaced_when_it_comes_back(url: str) -> None:
    async with pool_of(url, size=1, lifetime_s=0.0) as pool:
        assert len({await process_id(pool) for _ in range(4)}) == 4


async def test_connections_opened_together_do_not_age_together(url: str) -> None:
    async with pool_of(url, size=8, lifetime_s=1000.0) as pool:
        await pool.warm(8)
        ends = [pooled.until_s for pooled in pool._idle]
        assert len(set(ends)) == 8
        assert 10 < max(ends) - min(ends) <= 205


async def test_the_report_of_held_connections_names_the_line_that_took_them(url: str) -> None:
    events: list[Event] = []
    async with opened_pool(url, PoolOptions(size=1, held_s=0.01), hook=events.append) as pool:
        async with pool.connection() as connection:
            (held,) = pool.held()
            await asyncio.sleep(0.1)
            assert held.process_id == connection.get_server_pid()
        assert "test_connection_pool.py" in held.taken_at[-1]
        assert "test_the_report_of_held_connections" in held.taken_at[-1]
        reported = [event for event in events if isinstance(event, ConnectionHeld)]
        assert [event.process_id for event in reported] == [held.process_id]
        assert pool.held() == []


async def test_every_wait_is_told_with_what_it_was_for(url: str) -> None:
    events: list[Event] = []
    async with opened_pool(url, PoolOptions(size=1), hook=events.append) as pool:
        async with pool.connection(Work.BACKGROUND):
            asked = asyncio.create_task(process_id(pool))
            await until_waiting(pool, 1)
            await asyncio.sleep(0.02)
        await asked
    waits = [(event.work, event.seconds > 0.01) for event in events if isinstance(event, ConnectionTaken)]
    assert waits == [("background", False), ("interactive", True)]


async def test_a_transaction_that_was_left_open_is_not_handed_on(url: str) -> None:
    async with pool_of(url, size=1) as pool:
        async with pool.connection() as connection:
            await connection.execute("BEGIN")
        async with pool.connection() as connection:
            assert not connection.is_in_transaction()


async def work_in(pool: ConnectionPool) -> None:
    async with pool.transaction(None) as tx:
        await tx.fetchval("SELECT count(*) FROM generate_series(1, 50000)")
        await tx.execute("SELECT 1")


async def test_work_cancelled_at_any_await_leaves_a_pool_that_is_whole(url: str) -> None:
    async with pool_of(url, size=2) as pool:
        for steps in range(40):
            tasks = [asyncio.create_task(work_in(pool)) for _ in range(3)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: not (pool.statistics().in_use or pool._tasks))
        found = pool.statistics()
        assert (found.idle == found.size, found.size <= 2, found.waiting) == (True, True, 0)
        await asyncio.gather(*(work_in(pool) for _ in range(4)))


async def test_a_query_that_was_given_up_is_ended_on_the_server_too(url: str) -> None:
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'"
    sleeping += " AND pid <> pg_backend_pid() AND datname = current_database()"

    async def sleep(connection: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.execute("SELECT pg_sleep(60)")

    async with pool_of(url, size=1) as pool:
        async with pool.connection() as connection:
            await sleep(connection)
        assert await process_id(pool)
        assert await value(url, sleeping) == 0


async def end_own_backend(url: str, pool: ConnectionPool) -> None:
    async with pool.transaction(None) as tx:
        await execute(url, f"SELECT pg_terminate_backend({tx.get_server_pid()}, 5000)")
        await tx.execute("SELECT 1")


async def test_a_server_that_goes_away_is_told_and_found_again(url: str) -> None:
    async with pool_of(url, size=2) as pool:
        with pytest.raises(DatabaseError) as lost:
            await end_own_backend(url, pool)
        assert lost.value.code in ("database_away", "database_refused")
        assert await process_id(pool)


async def test_a_closed_pool_says_so_to_whoever_waits(url: str) -> None:
    pool = ConnectionPool(url, PoolOptions(size=1))
    taken = await pool.take()
    waiting = asyncio.create_task(process_id(pool))
    await until_waiting(pool, 1)
    await pool.aclose()
    with pytest.raises(DatabaseError, match="closed"):
        await waiting
    pool.give_back(taken)
    assert (pool.statistics().size, taken.connection.is_closed()) == (0, True)
    with suppress(asyncpg.PostgresError):
        assert await value(url, OPEN) == 0
