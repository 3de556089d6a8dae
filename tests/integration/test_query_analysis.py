"""A query is executed once, reading only; advice comes with figures that were measured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from tests.support.database import execute, value

from vcci.database.connections import Connection, connected
from vcci.database.optimizations import QueryAnalyzer
from vcci.database.optimizations.plan_tree import read_plan, without_values
from vcci.database.optimizations.proposals import compared, proposals
from vcci.database.schema import suppliers
from vcci.database.tenants import ensure_tenant, tenant_transaction
from vcci.errors import DatabaseError, InputError

FILLED = """
    INSERT INTO vcci.tenants (id, slug, name) VALUES (gen_random_uuid(), 'acme', 'Acme');
    INSERT INTO vcci.suppliers (tenant_id, id, source_key, name, country, industry_code)
    SELECT t.id, gen_random_uuid(), n, 'Supplier ' || n, 'C' || n % 500, 'I' || n % 2
    FROM vcci.tenants t, generate_series(1, 5000) n;
    ANALYZE vcci.suppliers
"""
BY_COUNTRY = "SELECT name FROM vcci.suppliers WHERE tenant_id = $1 AND country = $2"


@pytest.fixture
async def filled(url: str) -> str:
    await execute(url, FILLED)
    return url


@asynccontextmanager
async def acme(url: str) -> AsyncIterator[tuple[Connection, Any]]:
    """A transaction of the app's role for a tenant with 5,000 suppliers."""
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, "acme")
        async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
            yield tx, tenant_id


async def test_scan_of_a_whole_table_gets_an_index_that_was_proved(filled: str) -> None:
    async with acme(filled) as (tx, tenant_id):
        found = await QueryAnalyzer().analyze_query(tx, BY_COUNTRY, parameters=[tenant_id, "C7"])
    (advice,) = found.recommendations
    assert "idx_suppliers_tenant_id_country ON vcci.suppliers (tenant_id, country)" in advice.sql
    assert advice.buffers_before == found.buffers > 5 * advice.buffers_after > 0
    assert advice.insert_buffers_after > advice.insert_buffers_before > 1_000
    assert (found.rows_returned, found.rows_examined, found.full_table_scan) == (10, 5_000, True)


async def test_trial_leaves_nothing_behind(filled: str) -> None:
    before = await value(filled, "SELECT array_agg(oid ORDER BY oid) FROM pg_class WHERE relnamespace <> 99")
    async with acme(filled) as (tx, tenant_id):
        await QueryAnalyzer().analyze_query(tx, BY_COUNTRY, parameters=[tenant_id, "C7"])
        assert await tx.fetchval("SELECT current_user") == "vcci_app"
    after = await value(filled, "SELECT array_agg(oid ORDER BY oid) FROM pg_class WHERE relnamespace <> 99")
    assert before == after


async def test_index_that_does_not_help_is_not_recommended_and_told(filled: str) -> None:
    query = "SELECT name FROM vcci.suppliers WHERE industry_code = $1"
    async with acme(filled) as (tx, _):
        found = await QueryAnalyzer().analyze_query(tx, query, parameters=["I1"])
    assert found.recommendations == []
    assert "does not help" in str(found.rejected[0])


async def test_sentence_of_advice_has_its_figures(filled: str) -> None:
    async with acme(filled) as (tx, tenant_id):
        found = await QueryAnalyzer().analyze_query(tx, BY_COUNTRY, parameters=[tenant_id, "C7"])
    advice = found.recommendations[0]
    assert f"touches {advice.buffers_after:,} buffers instead of {advice.buffers_before:,}" in str(advice)
    assert f"{advice.insert_buffers_after:,} instead of {advice.insert_buffers_before:,}" in str(advice)


async def test_order_and_limit_are_served_by_the_end_of_the_index(filled: str) -> None:
    query = "SELECT name FROM vcci.suppliers WHERE industry_code = $1 ORDER BY country LIMIT 3"
    async with connected(filled) as connection:
        found = await QueryAnalyzer().analyze_query(connection, query, parameters=["I1"])
    assert "(industry_code, country)" in found.recommendations[0].sql


