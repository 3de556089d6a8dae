"""The pool of a service, by the six rows in which services describe theirs: a session a request, and ours.

A request reads a line, waits for something else (50 ms), and reads another. With a session a request, as most
services have it, the connection is held all the while; with ours only for each transaction. Requests come
when they come, so many that the connections of the first are in use 92 % of the time.

- size, overflow: connections that are kept, and how many there may be beside them.
- utilization: the share of all connections that there may be which are in use, on average over time.
- acquisition: from the moment a connection is wanted until it is there.
- timeout rate: the share of requests that had no connection within 250 ms.
- efficiency: the share of the time that connections are held in which a statement is under way on them.
"""

import asyncio
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.open_arrivals import due_times, percentile, served
from benchmarks.pool_peers import BECOME, Target, engine_of
from benchmarks.rounds import figure, refuse_unless
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import async_sessionmaker

from vcci.database.connection_pool import opened_pool
from vcci.database.pool_options import PoolOptions
from vcci.database.tenants import tenant_transaction
from vcci.errors import DatabaseError

ELSEWHERE_SECONDS = 0.05
PATIENCE_SECONDS = 0.25
NAIVE_SIZE, NAIVE_OVERFLOW = 10, 5
WANTED_UTILIZATION = 0.92
OPTIONS = PoolOptions(wait_s=PATIENCE_SECONDS)


@dataclass(slots=True)
class Tally:
    """What requests were given, in seconds."""

    waits: list[float] = field(default_factory=list)
    held_s: float = 0.0
    at_work_s: float = 0.0
    refused: int = 0

    @asynccontextmanager
    async def holding(self, since_s: float) -> AsyncIterator[None]:
        """Count a connection that was wanted since then, and is held within."""
        loop = asyncio.get_running_loop()
        taken = loop.time()
        self.waits.append(taken - since_s)
        try:
            yield
        finally:
            self.held_s += loop.time() - taken

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Count statements that are under way within."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        yield
        self.at_work_s += loop.time() - started


Request = Callable[[int, float], Awaitable[None]]


@asynccontextmanager
async def naive(target: Target, tally: Tally) -> AsyncIterator[Request]:
    """A session for each request, from its beginning to its end."""
    sizes = {"pool_size": NAIVE_SIZE, "max_overflow": NAIVE_OVERFLOW, "pool_timeout": PATIENCE_SECONDS}
    engine = engine_of(target.url, pool_pre_ping=True, **sizes)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def request(number: int, due_s: float) -> None:
        async with sessions() as session:
            try:
                await session.connection()
            except NoConnectionError:
                tally.refused += 1
                return
            async with tally.holding(due_s):
                async with tally.working():
                    await session.execute(BECOME, {"tenant": str(target.tenant_id)})
                    refuse_unless(await target.read_named(session, number), "another line was read")
                await asyncio.sleep(ELSEWHERE_SECONDS)
                async with tally.working():
                    refuse_unless(await target.read_named(session, number + 1), "another line was read")
                    await session.commit()

    yield request
    await engine.dispose()


@asynccontextmanager
async def ours(target: Target, tally: Tally) -> AsyncIterator[Request]:
    """A transaction for each read."""
    async with opened_pool(target.url, OPTIONS) as pool:

        async def read(number: int, since_s: float) -> None:
            async with (
                pool.connection() as connection,
                tally.holding(since_s),
                tally.working(),
                tenant_transaction(connection, tenant_id=target.tenant_id) as tx,
            ):
                refuse_unless(await target.read(tx, number), "another line was read")

        async def request(number: int, due_s: float) -> None:
            try:
                await read(number, due_s)
                await asyncio.sleep(ELSEWHERE_SECONDS)
                await read(number + 1, asyncio.get_running_loop().time())
            except DatabaseError:
                tally.refused += 1

        yield request


async def of_requests(target: Target, *, seconds: float, rounds: int, seed: int) -> dict[str, float]:
    """Measure both in turns, under the same load."""
    rate = WANTED_UTILIZATION * (NAIVE_SIZE + NAIVE_OVERFLOW) / ELSEWHERE_SECONDS
    sizes = {"naive": (NAIVE_SIZE, NAIVE_OVERFLOW), "ours": (OPTIONS.size, OPTIONS.overflow)}
    found: defaultdict[str, list[float]] = defaultdict(list)
    for turn in range(rounds):
        times = due_times(rate, seconds=seconds, seed=seed + turn)
        for name, way in (("naive", naive), ("ours", ours)):
            tally, loop = Tally(), asyncio.get_running_loop()
            async with way(target, tally) as request:
                await served(times[:50], request)  # connections are made
                tally.waits, tally.held_s, tally.at_work_s, tally.refused = [], 0.0, 0.0, 0
                started = loop.time()
                await served(times, request)
                passed_s = loop.time() - started
            told = _told(tally, passed_s, most=sum(sizes[name]), requests=len(times))
            for row, value in told.items():
                found[figure(name, row)].append(value)
    figures: dict[str, float] = {row: statistics.median(values) for row, values in found.items()}
    for name, (size, overflow) in sizes.items():
        figures |= {figure(name, "pool_size"): size, figure(name, "pool_overflow"): overflow}
    return figures | {"requests_per_s": rate}


def _told(tally: Tally, passed_s: float, *, most: int, requests: int) -> dict[str, float]:
    return {
        "pool_utilization_percent": 100 * tally.held_s / (passed_s * most),
        "pool_acquisition_p50_ms": 1000 * percentile(tally.waits, 50),
        "pool_acquisition_p99_ms": 1000 * percentile(tally.waits, 99),
        "pool_timeout_percent": 100 * tally.refused / requests,
        "pool_efficiency_percent": 100 * tally.at_work_s / tally.held_s,
    }
