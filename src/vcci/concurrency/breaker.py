"""A breaker: what fails again and again is left alone for a while, then tried by one call at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from math import ceil
from time import monotonic
from typing import Final

from vcci.errors import RemoteError

FAILURES: Final = 5
WINDOW_S: Final = 30.0
OPEN_S: Final = 10.0
"""So many failures within the window open the breaker; after this time one call may try."""

Verdict = Callable[[BaseException], bool | None]
"""Whether an error is a failure of what is called; None where it says nothing, such as a caller's leaving."""


class BreakerState(StrEnum):
    """How calls are treated: let through, refused, or let through one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerOpenError(RemoteError):
    """What would be called failed repeatedly, and is left alone for a while."""

    code = "breaker_open"

    def __init__(self, what: str, *, seconds: float) -> None:
        self.retry_after_s = max(seconds, 0.0)
        super().__init__(
            f"{what} failed repeatedly, and is not called for {ceil(self.retry_after_s)} s.",
            remedy="Try again then; if it goes on, see whether it is up and can be reached from here.",
        )


class Breaker:
    """Closed while few calls fail; open after `failures` within `window_s`, for `open_s`; then half open.

    Half open, one call at a time is let through: if it succeeds the breaker closes, if it fails it opens
    anew, and if it says nothing (its caller left) the next call tries. What began before the state last
    changed no longer counts. `what` names what is called, as a sentence can begin with it.
    """

    def __init__(
        self,
        what: str,
        *,
        failures: int = FAILURES,
        window_s: float = WINDOW_S,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._what = what
        self._most = failures
        self._window_s = window_s
        self._open_s = open_s
        self._clock = clock
        self._failed_at: deque[float] = deque()
        self._open_until_s: float | None = None
        self._is_probing = False
        self._epoch = 0

    @property
    def state(self) -> BreakerState:
        """Return how the next call would be treated."""
        if self._open_until_s is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until_s else BreakerState.HALF_OPEN

    @property
    def is_spotless(self) -> bool:
        """Return whether it is closed and knows of no failure, so that a new one would be the same."""
        return self._open_until_s is None and not self._failed_at

    def check(self) -> None:
        """Raise `BreakerOpenError` if a call would be refused; lets nothing through by itself."""
        if self._open_until_s is not None and (self.state is BreakerState.OPEN or self._is_probing):
            raise BreakerOpenError(self._what, seconds=self._open_until_s - self._clock())

    @contextmanager
    def watching(self, is_failure: Verdict) -> Iterator[None]:
        """Let the call inside through and learn from how it ends, or raise `BreakerOpenError`."""
        self.check()
        is_probe = self._open_until_s is not None
        self._is_probing = is_probe
        epoch = self._epoch
        try:
            yield
        except BaseException as error:
            self._learn(is_failure(error), epoch=epoch, is_probe=is_probe)
            raise
        else:
            self._learn(False, epoch=epoch, is_probe=is_probe)

    def _learn(self, has_failed: bool | None, *, epoch: int, is_probe: bool) -> None:
        if epoch != self._epoch:
            return
        if is_probe:
            self._is_probing = False
            if has_failed is not None:
                self._change(self._clock() + self._open_s if has_failed else None)
        elif has_failed:
            self._count_failure()

    def _count_failure(self) -> None:
        now = self._clock()
        self._failed_at.append(now)
        while self._failed_at[0] <= now - self._window_s:
            self._failed_at.popleft()
        if len(self._failed_at) >= self._most:
            self._change(now + self._open_s)

    def _change(self, open_until_s: float | None) -> None:
        self._open_until_s = open_until_s
        self._failed_at.clear()
        self._epoch += 1