async def test_who_may_not_build_is_told_so(filled: str) -> None:
    await execute(filled, "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
    await execute(filled, "GRANT vcci_app TO reader")
    async with acme_as(filled, "reader") as (tx, tenant_id):
        found = await QueryAnalyzer().analyze_query(tx, BY_COUNTRY, parameters=[tenant_id, "C7"])
    assert found.recommendations == []
    assert "only vcci_migrator" in str(found.rejected[0])


@asynccontextmanager
async def acme_as(url: str, login: str) -> AsyncIterator[tuple[Connection, Any]]:
    tenant_id = await value(url, "SELECT id FROM vcci.tenants")
    async with (
        connected(url.replace("postgres@", f"{login}@")) as connection,
        tenant_transaction(connection, tenant_id=tenant_id) as tx,
    ):
        yield tx, tenant_id


async def test_query_of_sqlalchemy_is_analyzed_with_its_values_bound(filled: str) -> None:
    engine = create_async_engine(filled.replace("postgresql:", "postgresql+asyncpg:"))
    query = select(suppliers.c.name).where(suppliers.c.country.in_(["C7", "O'Neill: x"]))
    async with AsyncSession(engine) as session:
        found = await QueryAnalyzer().analyze_query(session, query)
        assert found.rows_returned == 10
        assert found.recommendations[0].sql.endswith("(country)")
    assert "C7" not in found.text
    assert "C7" not in repr(found.plan)
    await engine.dispose()


async def test_what_a_session_has_not_committed_is_seen_and_stays(filled: str) -> None:
    engine = create_async_engine(filled.replace("postgresql:", "postgresql+asyncpg:"))
    async with AsyncSession(engine) as session:
        await session.execute(text("UPDATE vcci.suppliers SET country = 'XX' WHERE source_key = '1'"))
        query = select(suppliers.c.id).where(suppliers.c.country == "XX")
        assert (await QueryAnalyzer().analyze_query(session, query)).rows_returned == 1
        await session.commit()
    assert await value(filled, "SELECT count(*) FROM vcci.suppliers WHERE country = 'XX'") == 1
    await engine.dispose()


async def test_index_only_scan_counts_as_an_index(filled: str) -> None:
    query = "SELECT count(*) FROM vcci.suppliers WHERE tenant_id = $1 AND name = $2"
    await execute(filled, "VACUUM ANALYZE vcci.suppliers")
    async with acme(filled) as (tx, tenant_id):
        found = await QueryAnalyzer().analyze_query(tx, query, parameters=[tenant_id, "Supplier 5"])
    assert "Index Only Scan" in {node.kind for node in found.plan.root.walk()}
    assert (found.uses_index, found.full_table_scan) == (True, False)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vcci.suppliers",
        "WITH gone AS (DELETE FROM vcci.suppliers RETURNING 1) SELECT count(*) FROM gone",
        "SELECT name INTO other FROM vcci.suppliers",
        "SELECT name FROM vcci.suppliers FOR UPDATE",
        "SELECT 1; DROP TABLE vcci.suppliers",
        "SELECT nextval('counted')",
        "/* SELECT */ UPDATE vcci.suppliers SET name = ''",
        "EXPLAIN SELECT 1",
        "SELECT nothing FROM nowhere",
        "",
    ],
)
async def test_what_does_not_only_read_is_refused_and_changes_nothing(filled: str, statement: str) -> None:
    await execute(filled, "CREATE SEQUENCE counted")
    async with connected(filled) as connection:
        with pytest.raises(InputError) as refused:
            await QueryAnalyzer().analyze_query(connection, statement)
    assert refused.value.code == "explain_refused"
    assert await value(filled, "SELECT count(*) FROM vcci.suppliers WHERE name <> ''") == 5_000
    assert await value(filled, "SELECT is_called FROM counted") is False


