"""How many connections a worker should have: measured, and held under what PostgreSQL allows.

Workers x (DB_POOL_SIZE + DB_MAX_OVERFLOW), what each has beside its pool, and a few for commands have to
fit into `max_connections`; else some worker is refused when all are busy, which is when it matters.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connection_pool import ConnectionPool
from vcci.database.connections import Connection
from vcci.database.pool_fit import FEWEST, Knee, knee_of
from vcci.database.pool_load import Ask, Measured, Meter, arriving, in_turn, point_read
from vcci.database.pool_options import PoolOptions
from vcci.errors import ConfigurationError, DatabaseError

SIZES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
QUICK_SECONDS: Final = 10.0
SECONDS: Final = 40.0
ROUNDS: Final = 2
"""So often is each size measured, up and then down, so that a change of the machine shows as an error."""

IN_TURN: Final = 0.5
ARRIVING: Final = ((0.8, 0.3), (1.1, 0.2))
"""Shares of a step: callers in turn; arrivals at a share of what those did, and their share of the step."""

BESIDE_POOL: Final = 2
"""Connections of a worker beside its pool: one listens for announcements, one is of a ledger's job."""

SPARE: Final = 3
"""Connections that are left for commands, such as a migration."""

BUSY: Final = 0.8
"""A process that uses so much of a core is what limits it, and not the server."""

FEWEST_ADVISED: Final = 3
"""Background work leaves two connections to requests."""

LIMIT: Final[LiteralString] = """
    SELECT current_setting('max_connections')::int AS most,
        current_setting('superuser_reserved_connections')::int
            + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
        (SELECT count(*) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())::int AS in_use,
        (SELECT min(one) FROM (
            SELECT rolconnlimit AS one FROM pg_roles WHERE rolname = session_user
            UNION ALL SELECT datconnlimit FROM pg_database WHERE datname = current_database()) limits
            WHERE one >= 0) AS allowed
"""
OTHERS: Final[LiteralString] = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND (state IS DISTINCT FROM 'idle' OR state_change > now() - interval '10 seconds')
"""


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """Connections that PostgreSQL allows, keeps for superusers, and has; what this login and database may."""

    most: int
    reserved: int
    in_use: int = 0
    allowed: int | None = None

    @property
    def usable(self) -> int:
        """Connections that a service may have in all."""
        return min(self.most - self.reserved, self.allowed if self.allowed is not None else self.most)

    def largest_pool(self, workers: int) -> int:
        """Return how many connections, overflow too, a pool of each worker may have; 0 if not even one."""
        return max(0, (self.usable - SPARE) // workers - BESIDE_POOL)

    def told(self, workers: int, size: int) -> str:
        """Return the arithmetic for pools of a size."""
        beside = f"{workers} x ({size} + {BESIDE_POOL} beside the pool) + {SPARE} for commands"
        whose = f"max_connections {self.most} less {self.reserved} reserved"
        if self.allowed is not None and self.allowed == self.usable:
            whose = "the limit of the login or the database"
        return f"{beside} = {workers * (size + BESIDE_POOL) + SPARE} of {self.usable} ({whose})"


@dataclass(frozen=True, slots=True)
class Sweep:
    """How long to measure, in seconds, up to which size, with or without PgBouncer between."""

    most: int = 32
    seconds: float = SECONDS
    rounds: int = ROUNDS
    through_pgbouncer: bool = False

    def sizes(self, limit: ConnectionLimit) -> list[int]:
        """Return the sizes to measure: those that the server has room for now."""
        room = self.most if self.through_pgbouncer else min(self.most, limit.usable - limit.in_use - 1)
        return sorted({*(size for size in SIZES if size < room), room}) if room > 0 else []


@dataclass(frozen=True, slots=True)
class Advice:
    """How many connections each of the workers should have, and why."""

    size: int
    workers: int
    knee: Knee
    limit: ConnectionLimit
    is_worker_busy: bool
    """Whether the process used up its core: each worker can use as many then, else they share the knee."""

    is_held_down: bool
    """Whether the server's limit allows fewer than the knee asks for."""


