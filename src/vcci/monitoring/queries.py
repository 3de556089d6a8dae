"""Which lines of the application ask the database what: slow queries, and the same one asked again and again.

Statements are kept as they are prepared, with placeholders; what they were asked with is never looked at.
A watch is carried by the context, so that it sees what one request does in all its tasks, and nothing else.
"""

import logging
import re
import sys
import sysconfig
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, partial, wraps
from pathlib import Path
from types import FrameType
from typing import Any, Final, ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Engine

P = ParamSpec("P")
T = TypeVar("T")

LIMIT: Final = 5
"""So often may one place ask the same within one request."""

SLOW_S: Final = 1.0
MOST_KEPT: Final = 100
OWN: Final = Path(__file__).parents[1]
DATABASE: Final = OWN / "database"
LIBRARIES: Final = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
TEXTS: Final = re.compile(r"'(?:[^']|'')*'")
LOG: Final = logging.getLogger("vcci.queries")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the application."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        """Return it as editors and terminals know it."""
        return f"{self.file}:{self.line} in {self.function}"


NOWHERE: Final = Place("unknown", 0, "unknown")


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same statement, asked so often from one line."""

    statement: str
    place: Place
    count: int

    def __str__(self) -> str:
        """Return what was found, where, and what to do."""
        statement = " ".join(self.statement.split())
        return (
            f"{self.place} asks the database the same {self.count} times: {statement[:200]}."
            " Ask once for all: = ANY ($1) with a list, a JOIN, or selectinload() of SQLAlchemy."
        )


@dataclass(slots=True)
class SeenQueries:
    """What was asked in a watch; `most` is how often one place may ask the same."""

    limit: int = LIMIT
    total: int = 0
    counts: dict[tuple[str, Place], int] = field(default_factory=dict)
    _last: dict[tuple[str, Place], Any] = field(default_factory=dict)

    def note(self, statement: str, place: Place, *, within: Any = None) -> None:
        """Count a statement; several of one call of the application (`within`) count as one."""
        self.total += 1
        key = (statement, place)
        last = self._last.get(key)
        if within is not None and last is not None and last() is within:
            return
        self._last[key] = None if within is None else weakref.ref(within)
        self.counts[key] = self.counts.get(key, 0) + 1

    @property
    def repeated(self) -> list[Repeated]:
        """Statements that one place has asked `limit` times or more, the most frequent first."""
        found = [
            Repeated(*key, count)
            for key, count in self.counts.items()
            if count >= self.limit and key[1] is not NOWHERE
        ]
        return sorted(found, key=lambda one: -one.count)


@dataclass(slots=True)
class SlowQuery:
    """A statement that was slow from one line: how often, and how long in seconds."""

    statement: str
    place: Place
    count: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0


@dataclass(slots=True)
class SlowQueryLogger:
    """Keeps the `most` slow statements, those that were slow last; slow is from `threshold_s` on."""

    threshold_s: float = SLOW_S
    most: int = MOST_KEPT
    _kept: dict[tuple[str, Place], SlowQuery] = field(default_factory=dict)

    def note(self, statement: str, place: Place, *, seconds: float) -> None:
        """Keep a statement if it was slow, and log it: texts in it are left out."""
        if seconds < self.threshold_s:
            return
        key = (TEXTS.sub("?", statement), place)
        known = self._kept.pop(key, None) or SlowQuery(*key)
        self._kept[key] = known
        known.count += 1
        known.total_s += seconds
        known.longest_s = max(known.longest_s, seconds)
        while len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]
        LOG.warning("slow query, %.3f s at %s: %s", seconds, place, key[0])

    @property
    def queries(self) -> list[SlowQuery]:
        """What is kept, the longest first."""
        return sorted(self._kept.values(), key=lambda one: -one.longest_s)

    def summary(self) -> dict[str, Any]:
        """Return how many there were, and their mean and longest time in seconds; 0 without any."""
        kept = self.queries
        count = sum(one.count for one in kept)
        total_s = sum(one.total_s for one in kept)
        return {
            "count": count,
            "statements": len(kept),
            "mean_s": total_s / count if count else 0.0,
            "longest_s": kept[0].longest_s if kept else 0.0,
            "threshold_s": self.threshold_s,
        }


SLOW_QUERIES: Final = SlowQueryLogger()
"""The slow queries of this process."""


@dataclass(slots=True)
class RepeatedLogger:
    """Keeps the `most` statements that one line asked again and again in one request, the last ones."""

    most: int = MOST_KEPT
    _kept: dict[tuple[str, str, Place], tuple[int, int]] = field(default_factory=dict)

    def note(self, route: str, repeated: Repeated) -> None:
        """Keep what was found in a request to a route, and log it."""
        key = (route, TEXTS.sub("?", repeated.statement), repeated.place)
        requests, most = self._kept.pop(key, (0, 0))
        self._kept[key] = requests + 1, max(most, repeated.count)
        while len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]
        LOG.warning("%s: %s", route, repeated)

    @property
    def found(self) -> list[dict[str, Any]]:
        """What is kept in plain values: route, statement, place, requests, and most times in one of these."""
        told = [
            {"route": route, "statement": statement, "place": str(place), "requests": requests, "times": most}
            for (route, statement, place), (requests, most) in self._kept.items()
        ]
        return sorted(told, key=lambda one: -one["times"])


