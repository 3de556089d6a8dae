"""The service's connections to PostgreSQL, and transactions of a tenant over them.

A pool of its own: no session state outlives a transaction, so a connection need not be reset when it comes
back, and is handed from who has it to who waits. The queue is bounded, and what waits is measured.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from uuid import UUID

from vcci.concurrency.deadline import current_deadline, passed, passed_as_error, seconds_left
from vcci.database.call_sites import CallSite, call_site
from vcci.database.connections import BROKEN, Connection, open_connection, refusals
from vcci.database.pool_options import HeldConnection, PoolOptions, PoolStatistics, Work
from vcci.database.tenants import Role
from vcci.database.transactions import UNSURE, PooledTransaction
from vcci.errors import DatabaseError
from vcci.events import ConnectionHeld, ConnectionTaken, Hook, ignore

SETTLE_SECONDS: Final = 2.0
"""How long a connection whose query was given up may take to be of use again."""

SWEEP_SECONDS: Final = 5.0


@dataclass(slots=True)
class Pooled:
    """A connection of the pool, and until when it is of use."""

    connection: Connection
    until_s: float
    idle_since_s: float = 0.0


@dataclass(slots=True)
class _Taken:
    at_s: float
    work: Work
    site: CallSite
    is_reported: bool = False


_Waiter = tuple[asyncio.Future[Pooled | None], Work]


@dataclass(slots=True)
class ConnectionPool:
    """Connections to one database. What PostgreSQL refuses comes out as a `DatabaseError`.

    The last one that came back is given out first, so that the pool is no wider than is needed.
    """

    url: str
    options: PoolOptions = field(default_factory=PoolOptions)
    hook: Hook = ignore
    _idle: list[Pooled] = field(default_factory=list)
    _taken: dict[int, tuple[Pooled, _Taken]] = field(default_factory=dict)
    _waiting: deque[_Waiter] = field(default_factory=deque)
    _queued: int = 0
    _size: int = 0
    _in_background: int = 0
    _refused: int = 0
    _opened: int = 0
    _is_closed: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def transaction(
        self,
        tenant_id: UUID | None,
        *,
        role: Role = Role.APP,
        work: Work = Work.INTERACTIVE,
        kind: str = "",
    ) -> PooledTransaction:
        """Return a transaction for one tenant, with the rights of a role, under the deadline of the work.

        It is measured by its `kind`, which is read or write where nothing else is told.
        """
        return PooledTransaction(self, tenant_id, role, work, kind)

    @asynccontextmanager
    async def connection(self, work: Work = Work.INTERACTIVE) -> AsyncIterator[Connection]:
        """Give a connection outside of any transaction; whoever begins one ends it."""
        pooled = await self.take(work)
        is_unsure = False
        try:
            yield pooled.connection
        except UNSURE:
            is_unsure = True
            raise
        finally:
            self.give_back(pooled, is_unsure=is_unsure)

    def statistics(self) -> PoolStatistics:
        """Return the pool as it is now."""
        idle, in_use = len(self._idle), len(self._taken)
        counts = (self._size, idle, in_use, self._queued)
        return PoolStatistics(*counts, most=self.options.most, refused=self._refused, opened=self._opened)

    def held(self, *, longer_than_s: float = 0.0) -> list[HeldConnection]:
        """Return the connections that somebody has for longer, the longest first."""
        now = monotonic()
        found = [
            HeldConnection(now - taken.at_s, _process_id(pooled), taken.work, taken.site.lines())
            for pooled, taken in self._taken.values()
            if now - taken.at_s >= longer_than_s
        ]
        return sorted(found, key=lambda one: -one.seconds)

    async def take(self, work: Work = Work.INTERACTIVE) -> Pooled:
        """Return a connection that has to be given back; raises `DatabaseError` or `DeadlineError`."""
        started_s = monotonic()
        pooled = await self._next(work)
        now = monotonic()
        self._taken[id(pooled)] = pooled, _Taken(now, work, call_site())
        self.hook(ConnectionTaken(now - started_s, work))
        return pooled

    def give_back(self, pooled: Pooled, *, is_unsure: bool = False) -> None:
        """Take a connection back. One on which a query may still be under way is settled first."""
        _, taken = self._taken.pop(id(pooled))
        if is_unsure and not pooled.connection.is_closed():
            self._start(self._settle(pooled, taken.work))
            return
        self._free(pooled, taken.work)

    async def warm(self, count: int) -> None:
        """Open connections until there are `count`, at most as many as are kept."""
        missing = min(count, self.options.size) - self._size
        fresh = [self._make(Work.INTERACTIVE) for _ in range(missing)]
        for made in await asyncio.gather(*fresh, return_exceptions=True):
            if isinstance(made, BaseException):
                raise made
            self._free(made, Work.INTERACTIVE)

    async def aclose(self) -> None:
        """Refuse whoever waits, and close all; what is still in use is closed when it comes back."""
        self._is_closed = True
        for waiter, _ in self._waiting:
            if not waiter.done():
                waiter.set_exception(self._away())
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._idle:
            await _close(self._idle.pop().connection)

    async def watch(self) -> None:
        """Report what is held for long and close what is idle for long, until cancelled."""
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, self.options.held_s))
            self._report()
            await self._close_old()

    async def _next(self, work: Work) -> Pooled:
        """Return a connection that lives: an idle one, a new one, or that of who comes back next."""
        if self._is_closed:
            raise self._away()
        while self._may_take(work):
            if not self._idle:
                if self._size < self.options.most:
                    return await self._make(work)
                break
            self._note(work, 1)
            pooled = self._idle.pop()
            if await self._lives(pooled, work):
                return pooled
        return await self._wait(work)

    async def _wait(self, work: Work) -> Pooled:
        if self._queued >= self.options.most_waiting:
            raise self._busy("too many wait for a connection already")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Pooled | None] = loop.create_future()
        self._waiting.append((waiter, work))
        self._queued += 1
        timer = None
        try:
            timer = loop.call_later(seconds_left(self.options.wait_s), self._expire, waiter)
            pooled = await waiter
        except BaseException:
            self._withdraw(waiter, work)
            raise
        finally:
            self._queued -= 1
            if timer is not None:
                timer.cancel()
        return pooled if pooled is not None else await self._make(work, is_noted=True)

    def _expire(self, waiter: asyncio.Future[Pooled | None]) -> None:
        """End a wait that took too long: for the pool, or for the deadline of the work."""
        if not waiter.done():
            deadline = current_deadline()
            is_late = deadline is not None and deadline.remaining_s <= 0
            waiter.set_exception(passed() if is_late else self._busy("no connection came free in time"))

    def _withdraw(self, waiter: asyncio.Future[Pooled | None], work: Work) -> None:
        """Hand on what somebody was given who no longer waits."""
        if waiter.cancelled() or not waiter.done():
            waiter.cancel()
        elif waiter.exception() is None:
            pooled = waiter.result()
            if pooled is None:
                self._lost(work)
            else:
                self._free(pooled, work)

    async def _make(self, work: Work, *, is_noted: bool = False) -> Pooled:
        """Open a connection. Its place is taken before: others see it."""
        if not is_noted:
            self._size += 1
            self._note(work, 1)
        try:
            with refusals(self.url), passed_as_error():
                connection = await open_connection(self.url, is_for_pgbouncer=self.options.through_pgbouncer)
        except BaseException:
            self._lost(work)
            raise
        self._opened += 1
        self.options.on_connect(connection)
        return Pooled(connection, monotonic() + self.options.lifetime_s * random.uniform(0.9, 1.1))  # noqa: S311

    async def _lives(self, pooled: Pooled, work: Work) -> bool:
        """Say whether an idle connection can be used; one that cannot is gone then."""
        is_alive = not pooled.connection.is_closed()
        if is_alive and monotonic() - pooled.idle_since_s > self.options.idle_check_s:
            try:
                await pooled.connection.execute("SELECT", timeout=SETTLE_SECONDS)
            except (TimeoutError, *BROKEN):
                is_alive = False
            except BaseException:
                self._drop(pooled, work)
                raise
        if not is_alive:
            self._drop(pooled, work)
        return is_alive

    async def _settle(self, pooled: Pooled, work: Work) -> None:
        """Wait until a query that was given up has ended, so that the connection can be used again."""
        try:
            await pooled.connection.execute("ROLLBACK", timeout=SETTLE_SECONDS)
        except BaseException:
            self._drop(pooled, work)
            raise
        self._free(pooled, work)

    def _free(self, pooled: Pooled, work: Work) -> None:
        """Hand a connection to who waits longest of those who may have it, or keep it."""
        connection, now = pooled.connection, monotonic()
        is_of_use = not (connection.is_closed() or connection.is_in_transaction() or now > pooled.until_s)
        if self._is_closed or not is_of_use:
            self._drop(pooled, work)
            return
        self._note(work, -1)
        pooled.idle_since_s = now
        waiter = self._next_waiter()
        if waiter is not None:
            self._note(waiter[1], 1)
            waiter[0].set_result(pooled)
        elif self._size > self.options.size:
            self._note(work, 1)
            self._drop(pooled, work)
        else:
            self._idle.append(pooled)

    def _drop(self, pooled: Pooled, work: Work) -> None:
        pooled.connection.terminate()
        self._lost(work)

    def _lost(self, work: Work) -> None:
        """Give up the place of a connection; who waits may make one in its stead."""
        self._note(work, -1)
        waiter = None if self._is_closed else self._next_waiter()
        if waiter is None:
            self._size -= 1
        else:
            self._note(waiter[1], 1)
            waiter[0].set_result(None)

    def _next_waiter(self) -> _Waiter | None:
        passed_over: list[_Waiter] = []
        found = None
        while self._waiting and found is None:
            waiter = self._waiting.popleft()
            if waiter[0].done():
                continue
            if self._may_take(waiter[1]):
                found = waiter
            else:
                passed_over.append(waiter)
        self._waiting.extendleft(reversed(passed_over))
        return found

    def _may_take(self, work: Work) -> bool:
        if work is Work.INTERACTIVE:
            return True
        most = max(1, self.options.most - self.options.reserved)
        return self._in_background < most

    def _note(self, work: Work, change: int) -> None:
        if work is Work.BACKGROUND:
            self._in_background += change

    def _report(self) -> None:
        now = monotonic()
        for pooled, taken in self._taken.values():
            if not taken.is_reported and now - taken.at_s > self.options.held_s:
                taken.is_reported = True
                lines = tuple(taken.site.lines())
                self.hook(ConnectionHeld(now - taken.at_s, _process_id(pooled), lines))

    async def _close_old(self) -> None:
        """Close idle connections past their age: the pool makes others when they are needed."""
        now = monotonic()
        for pooled in [one for one in self._idle if now > one.until_s]:
            with suppress(ValueError):  # somebody took it meanwhile
                self._idle.remove(pooled)
                self._size -= 1
                await _close(pooled.connection)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: the connection is gone, and that was seen to

    def _busy(self, why: str) -> DatabaseError:
        self._refused += 1
        return DatabaseError(
            f"All {self.options.most} connections to PostgreSQL are in use, and {why}.",
            remedy="Try again in a moment; if it lasts, see `vcci db pool-size`.",
            code="pool_busy",
        )

    def _away(self) -> DatabaseError:
        return DatabaseError("The pool of connections is closed.", remedy="Start again.", code="pool_closed")


@asynccontextmanager
async def opened_pool(
    url: str, options: PoolOptions | None = None, *, hook: Hook = ignore
) -> AsyncIterator[ConnectionPool]:
    """Give a pool that is watched, and closed at the end; one connection is made at once."""
    pool = ConnectionPool(url, options or PoolOptions(), hook)
    await pool.warm(1)
    watch = asyncio.create_task(pool.watch())
    try:
        yield pool
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await pool.aclose()


def _process_id(pooled: Pooled) -> int:
    found: int = pooled.connection.get_server_pid()
    return found


async def _close(connection: Connection) -> None:
    with suppress(TimeoutError, *BROKEN):
        await connection.close(timeout=SETTLE_SECONDS)
