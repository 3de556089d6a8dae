"""A pool for engines of SQLAlchemy that behaves as the service's own: bounded, measured, under deadlines.

A connection goes from who has it to who waits longest; whoever comes later waits behind them. It is asked
whether it lives only after it was idle, and replaced at an age that differs from connection to connection.
Nothing here sets state of a session: what a transaction needs is set within it.
"""

import asyncio
import random
import sys
import time
from collections import deque
from time import monotonic
from typing import Any, Final

import asyncpg
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import queue
from sqlalchemy.util.concurrency import await_

from vcci.concurrency.deadline import passed_as_error, seconds_left
from vcci.database.call_sites import CallSite, call_site, own_frames
from vcci.database.pool_config import PoolConfig
from vcci.database.pool_options import HeldConnection, PoolStatistics, Work
from vcci.database.pool_waits import Waits
from vcci.errors import DatabaseError

PING_SECONDS: Final = 2.0
"""How long a connection that lives may take to say so."""


class BoundedPool(AsyncAdaptedQueuePool):
    """Connections of one engine, on one event loop; raises `DatabaseError` with code `pool_busy`."""

    def __init__(self, creator: Any, pool_options: PoolConfig | None = None, **named: Any) -> None:
        super().__init__(creator, **named)
        self.pool_options = pool_options or PoolConfig()
        self.waits = Waits()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._taken: dict[int, tuple[Any, float, CallSite]] = {}
        self._queued = 0
        self._refused = 0
        self._opened = 0

    def recreate(self) -> "BoundedPool":
        """Return a new pool with the same options, as `engine.dispose` wants it."""
        return type(self)(
            self._creator,
            self.pool_options,
            pool_size=self._pool.maxsize,
            max_overflow=self._max_overflow,
            use_lifo=self._pool.use_lifo,
            timeout=self._timeout,
            echo=self.echo,
            logging_name=self._orig_logging_name,
            reset_on_return=self._reset_on_return,
            _dispatch=self.dispatch,
            dialect=self._dialect,
        )

    def statistics(self) -> PoolStatistics:
        """Return the pool as it is now."""
        in_use, idle = self.checkedout(), self.checkedin()
        counts = (in_use + idle, idle, in_use, self._queued)
        return PoolStatistics(
            *counts, most=self.pool_options.most, refused=self._refused, opened=self._opened
        )

    def held(self, *, longer_than_s: float = 0.0) -> list[HeldConnection]:
        """Return the connections that somebody has for longer, the longest first."""
        now = monotonic()
        found = [
            HeldConnection(now - at_s, _process_id(record), Work.INTERACTIVE, site.lines())
            for record, at_s, site in self._taken.values()
            if now - at_s >= longer_than_s
        ]
        return sorted(found, key=lambda one: -one.seconds)

    def _do_get(self) -> Any:
        started_s = monotonic()
        record = self._next(seconds_left(self._timeout))
        now = monotonic()
        self.waits.note(now - started_s)
        self._taken[id(record)] = record, now, _asked_from()
        return record

    def _do_return_conn(self, record: Any) -> None:
        """Hand a place to who waits longest, or keep it; nobody waits while one is idle."""
        self._taken.pop(id(record), None)
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(record)
            return
        record.record_info["idle_since_s"] = monotonic()
        try:
            self._pool.put(record, False)
        except queue.Full:
            try:
                record.close()
            finally:
                self._lost()

    def _next(self, most_s: float) -> Any:
        if self._pool.qsize():
            record = self._pool.get(False)
        elif self._inc_overflow():
            return self._made()
        else:
            record = self._waited(most_s)
            if record is None:
                return self._made()
        self._examine(record)
        return record

    def _made(self) -> Any:
        """Return a new connection. Its place is taken before: others see it."""
        try:
            record = self._create_connection()
        except BaseException:
            self._lost()
            raise
        self._opened += 1
        return record

    def _waited(self, most_s: float) -> Any:
        """Return what somebody gives back; None for a place in which a connection has to be made."""
        if self._queued >= self.pool_options.most_waiting:
            raise self._busy("too many wait for a connection already")
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._queued += 1
        try:
            return await_(_within(waiter, most_s))
        except BaseException as error:
            self._withdraw(waiter)
            if isinstance(error, TimeoutError):
                raise self._busy("no connection came free in time") from None
            raise
        finally:
            self._queued -= 1

    def _withdraw(self, waiter: "asyncio.Future[Any]") -> None:
        """Hand on what somebody was given who no longer waits."""
        if waiter.cancelled() or not waiter.done():
            waiter.cancel()
        elif waiter.result() is None:
            self._lost()
        else:
            self._do_return_conn(waiter.result())

    def _lost(self) -> None:
        """Give up the place of a connection; who waits may make one in its stead."""
        waiter = self._next_waiter()
        if waiter is None:
            self._dec_overflow()
        else:
            waiter.set_result(None)

    def _next_waiter(self) -> "asyncio.Future[Any] | None":
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _examine(self, record: Any) -> None:
        """See to it that a connection which is gone or too old is replaced when it is given out."""
        driver, options = record.driver_connection, self.pool_options
        if driver is None:
            return
        lifetime_s = options.pool_recycle * record.record_info.setdefault("share", random.uniform(0.9, 1.1))  # noqa: S311
        idle_s = monotonic() - record.record_info.get("idle_since_s", monotonic())
        if driver.is_closed():
            record.invalidate()
        elif lifetime_s > 0 and time.time() - record.starttime > lifetime_s:
            record.invalidate(soft=True)
        elif options.pool_pre_ping and idle_s > options.idle_check_s:
            self._ping(record, driver)

    def _ping(self, record: Any, driver: Any) -> None:
        try:
            await_(driver.execute("SELECT", timeout=PING_SECONDS))
        except (
            OSError,
            TimeoutError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ):
            record.invalidate()
        except BaseException:
            record.invalidate()
            self._do_return_conn(record)
            raise

    def _busy(self, why: str) -> DatabaseError:
        self._refused += 1
        return DatabaseError(
            f"All {self.pool_options.most} connections to PostgreSQL are in use, and {why}.",
            remedy="Try again in a moment; if it lasts, see `vcci db pool-size`.",
            code="pool_busy",
        )


async def _within(waiter: "asyncio.Future[Any]", most_s: float) -> Any:
    with passed_as_error():
        async with asyncio.timeout(most_s):
            return await waiter


def _asked_from() -> CallSite:
    """Return where this is called from, past the greenlet that SQLAlchemy works in."""
    frames = list(call_site().frames)
    greenlet = sys.modules["greenlet"].getcurrent().parent
    while greenlet is not None:
        frames += own_frames(greenlet.gr_frame)
        greenlet = greenlet.parent
    return CallSite(frames)


def _process_id(record: Any) -> int:
    driver = record.driver_connection
    return 0 if driver is None else int(driver.get_server_pid())
