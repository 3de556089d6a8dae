"""How many connections are enough: curves through throughputs whose knee is known, load on a real server."""

import math
from collections.abc import Iterator
from contextlib import AsyncExitStack

import numpy as np
import pytest
from tests.support.database import execute, now, value
from tests.support.lines import stored_run
from typer.testing import CliRunner

from vcci.cli import app
from vcci.database import pool_sizing
from vcci.database.connections import connected
from vcci.database.pool_fit import knee_of
from vcci.database.pool_load import Measured
from vcci.database.pool_options import PoolOptions
from vcci.database.pool_sizing import (
    BESIDE_POOL,
    SPARE,
    ConnectionLimit,
    Sweep,
    advised,
    connection_limit,
    refuse_too_many_connections,
    refuse_while_in_use,
    sweep,
)
from vcci.errors import ConfigurationError, DatabaseError

SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def scalable(size: float, *, contention: float, coherency: float) -> float:
    return 500 * size / (1 + contention * (size - 1) + coherency * size * (size - 1))


def noisy(rates: list[float], share: float) -> list[float]:
    chance = np.random.default_rng(7)
    return [rate * math.exp(chance.normal(0, share)) for rate in rates]


@pytest.mark.parametrize("bend", [2, 4, 8])
def test_a_server_that_does_no_more_from_some_size_on_has_its_knee_there(bend: int) -> None:
    knee = knee_of(SIZES, [500.0 * min(size, bend) for size in SIZES])
    assert knee.curve.law == "limit"
    assert (knee.connections, knee.low, knee.high) == pytest.approx((bend, bend, bend), rel=0.01)


@pytest.mark.parametrize("bend", [2, 4, 8])
def test_errors_of_measuring_widen_the_interval_around_the_knee(bend: int) -> None:
    sizes = SIZES * 2
    knee = knee_of(sizes, noisy([500.0 * min(size, bend) for size in sizes], 0.05))
    assert knee.low <= bend <= knee.high
    assert 0 < knee.high - knee.low < bend


@pytest.mark.parametrize(("contention", "coherency"), [(0.05, 0.002), (0.02, 0.01), (0.3, 0.0)])
def test_the_scalability_law_is_found_again_with_its_knee(contention: float, coherency: float) -> None:
    rates = [scalable(size, contention=contention, coherency=coherency) for size in SIZES]
    drawn = [scalable(tenth / 10, contention=contention, coherency=coherency) for tenth in range(10, 321)]
    known = 1 + next(n for n, rate in enumerate(drawn) if rate >= 0.95 * max(drawn)) / 10
    knee = knee_of(SIZES, rates)
    assert (knee.curve.contention, knee.curve.coherency) == pytest.approx((contention, coherency), abs=1e-6)
    assert knee.connections == pytest.approx(known, abs=0.11)


def test_a_throughput_that_still_rises_has_its_knee_at_the_largest_size() -> None:
    assert knee_of(SIZES, [500.0 * size for size in SIZES]).connections == pytest.approx(32)


@pytest.mark.parametrize("rates", [[1.0, 2.0], [1.0, 2.0, 0.0]])
def test_a_knee_takes_three_sizes_that_do_something(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="three sizes"):
        knee_of([1, 2, 3][: len(rates)], rates)


def swept(bend: int, *, cpu_ratio: float) -> list[Measured]:
    return [
        Measured(size, None, 1, 500.0 * min(size, bend), 0.0, 0.0, 0.002, size, cpu_ratio) for size in SIZES
    ]


@pytest.mark.parametrize("workers", [1, 2, 4, 8, 16, 32, 48])
@pytest.mark.parametrize(
    "limit", [ConnectionLimit(100, 3), ConnectionLimit(400, 5), ConnectionLimit(200, 3, 0, 60)]
)
def test_the_advice_never_exceeds_what_the_server_allows(workers: int, limit: ConnectionLimit) -> None:
    for bend in (2, 8, 32):
        advice = advised(swept(bend, cpu_ratio=1.0), workers=workers, limit=limit)
        needed = workers * (advice.size + BESIDE_POOL) + SPARE
        assert needed <= limit.usable or limit.largest_pool(workers) == 0
        assert advice.is_held_down is (limit.largest_pool(workers) < max(3, bend))


@pytest.mark.parametrize(("cpu_ratio", "size"), [(1.0, 16), (0.5, 4)])
def test_workers_share_the_knee_unless_each_is_what_limits_it(cpu_ratio: float, size: int) -> None:
    advice = advised(swept(16, cpu_ratio=cpu_ratio), workers=4, limit=ConnectionLimit(500, 3))
    assert advice.size == size


def test_two_sizes_are_no_basis_for_advice() -> None:
    with pytest.raises(ConfigurationError) as refused:
        advised(swept(2, cpu_ratio=1.0)[:2], workers=1, limit=ConnectionLimit(100, 3))
    assert refused.value.code == "pool_not_measurable"


