"""What a pool of connections tells of itself, whether it is the service's own or an engine of SQLAlchemy."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

from vcci.database.connection_pool import ConnectionPool
from vcci.database.pool_options import HeldConnection, PoolStatistics
from vcci.database.pool_waits import Waits
from vcci.database.sqlalchemy_engine import pool_of
from vcci.events import ConnectionTaken, Event, Hook

LOG: Final = logging.getLogger("vcci.pool")

HIGH_PERCENT: Final = 80.0
"""Share of all connections from which on their use is a warning."""

HELD_S: Final = 60.0
"""A connection that somebody has for longer is told of, with the line that took it."""


class ConnectionPoolMonitor:
    """Reads the pool of an engine that `DatabaseEngineFactory` made, or a `ConnectionPool`."""

    def __init__(self, engine_or_pool: Any) -> None:
        self._watched = engine_or_pool
        if isinstance(engine_or_pool, ConnectionPool):
            self._waits = _listening(engine_or_pool).waits
        else:
            pool_of(engine_or_pool)

    def get_pool_stats(self) -> dict[str, Any]:
        """Return the pool as it is now.

        `available` are idle, `overflow` are beyond `pool_size`, `total` is how many there can be at once, of
        which `utilization_pct` (0 to 100) are in use; waits in seconds, of the last thousand; of an own pool
        of those since the first monitor of it.
        """
        config_size, found, waits, held = self._read()
        return {
            "pool_size": config_size,
            "checked_out": found.in_use,
            "available": found.idle,
            "overflow": max(0, found.size - config_size),
            "total": found.most,
            "waiting": found.waiting,
            "refused": found.refused,
            "opened": found.opened,
            "utilization_pct": round(found.utilization_percent, 1),
            "wait_p50_s": waits.percentile_s(50),
            "wait_p95_s": waits.percentile_s(95),
            "wait_p99_s": waits.percentile_s(99),
            "held": [asdict(one) for one in held],
        }

    def log_pool_stats(self) -> None:
        """Log the pool: a warning where nearly all are in use, or some wait, or one is held for long."""
        told = self.get_pool_stats()
        long = [one for one in told["held"] if one["seconds"] > HELD_S]
        is_high = told["utilization_pct"] > HIGH_PERCENT or told["overflow"] or told["waiting"]
        LOG.log(
            logging.WARNING if is_high or long else logging.INFO,
            "%d of %d connections in use (%.0f %%), %d idle, %d beyond the size, %d wait, wait P95 %.3f s",
            *(told["checked_out"], told["total"], told["utilization_pct"], told["available"]),
            *(told["overflow"], told["waiting"], told["wait_p95_s"]),
        )
        for one in long:
            LOG.warning("a connection is held for %.0f s by %s", one["seconds"], one["taken_at"][-1:])

    def _read(self) -> tuple[int, PoolStatistics, Waits, Sequence[HeldConnection]]:
        if isinstance(self._watched, ConnectionPool):
            own = self._watched
            return own.options.size, own.statistics(), self._waits, own.held()
        pool = pool_of(self._watched)
        return pool.size(), pool.statistics(), pool.waits, pool.held()


async def monitor_pool_health(
    monitor: ConnectionPoolMonitor,
    interval: float = 60,
    *,
    on_stats: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Log the pool every `interval` seconds, and tell `on_stats` of it, until cancelled."""
    while True:
        monitor.log_pool_stats()
        if on_stats is not None:
            on_stats(monitor.get_pool_stats())
        await asyncio.sleep(interval)


class _Recorder:
    """A hook that remembers waits, and hands every event on."""

    def __init__(self, inner: Hook) -> None:
        self.waits = Waits()
        self._inner = inner

    def __call__(self, event: Event) -> None:
        if isinstance(event, ConnectionTaken):
            self.waits.note(event.seconds)
        self._inner(event)


def _listening(pool: ConnectionPool) -> _Recorder:
    """Return the recorder of a pool; it gets one when it is watched for the first time."""
    if not isinstance(pool.hook, _Recorder):
        pool.hook = _Recorder(pool.hook)
    return pool.hook