async def connection_limit(connection: Connection) -> ConnectionLimit:
    """Return what the server allows this login."""
    row = await connection.fetchrow(LIMIT)
    return ConnectionLimit(**dict(row or {}))


async def refuse_too_many_connections(connection: Connection, *, workers: int, options: PoolOptions) -> None:
    """Raise `ConfigurationError` if the pools of all workers do not fit into what PostgreSQL allows.

    Behind PgBouncer pools may be larger than that: it is PgBouncer's number then, and nothing is refused.
    """
    if options.through_pgbouncer:
        return
    limit = await connection_limit(connection)
    largest = limit.largest_pool(workers)
    if options.most > largest:
        raise ConfigurationError(
            f"The pools are larger than PostgreSQL allows: {limit.told(workers, options.most)}.",
            remedy=f"Set DB_POOL_SIZE and DB_MAX_OVERFLOW to at most {largest} together, use fewer workers,"
            " raise max_connections, or put PgBouncer between.",
            code="pool_too_large",
        )


async def refuse_while_in_use(connection: Connection) -> None:
    """Raise `DatabaseError` if others work on the database: they would be slowed, and the figures wrong."""
    others = await connection.fetchval(OTHERS)
    if others:
        raise DatabaseError(
            f"{others} other connections work on this database: measuring would slow them down.",
            remedy="Measure when nobody works on it, on a copy of it, or with --anyway.",
            code="database_in_use",
        )


async def sweep(
    url: str,
    tenant_id: UUID,
    sizes: Sequence[int],
    *,
    plan: Sweep = Sweep(),
    on_step: Callable[[Sequence[Measured]], None] = lambda _: None,
) -> list[Measured]:
    """Measure pools of all sizes, up and down in turn; `on_step` gets what each step has measured."""
    found: list[Measured] = []
    step_s = plan.seconds / (len(sizes) * plan.rounds)
    for number in range(plan.rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            options = PoolOptions(
                size=size, reserved=0, most_waiting=1_000_000, wait_s=60.0, idle_check_s=60.0,
                through_pgbouncer=plan.through_pgbouncer,
            )  # fmt: skip
            pool = ConnectionPool(url, options)
            try:
                await pool.warm(size)
                measured = await _step(pool, await point_read(pool, tenant_id), seconds=step_s)
            finally:
                await pool.aclose()
            found += measured
            on_step(measured)
    return found


def advised(measured: Sequence[Measured], *, workers: int, limit: ConnectionLimit) -> Advice:
    """Return the advice that follows from a sweep; never more than the limit allows, and at least 1.

    Raises `ConfigurationError` where fewer than three sizes could be measured.
    """
    full = [one for one in measured if one.offered_per_s is None]
    if len({one.size for one in full}) < FEWEST:
        raise ConfigurationError(
            "Fewer than three sizes could be measured: no knee can be found.",
            remedy="Give a larger --most, or end what uses the server's connections.",
            code="pool_not_measurable",
        )
    knee = knee_of([one.size for one in full], [one.per_second for one in full])
    is_busy = median(one.cpu_ratio for one in full if one.size >= knee.connections) >= BUSY
    shared = knee.connections if is_busy else knee.connections / workers
    whole = math.ceil(round(shared, 1))  # a tenth of a connection is an error of measuring
    wanted, largest = max(FEWEST_ADVISED, whole), limit.largest_pool(workers)
    return Advice(max(1, min(wanted, largest)), workers, knee, limit, is_busy, wanted > largest)


async def _step(pool: ConnectionPool, ask: Ask, *, seconds: float) -> list[Measured]:
    size = pool.options.size
    pool.hook = meter = Meter()
    await in_turn(ask, meter, callers=2 * size, seconds=IN_TURN * seconds)
    found = [meter.result(size, None)]
    for share, of_step in ARRIVING:
        await asyncio.sleep(0)
        rate = share * found[0].per_second
        pool.hook = meter = Meter()
        await arriving(ask, meter, per_second=rate, seconds=of_step * seconds)
        found.append(meter.result(size, rate))
    return found
