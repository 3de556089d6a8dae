"""The pool for engines of SQLAlchemy, its sessions and classes, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import joinedload
from tests.support.database import execute, value
from tests.support.lines import stored_run
from tests.support.pgbouncer import needs_pgbouncer, running_pgbouncer
from tests.support.waiting import until

from vcci.concurrency import within
from vcci.database.connection_pool import opened_pool
from vcci.database.models import Emission, Run, Supplier
from vcci.database.pool_config import PoolConfig, generate_pgbouncer_config
from vcci.database.pool_watch import ConnectionPoolMonitor, monitor_pool_health
from vcci.database.sqlalchemy_engine import DatabaseEngineFactory, pool_of, warm_connection_pool
from vcci.database.sqlalchemy_sessions import AsyncDatabaseOperations, OptimizedSessionFactory, tenant_session
from vcci.database.tenants import Role
from vcci.errors import ConfigurationError, DatabaseError, DeadlineError, InputError

PID = text("SELECT pg_backend_pid()")
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@asynccontextmanager
async def engine_of(url: str, **options: Any) -> AsyncIterator[AsyncEngine]:
    engine = DatabaseEngineFactory.create_async_engine(url, PoolConfig(**options))
    try:
        yield engine
    finally:
        await engine.dispose()


async def process_id(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(PID)).scalar_one())


async def until_waiting(engine: AsyncEngine, count: int) -> None:
    await until(lambda: pool_of(engine).statistics().waiting >= count)


async def test_no_more_connections_are_open_than_allowed_and_only_the_kept_ones_stay(url: str) -> None:
    async with engine_of(url, pool_size=2, max_overflow=1) as engine:
        pids = await asyncio.gather(*(process_id(engine) for _ in range(100)))
        assert len(set(pids)) == 3
        stats = pool_of(engine).statistics()
        assert (stats.size, stats.idle, stats.in_use, stats.opened) == (2, 2, 0, 3)
        assert await value(url, OPEN) == 2


async def test_who_finds_the_queue_full_is_refused_at_once(url: str) -> None:
    async with engine_of(url, pool_size=1, max_overflow=0, most_waiting=2) as engine:
        async with engine.connect():
            waiting = [asyncio.create_task(process_id(engine)) for _ in range(2)]
            await until_waiting(engine, 2)
            with pytest.raises(DatabaseError, match="too many wait") as refused:
                await process_id(engine)
        assert (refused.value.code, pool_of(engine).statistics().refused) == ("pool_busy", 1)
        assert len(await asyncio.gather(*waiting)) == 2


async def test_who_waits_longest_comes_next_and_nobody_overtakes(url: str) -> None:
    order: list[int] = []

    async def ask(engine: AsyncEngine, number: int) -> None:
        async with engine.connect():
            order.append(number)
            await asyncio.sleep(0)

    async with engine_of(url, pool_size=1, max_overflow=0) as engine:
        async with engine.connect():
            tasks = []
            for number in range(5):
                tasks.append(asyncio.create_task(ask(engine, number)))
                await until_waiting(engine, number + 1)
        await asyncio.gather(ask(engine, 5), *tasks)
    assert order == [0, 1, 2, 3, 4, 5]


async def test_a_wait_ends_at_the_timeout_or_at_the_sooner_deadline(url: str) -> None:
    async with (
        engine_of(url, pool_size=1, max_overflow=0, pool_timeout=0.05) as engine,
        engine.connect(),
    ):
        with pytest.raises(DatabaseError, match="in time"):
            await process_id(engine)
        with within(0.01), pytest.raises(DeadlineError):
            await process_id(engine)
        assert pool_of(engine).statistics().waiting == 0


async def test_who_stops_waiting_leaves_no_place_behind(url: str) -> None:
    async with engine_of(url, pool_size=1, max_overflow=0) as engine:
        async with engine.connect():
            waiting = [asyncio.create_task(process_id(engine)) for _ in range(3)]
            await until_waiting(engine, 3)
            waiting[0].cancel()
        pids = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(pids[0], asyncio.CancelledError)
        assert pids[1] == pids[2] == await process_id(engine)


async def test_a_place_whose_connection_cannot_be_made_goes_to_who_waits(url: str) -> None:
    tasks = 8
    async with engine_of(url.replace("/test_", "/no_test_"), pool_size=1, max_overflow=1) as engine:
        async with asyncio.timeout(60):
            asked = await asyncio.gather(*(process_id(engine) for _ in range(tasks)), return_exceptions=True)
        assert [getattr(one, "code", "") for one in asked] == ["database_not_there"] * tasks
        assert pool_of(engine).statistics().in_use == 0


async def test_a_connection_that_died_is_replaced_before_it_is_given_out(url: str) -> None:
    async with engine_of(url, pool_size=1) as engine:
        pid = await process_id(engine)
        await execute(url, f"SELECT pg_terminate_backend({pid}, 5000)")
        assert await process_id(engine) != pid


@pytest.mark.parametrize(("idle_check_s", "asked"), [(0.0, 3), (60.0, 0)])
async def test_a_connection_is_asked_whether_it_lives_only_after_it_was_idle(
    url: str, idle_check_s: float, asked: int
) -> None:
    async with engine_of(url, pool_size=1, idle_check_s=idle_check_s) as engine:
        seen: list[str] = []
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            driver.add_query_logger(lambda query: seen.append(query.query))
        for _ in range(3):
            await process_id(engine)
        await asyncio.sleep(0)
        assert seen.count("SELECT") == asked


async def test_a_connection_past_its_age_is_replaced(url: str) -> None:
    async with engine_of(url, pool_size=1, pool_recycle=0.001) as engine:
        first = await process_id(engine)
        await asyncio.sleep(0.01)
        assert await process_id(engine) != first


async def test_connections_do_not_all_grow_old_at_once(url: str) -> None:
    async with engine_of(url, pool_size=4) as engine:
        for _ in range(2):
            await warm_connection_pool(engine, 4)
        records: list[Any] = [pool_of(engine)._pool.get(False) for _ in range(4)]
        shares = {record.record_info["share"] for record in records}
        assert len(shares) == 4
        assert all(0.9 <= share <= 1.1 for share in shares)
        for record in records:
            record.driver_connection.terminate()


async def test_a_held_connection_is_told_of_with_the_line_that_took_it(url: str) -> None:
    async with engine_of(url, pool_size=2) as engine, engine.connect() as connection:
        pid = (await connection.execute(PID)).scalar_one()
        held = ConnectionPoolMonitor(engine).get_pool_stats()["held"]
    assert [one["process_id"] for one in held] == [pid]
    assert held[0]["taken_at"][-1].endswith("in test_a_held_connection_is_told_of_with_the_line_that_took_it")
    assert "test_sqlalchemy_pool.py" in held[0]["taken_at"][-1]


async def test_utilization_is_of_all_connections_that_there_can_be(url: str) -> None:
    async with engine_of(url, pool_size=1, max_overflow=3) as engine, engine.connect(), engine.connect():
        stats = ConnectionPoolMonitor(engine).get_pool_stats()
    told = [stats[name] for name in ("pool_size", "checked_out", "available", "overflow", "total")]
    assert (told, stats["utilization_pct"], stats["waiting"]) == ([1, 2, 0, 1, 4], 50.0, 0)


async def test_the_monitor_reads_the_pool_of_the_service_too(url: str) -> None:
    async with opened_pool(url) as pool:
        monitor = ConnectionPoolMonitor(pool)
        assert ConnectionPoolMonitor(pool)._waits is monitor._waits
        async with pool.connection():
            stats = monitor.get_pool_stats()
        assert (stats["checked_out"], stats["total"], stats["utilization_pct"]) == (1, 10, 10.0)
        assert len(monitor._waits) == 1
        assert stats["wait_p99_s"] == stats["wait_p50_s"] > 0


async def test_health_is_told_again_and_again_until_it_is_cancelled(url: str) -> None:
    told: list[dict[str, Any]] = []
    async with engine_of(url) as engine:
        monitor = ConnectionPoolMonitor(engine)
        task = asyncio.create_task(monitor_pool_health(monitor, 0.001, on_stats=told.append))
        await until(lambda: len(told) >= 3)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert {one["total"] for one in told} == {30}


async def test_warming_opens_connections_together_and_takes_none(url: str) -> None:
    async with engine_of(url, pool_size=5) as engine:
        assert await warm_connection_pool(engine, 10) == 5
        assert pool_of(engine).statistics().in_use == 0
        assert await value(url, OPEN) == 5
        assert await warm_connection_pool(engine, 3) == 5


async def test_warming_that_fails_raises_and_leaves_nothing_taken(url: str) -> None:
    async with engine_of(url, pool_size=5, connect_args={"user": "nobody"}) as engine:
        with pytest.raises(DatabaseError):
            await warm_connection_pool(engine, 3)
        stats = pool_of(engine).statistics()
        assert (stats.in_use, stats.size) == (0, 0)


async def test_health_check_does_not_wait_for_the_pool(url: str) -> None:
    async with engine_of(url, pool_size=1, max_overflow=0) as engine, engine.connect():
        assert await OptimizedSessionFactory(engine).health_check() is True
    async with engine_of(url.replace("/test_", "/no_test_")) as engine:
        assert await OptimizedSessionFactory(engine).health_check() is False


async def test_a_session_that_does_not_commit_changes_nothing(url: str) -> None:
    async with engine_of(url) as engine:
        sessions = OptimizedSessionFactory(engine)
        for is_kept in (False, True):
            async with sessions.session() as session:
                await session.execute(text("CREATE TABLE IF NOT EXISTS public.kept (id int)"))
                await (session.commit() if is_kept else session.rollback())
            assert await value(url, "SELECT to_regclass('public.kept') IS NOT NULL") is is_kept


async def tenant_of(url: str, name: str) -> UUID:
    found: UUID = await value(url, "SELECT id FROM vcci.tenants WHERE slug = $1", name)
    return found


async def test_a_tenant_session_sees_rows_of_its_tenant_alone_after_each_commit(url: str) -> None:
    runs = {name: await stored_run(url, [(None, 1)] * 3, tenant=name) for name in ("alpha", "beta")}
    async with engine_of(url, pool_size=1, max_overflow=0) as engine:
        sessions = OptimizedSessionFactory(engine)
        for name, run_id in runs.items():
            async with tenant_session(sessions, await tenant_of(url, name)) as session:
                for _ in range(2):
                    found = (await session.execute(select(Emission))).scalars().all()
                    assert ([one.run_id for one in found], len(found)) == ([run_id] * 3, 3)
                    await session.commit()
        async with tenant_session(sessions, None) as session:
            assert (await session.execute(select(Emission))).all() == []
        async with engine.connect() as connection:
            left = text("SELECT current_setting('vcci.tenant_id', true), current_user")
            assert tuple((await connection.execute(left)).one()) in {("", "postgres"), (None, "postgres")}


async def add_supplier(engine: AsyncEngine, tenant_id: UUID, role: Role) -> None:
    async with tenant_session(OptimizedSessionFactory(engine), tenant_id, role=role) as session:
        session.add(Supplier(tenant_id=tenant_id, id=tenant_id, source_key="S", name="Sigma"))
        await session.commit()


async def test_a_tenant_session_may_do_what_its_role_may(url: str) -> None:
    await stored_run(url, [(None, 1)], tenant="alpha")
    tenant_id = await tenant_of(url, "alpha")
    async with engine_of(url) as engine:
        with pytest.raises(DBAPIError, match="permission denied"):
            await add_supplier(engine, tenant_id, Role.APP)
        await add_supplier(engine, tenant_id, Role.LOADER)
    assert await value(url, "SELECT count(*) FROM vcci.suppliers") == 1


async def test_a_statement_of_a_tenant_session_ends_at_the_deadline(url: str) -> None:
    async with engine_of(url) as engine:
        with within(0.2), pytest.raises(DeadlineError):
            async with tenant_session(OptimizedSessionFactory(engine), None) as session:
                await session.execute(text("SELECT pg_sleep(60)"))


@asynccontextmanager
async def session_of(url: str, name: str) -> AsyncIterator[AsyncSession]:
    async with (
        engine_of(url) as engine,
        tenant_session(OptimizedSessionFactory(engine), await tenant_of(url, name)) as session,
    ):
        yield session


async def test_a_relationship_that_was_not_asked_for_is_refused(url: str) -> None:
    await stored_run(url, [(None, 4)], tenant="alpha")
    async with session_of(url, "alpha") as session:
        line = (await session.execute(select(Emission))).scalar_one()
        for name in ("run", "supplier"):
            with pytest.raises(InvalidRequestError, match="raise"):
                getattr(line, name)


async def test_relationships_are_loaded_with_the_query(url: str) -> None:
    run_id = await stored_run(url, [(date(2024, 5, 1), 4)], tenant="alpha")
    with_all = select(Emission).options(joinedload(Emission.run), joinedload(Emission.supplier))
    async with session_of(url, "alpha") as session:
        line = (await session.execute(with_all)).scalar_one()
        assert (line.run.id, line.supplier, line.scope3_category) == (run_id, None, 4)
        run = (await session.execute(select(Run).options(joinedload(Run.emissions)))).unique().scalar_one()
        assert [one.id for one in run.emissions] == [line.id]


async def test_operations_insert_all_or_nothing_and_page_by_key(url: str) -> None:
    await execute(url, "CREATE TABLE public.readings (id int PRIMARY KEY, name text NOT NULL)")
    async with engine_of(url) as engine:
        operations = AsyncDatabaseOperations(engine)
        rows = [{"id": number, "name": f"n{number}"} for number in range(25)]
        with pytest.raises(InputError, match="Row 26 "):
            await operations.bulk_insert("public.readings", [*rows, {"id": 3, "name": "twice"}], 10)
        assert await operations.execute_query("SELECT count(*) FROM readings") == [(0,)]
        assert await operations.bulk_insert("public.readings", rows, 10) == 25
        found = await operations.execute_query("SELECT name FROM readings WHERE id = :id", {"id": 7})
        assert found == [("n7",)]


async def test_pages_of_a_class_hold_each_row_once(url: str) -> None:
    run_id = await stored_run(url, [(date(2024, 1, 1 + number % 9), 1) for number in range(25)])
    query, seen, position = select(Emission).where(Emission.run_id == run_id), [], None
    async with engine_of(url) as engine:
        operations = AsyncDatabaseOperations(engine)
        for _ in range(3):
            page = await operations.fetch_with_pagination(
                query, 10, model_class=Emission, fields=["transaction_date"], position=position
            )
            seen += [one.id for one in page.rows]
            position = page.following
    plain = "SELECT array_agg(id ORDER BY transaction_date, tenant_id, run_id, id) FROM vcci.emissions"
    assert (seen, position) == (await value(url, plain), None)


@needs_pgbouncer
async def test_sessions_through_pgbouncer_meet_no_statement_of_another(url: str) -> None:
    run_id = await stored_run(url, [(None, 1)] * 3, tenant="alpha")
    tenant_id = await tenant_of(url, "alpha")
    options = PoolConfig(pool_size=20, through_pgbouncer=True)
    with running_pgbouncer(url, connections=4) as through:
        engine = DatabaseEngineFactory.create_async_engine(through, options)
        sessions = OptimizedSessionFactory(engine)

        async def asked(number: int) -> int:
            async with tenant_session(sessions, tenant_id) as session:
                query = select(Emission).where(Emission.run_id == run_id).limit(1 + number % 3)
                return len((await session.execute(query)).all())

        counts = await asyncio.gather(*map(asked, range(300)))
        await engine.dispose()
    assert counts == [1 + number % 3 for number in range(300)]


def test_the_settings_of_pgbouncer_take_one_value_a_line() -> None:
    told = generate_pgbouncer_config("db.example", 5433, "books", "reader")
    assert "books = host=db.example port=5433 dbname=books" in told
    assert "pool_mode = transaction" in told
    with pytest.raises(ConfigurationError):
        generate_pgbouncer_config("db.example\nauth_type = any")


@pytest.mark.parametrize("wrong", [{"pool_size": 0}, {"max_overflow": -1}, {"most_waiting": -1}])
def test_a_pool_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        PoolConfig(**wrong)
