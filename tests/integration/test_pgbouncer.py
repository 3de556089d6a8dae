"""The service's transactions through a real PgBouncer in transaction mode."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.support.database import value
from tests.support.pgbouncer import needs_pgbouncer, running_pgbouncer

from vcci.concurrency import within
from vcci.database.connection_pool import ConnectionPool, opened_pool
from vcci.database.connections import Connection, connected
from vcci.database.pool_options import PoolOptions
from vcci.database.tenants import Role, ensure_tenant
from vcci.errors import DeadlineError

pytestmark = needs_pgbouncer

REQUESTS = 10_000
CLIENTS = 1_000
THROUGH = PoolOptions(size=40, through_pgbouncer=True, most_waiting=REQUESTS, wait_s=60)
NAMES = "SELECT name FROM vcci.suppliers WHERE tenant_id = $1 OR $2 ORDER BY id"
ADD = "INSERT INTO vcci.suppliers (tenant_id, id, source_key, name) VALUES ($1, $2, $3, $4)"


class AbortedError(Exception):
    """What a request that changes its mind raises."""


@pytest.fixture
def bouncer(url: str) -> Iterator[str]:
    with running_pgbouncer(url) as through:
        yield through


async def tenants_of(url: str) -> dict[str, UUID]:
    """Make two tenants with suppliers named after them."""
    found = {}
    async with connected(url) as connection:
        for name in ("alpha", "beta"):
            found[name] = await ensure_tenant(connection, name)
    async with opened_pool(url) as pool:
        for name, tenant_id in found.items():
            async with pool.transaction(tenant_id, role=Role.LOADER) as tx:
                for number in range(3):
                    await tx.execute(ADD, tenant_id, uuid4(), f"S{number}", name)
    return found


async def read(tx: Connection, tenant_id: UUID) -> set[str]:
    """Ask for the rows of all tenants: row security alone keeps them apart."""
    return {row["name"] for row in await tx.fetch(NAMES, tenant_id, True)}


async def one(pool: ConnectionPool, name: str, tenant_id: UUID, *, number: int) -> str:
    """Do one of five things in a transaction, and return what came of it."""
    kind = number % 5
    try:
        with within(0.02 if kind == 3 else 60):
            async with pool.transaction(tenant_id, role=Role.LOADER) as tx:
                seen = await read(tx, tenant_id)
                if kind == 1:
                    await tx.execute(ADD, tenant_id, uuid4(), f"never {number}", "never")
                    raise AbortedError
                if kind == 2:
                    with suppress(asyncpg.PostgresError):
                        await tx.execute("SELECT 1 / 0")
                    raise AbortedError
                if kind == 3:
                    await tx.execute("SELECT pg_sleep(10)")
                if kind == 4:
                    seen |= {row["name"] for row in await tx.fetch(NAMES + " LIMIT $3", tenant_id, True, 2)}
    except AbortedError:
        return "aborted"
    except DeadlineError:
        return "timed out"
    return "own rows" if seen == {name} else f"rows of {seen}"


async def test_ten_thousand_mixed_requests_of_two_tenants_have_no_error_and_no_foreign_row(
    url: str, bouncer: str
) -> None:
    tenants = list((await tenants_of(url)).items())
    async with opened_pool(bouncer, THROUGH) as pool:
        gate = asyncio.Semaphore(400)

        async def asked(number: int) -> str:
            async with gate:
                name, tenant_id = tenants[number // 5 % 2]
                return await one(pool, name, tenant_id, number=number)

        outcomes = Counter(await asyncio.gather(*map(asked, range(REQUESTS))))
    fifth = REQUESTS // 5
    assert outcomes["aborted"] == 2 * fifth
    assert outcomes["own rows"] + outcomes["timed out"] == 3 * fifth
    assert outcomes["timed out"] >= fifth
    assert await value(url, "SELECT count(*) FROM vcci.suppliers") == 6


async def test_a_thousand_clients_share_a_few_connections(url: str, bouncer: str) -> None:
    tenant_id = (await tenants_of(url))["alpha"]
    pools = [ConnectionPool(bouncer, PoolOptions(size=1, through_pgbouncer=True)) for _ in range(CLIENTS)]
    for start in range(0, CLIENTS, 100):
        await asyncio.gather(*(pool.warm(1) for pool in pools[start : start + 100]))

    async def asked(pool: ConnectionPool) -> set[str]:
        async with pool.transaction(tenant_id) as tx:
            return await read(tx, tenant_id)

    try:
        answers = await asyncio.gather(*map(asked, pools))
        servers = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert (len(answers), {frozenset(answer) for answer in answers}) == (CLIENTS, {frozenset({"alpha"})})
        assert await value(url, servers) <= 8 + 1
    finally:
        await asyncio.gather(*(pool.aclose() for pool in pools))


async def test_nothing_that_a_transaction_sets_reaches_the_next_user(url: str, bouncer: str) -> None:
    tenant_id = (await tenants_of(url))["alpha"]
    async with opened_pool(bouncer, PoolOptions(size=1, through_pgbouncer=True)) as pool:
        with within(30):
            async with pool.transaction(tenant_id, role=Role.LOADER) as tx:
                assert await read(tx, tenant_id) == {"alpha"}
        async with pool.connection() as connection:
            asked = "SELECT current_setting('vcci.tenant_id', true), current_user, current_setting($1)"
            found = await connection.fetchrow(asked, "statement_timeout")
    assert found is not None
    assert (found[0] or "", found[1], found[2]) == ("", "postgres", "0")