REPEATED_QUERIES: Final = RepeatedLogger()
"""The repeated queries of this process: those of lists that ask once for each row (N+1)."""

_watch: ContextVar[SeenQueries | None] = ContextVar("vcci_watched_queries", default=None)


@contextmanager
def watched_queries(*, limit: int = LIMIT) -> Iterator[SeenQueries]:
    """Watch what this context asks of connections and engines that are observed."""
    seen = SeenQueries(limit)
    token = _watch.set(seen)
    try:
        yield seen
    finally:
        _watch.reset(token)


@contextmanager
def assert_no_n_plus_one(*, limit: int = LIMIT) -> Iterator[SeenQueries]:
    """Raise `AssertionError` at the end if a line has asked the same `limit` times, naming the line."""
    with watched_queries(limit=limit) as seen:
        yield seen
    if seen.repeated:
        raise AssertionError("\n".join(map(str, seen.repeated)))


class _Observer(partial[Any]):
    """A logger of asyncpg that is called where the query was asked.

    asyncpg calls plain functions later, from the loop, when the stack no longer says who asked. A coroutine
    function it calls at once, to have its coroutine: this is taken for one, and looks at the stack first.
    """

    def __call__(self, record: Any) -> Any:
        """Report a query, and return a coroutine that has nothing left to do."""
        _report(record.query, seconds=record.elapsed, slow=self.keywords["slow"])
        return self.func()


async def _nothing(**_: object) -> None:
    """Do nothing: the work is done when this is called."""


def observe_connection(connection: Any, *, slow: SlowQueryLogger = SLOW_QUERIES) -> Callable[[], None]:
    """Observe a connection of asyncpg; returns what ends that."""
    observer = _Observer(_nothing, slow=slow)
    connection.add_query_logger(observer)
    return partial(connection.remove_query_logger, observer)


def observe_engine(engine: Any, *, slow: SlowQueryLogger = SLOW_QUERIES) -> Callable[[], None]:
    """Observe an engine of SQLAlchemy, asynchronous or not; returns what ends that."""
    target: Engine = getattr(engine, "sync_engine", engine)

    def before(connection: Any, *_: Any) -> None:
        connection.info.setdefault("vcci_started_s", []).append(time.perf_counter())

    def after(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        started_s = connection.info["vcci_started_s"].pop()
        _report(statement, seconds=time.perf_counter() - started_s, slow=slow)

    def failed(context: Any) -> None:
        if context.connection is not None and context.connection.info.get("vcci_started_s"):
            context.connection.info["vcci_started_s"].pop()

    hooks = (("before_cursor_execute", before), ("after_cursor_execute", after), ("handle_error", failed))
    for name, hook in hooks:
        event.listen(target, name, hook)

    def end() -> None:
        for name, hook in hooks:
            event.remove(target, name, hook)

    return end


def track_query_performance(
    name: str, threshold_ms: float = 100
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Decorate asynchronous work so that it is logged when it takes longer, with how often it asked."""

    def decorate(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(work)
        async def tracked(*arguments: P.args, **named: P.kwargs) -> T:
            started_s = time.perf_counter()
            seen = _watch.get()
            before = seen.total if seen else 0
            try:
                return await work(*arguments, **named)
            finally:
                took_ms = 1000 * (time.perf_counter() - started_s)
                if took_ms >= threshold_ms:
                    asked = f"; queries: {seen.total - before}" if seen else ""
                    LOG.warning("%s took %.1f ms, more than %g ms%s", name, took_ms, threshold_ms, asked)

        return tracked

    return decorate


def _report(statement: str, *, seconds: float, slow: SlowQueryLogger) -> None:
    seen = _watch.get()
    if seen is None and seconds < slow.threshold_s:
        return
    place, within = asked_at()
    if seen is not None:
        seen.note(statement, place, within=within)
    slow.note(statement, place, seconds=seconds)


def asked_at() -> tuple[Place, Any]:
    """Return the innermost line of the application that led here; and the greenlet, if it runs in one.

    SQLAlchemy works for asynchronous code in a greenlet: whoever awaits it is on the stack of its parent.
    What one greenlet does is then one call of the application, however many statements that takes.
    """
    greenlet = sys.modules.get("greenlet")
    current = greenlet.getcurrent() if greenlet else None
    frame: FrameType | None = sys._getframe(1)
    within = None
    while True:
        while frame is not None:
            if is_of_application(frame.f_code.co_filename):
                code = frame.f_code
                return Place(code.co_filename, frame.f_lineno, code.co_name), within
            frame = frame.f_back
        if current is None or current.parent is None:
            return NOWHERE, within
        within, current = within or current, current.parent
        frame = current.gr_frame


@cache
def is_of_application(file: str) -> bool:
    """Say whether a file is the application's own: no library, not the database room, not this."""
    if file.startswith("<") or file == __file__:
        return False
    path = Path(file)
    if path.is_relative_to(OWN):
        return not path.is_relative_to(DATABASE)
    return "site-packages" not in path.parts and not path.resolve().as_posix().startswith(LIBRARIES)
