"""What a process knows of invalidations, and whether it may trust that: the protocol, without any network.

Whoever changes data announces which groups of an owner (a tenant) that makes outdated. Announcements are
numbered without gaps, in the order in which the changes become visible. An entry keeps the number up to which
everything had been heard when its loading began: what it holds is as new as that. It is of use as long as no
announcement with a higher number names one of its groups.

The stated bound: no read returns what was outdated for longer than `bound_s`. Entries are used only while it
is certain that all announcements made before `now - bound_s` were heard: an authority was asked for the
newest number at or after that moment, and everything up to its answer was heard. Messages may be lost, come
twice, late or out of order; a process may stand still: then that certainty ends, and every read asks the
authority itself, until the process has caught up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

BOUND_SECONDS = 2.0
"""The bound of the service."""

EVERYTHING = ""
"""The group of all entries: an authority that has lost its memory says so under this name."""


class Authority(Protocol):
    """Who numbers announcements: PostgreSQL for the service. It may raise when it is away."""

    async def number(self) -> int:
        """Return the newest number."""
        ...

    async def numbers_of(self, owner: str) -> Mapping[str, int]:
        """Return the newest number of each group of an owner."""
        ...


@dataclass(slots=True)
class Coherence:
    """What one process has heard; times on the monotonic clock, in seconds."""

    bound_s: float = BOUND_SECONDS
    number: int = 0
    """All announcements up to this one were heard."""

    current_until_s: float = float("-inf")
    _ahead: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    _last: dict[str, dict[str, int]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def heard(self, number: int, owner: str, groups: Iterable[str]) -> None:
        """Take an announcement, in whatever order it comes."""
        if number <= self.number:
            return
        named = tuple(groups)
        self._ahead[number] = owner, named
        last = self._last.get(owner)
        if last is not None:
            for group in named:
                last[group] = max(number, last.get(group, 0))
        while self.number + 1 in self._ahead:
            self.number += 1
            del self._ahead[self.number]

    def asked(self, number: int, *, asked_s: float) -> bool:
        """Take the newest number, which the authority was asked for at `asked_s`; say if all was heard."""
        if self.number < number:
            return False
        self.current_until_s = max(self.current_until_s, asked_s + self.bound_s)
        return True

    def caught_up(self, number: int) -> None:
        """Go on from a number: what was missed up to it is asked of the authority, owner by owner."""
        self._last.clear()
        self._known.clear()
        self.number = number
        self._ahead = {one: said for one, said in self._ahead.items() if one > self.number}

    def is_current(self, now_s: float | None = None) -> bool:
        """Say whether what was heard is certain to be no older than the bound."""
        return (monotonic() if now_s is None else now_s) < self.current_until_s

    def knows(self, owner: str) -> bool:
        """Say whether the newest number of each of an owner's groups is known."""
        return owner in self._known

    def begin_learning(self, owner: str) -> None:
        """Note what is heard of an owner from now on: the authority is about to be asked."""
        self._last.setdefault(owner, {})

    def learned(self, owner: str, numbers: Mapping[str, int]) -> None:
        """Take what the authority said of an owner after `begin_learning`."""
        last = self._last.get(owner)
        if last is None:  # caught up meanwhile: ask again
            return
        for group, number in numbers.items():
            last[group] = max(number, last.get(group, 0))
        self._known.add(owner)

    def is_outdated(self, number: int, owner: str, groups: Iterable[str]) -> bool:
        """Say whether something loaded after `number` was outdated since; yes where nothing is known."""
        return owner not in self._known or is_outdated_by(self._last[owner], number, groups)


def is_outdated_by(numbers: Mapping[str, int], number: int, groups: Iterable[str]) -> bool:
    """Say the same from what the authority has just said of the owner."""
    if numbers.get(EVERYTHING, 0) > number:
        return True
    return any(numbers.get(group, 0) > number for group in groups)


class Alone:
    """The authority of a cache that no other process shares, and whose data change through it alone."""

    def __init__(self) -> None:
        self._number = 0
        self._numbers: dict[str, dict[str, int]] = {}

    async def number(self) -> int:
        """Return the newest number."""
        return self._number

    async def numbers_of(self, owner: str) -> Mapping[str, int]:
        """Return the newest number of each group of an owner."""
        return self._numbers.get(owner, {})

    async def announce(self, owner: str, groups: Iterable[str]) -> int:
        """Announce that groups of an owner are outdated; returns the number."""
        self._number += 1
        self._numbers.setdefault(owner, {}).update(dict.fromkeys(groups, self._number))
        return self._number
