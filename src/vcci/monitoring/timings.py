"""Where the time of a request goes, carried by the context, and told in Server-Timing (W3C).

This module needs nothing of Prometheus, so whoever may import monitoring can hand `timed` to a room that may
not: it is a callable that takes a name and gives a context manager.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Self

SERVER_TIMING: Final = b"server-timing"
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
UNSAID: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
"""What a quoted text may hold only with an escape, or not at all."""


@dataclass(slots=True)
class Timings:
    """Phases of one request, in seconds; those that go on at the same time may exceed the total."""

    started_s: float = field(default_factory=perf_counter)
    phases_s: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        """Add to a phase; raises `ValueError` for a name that no header may hold."""
        if name not in self.phases_s and not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a phase")
        self.phases_s[name] = self.phases_s.get(name, 0.0) + seconds

    def note(self, name: str, text: str) -> None:
        """Say something of the request that is no time, such as that the cache had it."""
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a phase")
        self.notes[name] = UNSAID.sub("", text)

    def header(self) -> bytes:
        """Return the value of Server-Timing: the total until now, and its parts, in milliseconds."""
        phases = [("total", perf_counter() - self.started_s), *self.phases_s.items()]
        told = [f"{name};dur={1_000 * seconds:.3f}" for name, seconds in phases]
        told += [f'{name};desc="{text}"' for name, text in self.notes.items()]
        return ", ".join(told).encode()


class Phase:
    """Adds the time inside of it to a phase of the request under way; nothing where none is collected."""

    __slots__ = ("_name", "_started_s", "_timings")

    def __init__(self, name: str) -> None:
        self._name = name
        self._timings = _CURRENT.get()
        self._started_s = 0.0

    def __enter__(self) -> Self:
        """Start the clock."""
        if self._timings is not None:
            self._started_s = perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, also when what was inside failed."""
        if self._timings is not None:
            self._timings.add(self._name, perf_counter() - self._started_s)


_CURRENT: Final[ContextVar[Timings | None]] = ContextVar("vcci_timings", default=None)


def current_timings() -> Timings | None:
    """Return those of the request under way, None where nobody collects any."""
    return _CURRENT.get()


def timed(name: str) -> Phase:
    """Return what measures a phase: `with timed("db"): ...`."""
    return Phase(name)


@contextmanager
def collected() -> Iterator[Timings]:
    """Collect the timings of what is inside, also from tasks that it starts."""
    timings = Timings()
    token = _CURRENT.set(timings)
    try:
        yield timings
    finally:
        _CURRENT.reset(token)
