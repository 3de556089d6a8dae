"""Load on a pool of connections: the service's own read of one line, asked for without regard to answers.

Who asks at a given rate does not slow down when answers are late, so waits are those that requests would
have. Every request is counted until it is answered: by Little's law the mean number under way is then the
throughput times the mean time of one.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connection_pool import ConnectionPool
from vcci.database.emissions_read import line_by_id
from vcci.database.ids import new_id
from vcci.database.pool_waits import Waits
from vcci.events import ConnectionTaken, Event

Ask = Callable[[], Awaitable[object]]

MOST_WAITS: Final = 100_000
SOME_LINE: Final[LiteralString] = """
    SELECT e.id FROM (SELECT id FROM vcci.runs WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1) r
    JOIN vcci.emissions e ON e.tenant_id = $1 AND e.run_id = r.id ORDER BY e.id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a pool of a size did; times in seconds. `offered_per_s` is None where callers asked in turn.

    `concurrency` is the mean number of requests under way, waiting ones too; `cpu_ratio` the share of one
    core that this process used.
    """

    size: int
    offered_per_s: float | None
    requests: int
    per_second: float
    wait_mean_s: float
    wait_p95_s: float
    residence_mean_s: float
    concurrency: float
    cpu_ratio: float

    @property
    def service_mean_s(self) -> float:
        """How long a connection was used for a request."""
        return self.residence_mean_s - self.wait_mean_s


@dataclass(slots=True)
class Meter:
    """Counts requests under way, and how long each took; also the hook of the pool that they use."""

    began_s: float = field(default_factory=time.perf_counter)
    cpu_s: float = field(default_factory=time.process_time)
    requests: int = 0
    total_s: float = 0.0
    waited_s: float = 0.0
    waits: Waits = field(default_factory=lambda: Waits(MOST_WAITS))
    _under_way: int = 0
    _area: float = 0.0
    _since_s: float = 0.0

    def __call__(self, event: Event) -> None:
        """Take the wait for a connection."""
        if isinstance(event, ConnectionTaken):
            self.waited_s += event.seconds
            self.waits.note(event.seconds)

    async def measured(self, ask: Ask) -> None:
        """Ask once."""
        began_s = self._step(1)
        await ask()
        self.total_s += self._step(-1) - began_s
        self.requests += 1

    def result(self, size: int, offered_per_s: float | None) -> Measured:
        """Return what was measured until now."""
        elapsed_s = self._step(0) - self.began_s
        each = max(1, self.requests)
        cpu_ratio = (time.process_time() - self.cpu_s) / elapsed_s
        mean = (self.waited_s / each, self.waits.percentile_s(95), self.total_s / each)
        done = (self.requests, self.requests / elapsed_s)
        return Measured(size, offered_per_s, *done, *mean, self._area / elapsed_s, cpu_ratio)

    def _step(self, change: int) -> float:
        now = time.perf_counter()
        self._area += self._under_way * (now - (self._since_s or now))
        self._since_s, self._under_way = now, self._under_way + change
        return now


async def point_read(pool: ConnectionPool, tenant_id: UUID) -> Ask:
    """Return what reads one line of the tenant, as the API does; one that is not there if it has none."""
    async with pool.transaction(tenant_id) as tx:
        line_id = await tx.fetchval(SOME_LINE, tenant_id) or new_id()

    async def read() -> object:
        async with pool.transaction(tenant_id) as tx:
            return await line_by_id(tx, tenant_id, line_id)

    return read


async def in_turn(ask: Ask, meter: Meter, *, callers: int, seconds: float) -> None:
    """Let so many callers ask again and again: as much as the pool can do."""
    end_s = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < end_s:
            await meter.measured(ask)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())


async def arriving(ask: Ask, meter: Meter, *, per_second: float, seconds: float) -> None:
    """Ask at a rate, at random moments, however late the answers are; wait for all of them."""
    chance = random.Random(0)  # noqa: S311
    start_s = time.perf_counter()
    next_s = start_s + chance.expovariate(per_second)
    async with asyncio.TaskGroup() as group:
        while next_s < start_s + seconds:
            await asyncio.sleep(max(0.0, next_s - time.perf_counter()))
            group.create_task(meter.measured(ask))
            next_s += chance.expovariate(per_second)