async def test_query_that_takes_too_long_is_given_up(filled: str) -> None:
    async with connected(filled) as connection:
        with pytest.raises(DatabaseError) as refused:
            await QueryAnalyzer(timeout_s=0.05).analyze_query(connection, "SELECT pg_sleep(60)")
        assert refused.value.code == "explain_timed_out"
        assert await connection.fetchval("SELECT current_setting('statement_timeout')") == "0"


async def test_last_analyses_are_remembered_and_no_more(filled: str) -> None:
    analyzer = QueryAnalyzer(slow_query_threshold_ms=0, most=2)
    async with connected(filled) as connection:
        for query in ("SELECT 1", "SELECT pg_sleep(0.03)", "SELECT count(*) FROM vcci.suppliers"):
            await analyzer.analyze_query(connection, query, is_advised=False)
        await analyzer.analyze_query(connection, "SELECT count(*) FROM vcci.suppliers WHERE true")
    assert len(analyzer.get_slow_queries()) == len(analyzer.get_full_table_scans()) == 2
    assert not any("pg_sleep" in one.text for one in analyzer.get_slow_queries())


async def test_slow_queries_are_those_over_the_threshold(filled: str) -> None:
    analyzer = QueryAnalyzer(slow_query_threshold_ms=200)
    async with connected(filled) as connection:
        for query in ("SELECT 1", "SELECT pg_sleep(0.25)"):
            await analyzer.analyze_query(connection, query)
    assert [one.text for one in analyzer.get_slow_queries()] == ["SELECT pg_sleep(?)"]


async def test_analysis_can_be_looked_up_in_the_statistics(filled: str) -> None:
    await execute(filled, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    async with acme(filled) as (tx, tenant_id):
        found = await QueryAnalyzer().analyze_query(tx, BY_COUNTRY, parameters=[tenant_id, "C7"])
        await tx.fetch(BY_COUNTRY, tenant_id, "C7")
    known = "SELECT query FROM pg_stat_statements WHERE queryid = $1::text::bigint"
    assert await value(filled, known, found.query_id) == BY_COUNTRY


@pytest.mark.parametrize(
    ("condition", "equal", "ranged"),
    [
        ("((s.country = ?) AND (s.tenant_id = ?))", ["tenant_id", "country"], []),
        ("((e.day >= ?) AND (e.day <= ?) AND (e.kind = ANY (?)))", ["kind"], ["day", "day"]),
        ("((s.a = ?) OR (s.b = ?))", [], []),
        ("(lower(s.name) = ?)", [], []),
        ("(s.merged_into IS NULL)", ["merged_into"], []),
        ("(e.a = e.b)", [], []),
        ("((s.code)::text = ?)", ["code"], []),
    ],
)
def test_columns_of_a_proposal_are_those_compared_with_a_value(
    condition: str, equal: list[str], ranged: list[str]
) -> None:
    wanted = compared(condition)
    assert (wanted.equal, wanted.ranged) == (equal, ranged)


def test_partitions_that_are_read_alike_share_one_proposal() -> None:
    scans = [
        {"Node Type": "Seq Scan", "Schema": "s", "Relation Name": f"p{n}", "Filter": "(t.a = 3)"}
        for n in range(3)
    ]
    plan = read_plan([{"Plan": {"Node Type": "Append", "Plans": scans}}])
    assert [(one.columns, one.tables) for one in proposals(plan)] == [(("a",), ("s.p0", "s.p1", "s.p2"))]


def test_values_are_taken_out_of_texts_and_parameters_stay() -> None:
    told = "a = $1 AND b = 'O''Neill'::text AND c > -3.5 AND d IN (1, 22) AND e2.f = '{1,2}'::integer[]"
    assert without_values(told) == "a = $1 AND b = ? AND c > ? AND d IN (?, ?) AND e2.f = ?"