def test_sizes_stop_where_the_server_has_no_room() -> None:
    assert Sweep(most=32).sizes(ConnectionLimit(20, 3, in_use=6)) == [1, 2, 3, 4, 6, 8, 10]
    assert Sweep(most=5).sizes(ConnectionLimit(100, 3)) == [1, 2, 3, 4, 5]
    assert Sweep(most=5).sizes(ConnectionLimit(10, 3, in_use=7)) == []


@pytest.mark.parametrize(("workers", "overflow"), [(1, 0), (4, 0), (4, 10), (16, 1)])
async def test_pools_that_do_not_fit_the_server_are_refused_with_the_arithmetic(
    url: str, workers: int, overflow: int
) -> None:
    async with connected(url) as connection:
        limit = await connection_limit(connection)
        largest = (limit.usable - SPARE) // workers - BESIDE_POOL
        fits, more = (PoolOptions(size=largest - overflow + extra, overflow=overflow) for extra in (0, 1))
        await refuse_too_many_connections(connection, workers=workers, options=fits)
        with pytest.raises(ConfigurationError) as refused:
            await refuse_too_many_connections(connection, workers=workers, options=more)
    needed = workers * (largest + 1 + BESIDE_POOL) + SPARE
    assert refused.value.code == "pool_too_large"
    assert f"= {needed} of {limit.usable}" in refused.value.what
    assert f"at most {largest} together" in refused.value.remedy


async def test_pools_before_pgbouncer_may_be_larger_than_the_server_allows(url: str) -> None:
    async with connected(url) as connection:
        options = PoolOptions(size=1_000, through_pgbouncer=True)
        await refuse_too_many_connections(connection, workers=64, options=options)


@pytest.fixture
def plain(url: str, server_url: str) -> Iterator[str]:
    """The database, for a login without the rights of a superuser."""
    now(execute(url, "CREATE ROLE plain LOGIN"))
    yield url.replace("postgresql://postgres@", "postgresql://plain@")
    now(execute(server_url, "DROP ROLE plain"))


async def opened_until_refused(stack: AsyncExitStack, url: str) -> tuple[int, str]:
    for count in range(1_000):
        try:
            await stack.enter_async_context(connected(url))
        except DatabaseError as refused:
            return count, refused.code
    raise AssertionError("never refused")


async def test_the_server_takes_exactly_as_many_connections_as_are_told(plain: str) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(plain))
        _, code = await opened_until_refused(stack, plain)
        limit = await connection_limit(first)
    assert (code, limit.in_use + 1) == ("database_busy", limit.usable)


async def test_a_limit_of_the_login_counts_where_it_is_lower(url: str, plain: str) -> None:
    await execute(url, "ALTER ROLE plain CONNECTION LIMIT 5")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(plain))
        limit = await connection_limit(first)
        assert await opened_until_refused(stack, plain) == (limit.usable - 1, "database_busy")
    assert limit.usable == 5


async def test_nothing_is_measured_while_others_work_on_the_database(url: str) -> None:
    async with connected(url) as mine:
        async with connected(url) as other:
            await other.execute("SELECT 1")
            with pytest.raises(DatabaseError) as refused:
                await refuse_while_in_use(mine)
        assert refused.value.code == "database_in_use"
        for _ in range(1_000):
            if await mine.fetchval(OPEN) == 0:
                break
        await refuse_while_in_use(mine)


async def test_throughput_times_residence_is_what_was_under_way(url: str) -> None:
    await stored_run(url, [(None, 1)] * 10)
    tenant_id = await value(url, "SELECT id FROM vcci.tenants")
    steps: list[list[int]] = []
    found = await sweep(
        url, tenant_id, [1, 2, 3], plan=Sweep(3, 2.4, 2),
        on_step=lambda measured: steps.append([one.size for one in measured]),
    )  # fmt: skip
    assert steps == [[size] * 3 for size in (1, 2, 3, 3, 2, 1)]
    for one in found:
        assert one.requests > 0
        assert one.per_second * one.residence_mean_s == pytest.approx(one.concurrency, rel=0.02)
        assert 0 < one.service_mean_s <= one.residence_mean_s
        if one.offered_per_s is None:
            assert one.concurrency == pytest.approx(2 * one.size, rel=0.2)


def test_the_command_prints_the_table_the_knee_and_the_advice(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr(pool_sizing, "QUICK_SECONDS", 1.5)
    done = CliRunner().invoke(
        app, ["db", "pool-size", "--quick", "--anyway", "--most", "4", "--workers", "2"]
    )
    assert done.exit_code == 0, done.output
    for told in ("done/s", "90 % interval", "For each of 2 workers", "DB_POOL_SIZE=", "3 for commands"):
        assert told in done.output
