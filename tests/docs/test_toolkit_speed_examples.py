"""The published integration examples for queries, calls, cache, connections and measuring; imports are ours.

Addresses are those of servers that the test runs: PostgreSQL, Valkey, an HTTP source.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import select
from tests.support.database import execute, value
from tests.support.http_sources import HERE, Reply, answering
from tests.support.lines import stored_run
from tests.support.valkey import running_valkey

from vcci import toolkit
from vcci.events import CacheRead
from vcci.toolkit import (
    ALL_INDEXES,
    CACHE_CONFIG,
    PRODUCTION_POOL_CONFIG,
    AsyncDatabaseOperations,
    CacheWarmer,
    ConnectionPoolMonitor,
    DatabaseEngineFactory,
    Emission,
    IndexManager,
    LRUCache,
    MultiLevelCache,
    NPlusOneOptimizer,
    OptimizedSessionFactory,
    QueryAnalyzer,
    RedisCache,
    get_performance_monitor,
    tenant_session,
)

LINES = 400
VALID = """
    SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relname = ANY ($1) AND i.indisvalid AND c.relnamespace = 'vcci'::regnamespace
"""


@pytest.fixture
def valkey() -> Iterator[str]:
    with running_valkey() as running:
        yield running


@asynccontextmanager
async def engine_of(url: str) -> AsyncIterator[Any]:
    engine = DatabaseEngineFactory.create_async_engine(url)
    try:
        yield engine
    finally:
        await engine.dispose()


async def tenant_of(url: str) -> UUID:
    found: UUID = await value(url, "SELECT id FROM vcci.tenants")
    return found


async def test_example_1_builds_every_index(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    DATABASE_URL = url  # noqa: N806
    names = [str(index.name) for index in ALL_INDEXES]
    await execute(url, "DROP INDEX vcci.suppliers_by_name; DROP INDEX vcci.jobs_to_do")
    assert await value(url, VALID, names) == len(names) - 2

    engine = DatabaseEngineFactory.create_async_engine(DATABASE_URL)
    index_manager = IndexManager(engine)

    # Create all optimized indexes
    results = await index_manager.create_indexes(ALL_INDEXES)
    print(f"Created {len([r for r in results.values() if r])} indexes")

    assert await value(url, VALID, names) == len(names)
    assert capsys.readouterr().out == f"Created {len(names)} indexes\n"
    await engine.dispose()


async def test_example_1_analyzes_a_query(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    await stored_run(url, [(None, number % 15 + 1) for number in range(LINES)])
    supplier_id = UUID(int=7)
    async with (
        engine_of(url) as engine,
        tenant_session(OptimizedSessionFactory(engine), await tenant_of(url)) as session,
    ):
        analyzer = QueryAnalyzer(slow_query_threshold_ms=1000)

        # Analyze critical queries
        query = select(Emission).where(Emission.supplier_id == supplier_id)
        analysis = await analyzer.analyze_query(session, query)

        if analysis.recommendations:
            print("Query optimization recommendations:")
            for rec in analysis.recommendations:
                print(f"  - {rec}")

    told = capsys.readouterr().out
    assert (analysis.rows_returned, analysis.plan.root.rows) == (0, 0)
    assert analysis.plan_cost > 0
    assert str(supplier_id) not in analysis.text
    assert told.count("CREATE INDEX") == len(analysis.recommendations)


async def test_example_2_reads_by_sessions_and_by_http(url: str) -> None:
    run_id = await stored_run(url, [(None, 1)] * 3)
    async with engine_of(url) as engine:
        db_ops = AsyncDatabaseOperations(engine)

        async with db_ops.session() as session:
            emissions = await session.execute(
                select(Emission).where(Emission.run_id == run_id)
            )  # fmt: skip
            results = emissions.scalars().all()
    assert [one.co2e_mg for one in results] == [1, 1, 1]

    AsyncHTTPClient = partial(toolkit.AsyncHTTPClient, network=HERE)  # noqa: N806
    async with answering(lambda _: Reply.of({"value": "0.4"})) as source:
        async with AsyncHTTPClient(base_url=source.url) as client:
            factor = await client.get("/factors/electricity")
        assert (factor, [one.target for one in source.asked]) == ({"value": "0.4"}, ["/factors/electricity"])


async def test_example_3_reads_each_factor_once(valkey: str) -> None:
    fetched: list[tuple[str, str]] = []

    async def fetch_from_api(source: str, activity: str) -> dict[str, str]:
        fetched.append((source, activity))
        return {"value": "0.4", "unit": "kWh"}

    redis_client = Redis.from_url(f"{valkey}/0")

    l1_cache = LRUCache(max_size=1000)
    l2_cache = RedisCache(redis_client)

    cache = MultiLevelCache(l1_cache, l2_cache, CACHE_CONFIG)

    async def get_factor(source: str, activity: str):  # type: ignore[no-untyped-def]
        return await cache.get_or_set(
            cache_type="emission_factors",
            key=f"{source}:{activity}",
            fetcher=lambda: fetch_from_api(source, activity),
            source=source,
            activity=activity,
            region="global"
        )  # fmt: skip

    # Step 3: Warm cache on startup
    warmer = CacheWarmer(cache)
    await warmer.warm_all()

    answers = [await get_factor("defra", "electricity"), await get_factor("defra", "electricity")]
    assert answers == [{"value": "0.4", "unit": "kWh"}] * 2
    assert (fetched, len(l1_cache)) == ([("defra", "electricity")], 1)
    reads: list[Any] = []
    other = MultiLevelCache(LRUCache(max_size=1000), l2_cache, CACHE_CONFIG, hook=reads.append)
    cache = other
    assert [await get_factor("defra", "electricity") for _ in range(2)] == answers
    layers = [(read.layer, read.result) for read in reads if isinstance(read, CacheRead)]
    assert layers == [("l1", "miss"), ("l2", "hit"), ("l1", "hit")]
    assert len(fetched) == 1
    await redis_client.aclose()


async def test_example_4_uses_sessions_and_tells_of_the_pool(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DATABASE_URL = url  # noqa: N806
    await stored_run(url, [(None, 1)] * 3)
    query = select(Emission)

    engine = DatabaseEngineFactory.create_async_engine(
        DATABASE_URL,
        pool_config=PRODUCTION_POOL_CONFIG
    )  # fmt: skip

    session_factory = OptimizedSessionFactory(engine)

    # Step 2: Use optimized sessions
    async with session_factory.session() as session:
        result = await session.execute(query)
        await session.commit()
        assert len(result.scalars().all()) == 3

    # Step 3: Monitor pool health
    monitor = ConnectionPoolMonitor(engine)
    stats = monitor.get_pool_stats()
    print(f"Pool utilization: {stats['utilization_pct']}%")

    assert capsys.readouterr().out == "Pool utilization: 0.0%\n"
    assert (stats["available"], stats["checked_out"], stats["total"]) == (1, 0, 30)
    async with engine.connect(), engine.connect(), engine.connect():
        assert monitor.get_pool_stats()["utilization_pct"] == 10.0
    await engine.dispose()


async def test_example_8_measures_and_exports(url: str) -> None:
    await stored_run(url, [(None, 1)] * 3)
    app = FastAPI()
    query = select(Emission)

    async def process_request() -> int:
        return 200

    monitor = get_performance_monitor()

    async with engine_of(url) as engine, OptimizedSessionFactory(engine).session() as db:
        # Step 2: Track database queries
        with monitor.metrics.track_db_query("select_emissions"):
            emissions = await db.execute(query)

        # Step 3: Track API requests
        async with monitor.metrics.track_http_request("GET", "/api/v1/emissions"):
            response = await process_request()
        assert (len(emissions.all()), response) == (3, 200)

    # Step 4: Export metrics
    @app.get("/metrics")
    async def metrics():  # type: ignore[no-untyped-def]
        from prometheus_client import CONTENT_TYPE_LATEST  # noqa: I001
        from fastapi import Response

        content = monitor.export_prometheus_metrics()
        return Response(content=content, media_type=CONTENT_TYPE_LATEST)

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        exported = await client.get("/metrics")
    lines = exported.text.splitlines()
    assert exported.headers["content-type"].startswith("text/plain")
    for series in (
        'greenlang_database_query_duration_seconds_count{query_type="select_emissions"}',
        'greenlang_http_requests_total{endpoint="/api/v1/emissions",method="GET",status="200"}',
    ):
        assert [float(line.split()[-1]) >= 1 for line in lines if line.startswith(series)] == [True]


async def test_related_entities_come_with_the_query(url: str) -> None:
    run_id = await stored_run(url, [(None, 1)] * 20)
    async with engine_of(url) as engine, AsyncDatabaseOperations(engine).session() as session:
        for load in (
            NPlusOneOptimizer.optimize_with_joinedload,
            NPlusOneOptimizer.optimize_with_selectinload,
        ):
            ended = toolkit.observe_engine(engine)
            with toolkit.assert_no_n_plus_one() as seen:
                lines = (await session.execute(load(select(Emission), Emission.run))).scalars().all()
                assert {line.run.id for line in lines} == {run_id}
            ended()
            assert seen.total <= 2
            session.expunge_all()


def test_every_name_is_handed_on_and_listed_in_the_description() -> None:
    described = toolkit.__doc__ or ""
    beside = {"STRATEGIES", "CursorError", "PageInfo", "PaginatedResult"}
    assert [name for name in toolkit.__all__ if name not in described and name not in beside] == []
    assert [name for name in toolkit.__all__ if not hasattr(toolkit, name)] == []
