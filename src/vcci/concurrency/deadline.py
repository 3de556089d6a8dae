"""One deadline for all that a request does: waits for a connection, statements, calls of other services.

It is carried by the context, so that nothing has to hand it on; what waits asks how long it still may.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Final

from vcci.errors import DeadlineError


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds, by which work has to be done."""

    at_s: float

    @property
    def remaining_s(self) -> float:
        """How long there is still time, in seconds; negative when it has passed."""
        return self.at_s - monotonic()

    def or_sooner(self, seconds: float) -> float:
        """Return how long one may wait: `seconds`, or less; raises `DeadlineError` when it has passed."""
        remaining = self.remaining_s
        if remaining <= 0:
            raise passed()
        return min(seconds, remaining)


_CURRENT: Final[ContextVar[Deadline | None]] = ContextVar("vcci_deadline", default=None)


def current_deadline() -> Deadline | None:
    """Return the deadline of the work under way, None where it has none."""
    return _CURRENT.get()


def seconds_left(seconds: float) -> float:
    """Return how long one may wait, at most `seconds`; raises `DeadlineError` when none is left."""
    deadline = _CURRENT.get()
    return seconds if deadline is None else deadline.or_sooner(seconds)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Give the work inside a deadline; one that is sooner already stays. It does not interrupt by itself."""
    outer, inner = _CURRENT.get(), Deadline(monotonic() + seconds)
    deadline = inner if outer is None or inner.at_s < outer.at_s else outer
    with until(deadline):
        yield deadline


@contextmanager
def until(deadline: Deadline | None) -> Iterator[None]:
    """Give the work inside exactly this deadline; None is none. For work that is done for several callers."""
    token = _CURRENT.set(deadline)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def passed_as_error() -> Iterator[None]:
    """Turn a `TimeoutError` of a wait inside into a `DeadlineError` if the deadline is what has passed."""
    try:
        yield
    except TimeoutError:
        deadline = _CURRENT.get()
        if deadline is not None and deadline.remaining_s <= 0:
            raise passed() from None
        raise


def passed() -> DeadlineError:
    """Return the error of work that was given up for its deadline."""
    return DeadlineError(
        "The work took longer than its deadline allows, and was given up.",
        remedy="Ask for less at once, or try again when there is less to do.",
    )
