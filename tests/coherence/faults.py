"""Ten mistakes that a cache like this can have; the check has to find each of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from vcci.cache.coherence import Coherence
from vcci.cache.entry import Entry
from vcci.cache.tiered import MultiLevelCache


@dataclass(frozen=True)
class Parts:
    """What a node is made of."""

    coherence: Any = Coherence
    cache: Any = MultiLevelCache


class TrustsWhatItHeard(Coherence):
    """Believes itself current for ever, so that lost messages are never missed."""

    def is_current(self, now_s: float | None = None) -> bool:
        return True


class RenewsInSpiteOfGaps(Coherence):
    """Counts an answer of the authority as proof, whether all was heard or not."""

    def asked(self, number: int, *, asked_s: float) -> bool:
        self.current_until_s = asked_s + self.bound_s
        return True


class SkipsGaps(Coherence):
    """Takes the highest number that it heard for all that there were."""

    def heard(self, number: int, owner: str, groups: Iterable[str]) -> None:
        super().heard(number, owner, groups)
        self.number = max(self.number, number)


class ForgetsToAskAfterAGap(Coherence):
    """Goes on from the newest number and keeps what it believed of the groups."""

    def caught_up(self, number: int) -> None:
        self.number = number


class NotesSomeAnnouncements(Coherence):
    """Takes no note of every third announcement."""

    def heard(self, number: int, owner: str, groups: Iterable[str]) -> None:
        super().heard(number, owner, groups if number % 3 else ())


class NumbersAfterLoading(MultiLevelCache):
    """Numbers an entry by what was heard when its loading ended, not when it began."""

    async def _load(self, asked: Any, *, number: int, lease: str) -> Entry:
        value = await asked.fetcher()

        async def again() -> Any:
            return value

        return await super()._load(replace(asked, fetcher=again), number=self.coherence.number, lease=lease)


class NumbersWithoutEnd(MultiLevelCache):
    """Accepts every fill, whatever was invalidated since its read began."""

    async def _load(self, asked: Any, *, number: int, lease: str) -> Entry:
        return await super()._load(asked, number=number + 50, lease=lease)


class BelievesTheSharedLayer(MultiLevelCache):
    """Takes what Redis has without asking whether it was outdated."""

    async def _from_shared(self, asked: Any) -> Entry | None:
        kept = await super()._from_shared(asked)
        return kept and replace(kept, number=2**60)


class StandsInWhateverHappened(MultiLevelCache):
    """Lets an outdated value stand in when loading fails or nobody can tell."""

    async def _judge(self, owner: str) -> Callable[[Entry], bool] | None:
        return lambda entry: True


class JoinsAnySearch(MultiLevelCache):
    """Takes the finding of a search that began long before."""

    async def _together(self, asked: Any) -> Entry:
        entry, _ = await self._flights.do(asked.name, lambda: self._search(asked))
        return entry  # type: ignore[no-any-return]


PLANTED: dict[str, Parts] = {
    "trusts_what_it_heard": Parts(coherence=TrustsWhatItHeard),
    "renews_in_spite_of_gaps": Parts(coherence=RenewsInSpiteOfGaps),
    "skips_gaps": Parts(coherence=SkipsGaps),
    "forgets_to_ask_after_a_gap": Parts(coherence=ForgetsToAskAfterAGap),
    "notes_some_announcements": Parts(coherence=NotesSomeAnnouncements),
    "numbers_after_loading": Parts(cache=NumbersAfterLoading),
    "numbers_without_end": Parts(cache=NumbersWithoutEnd),
    "believes_the_shared_layer": Parts(cache=BelievesTheSharedLayer),
    "stands_in_whatever_happened": Parts(cache=StandsInWhateverHappened),
    "joins_any_search": Parts(cache=JoinsAnySearch),
}


LOSSY: dict[str, Any] = {"messages": [0.9, 0.0, 0.0], "slow_loads": 0.0, "write_pause_s": 1.0}
SLOW: dict[str, Any] = {"slow_loads": 0.1, "failing_loads": 0.0, "write_pause_s": 0.3}

SHOWN_BY: dict[str, dict[str, Any]] = {
    "trusts_what_it_heard": LOSSY,
    "renews_in_spite_of_gaps": LOSSY,
    "skips_gaps": LOSSY,
    "forgets_to_ask_after_a_gap": LOSSY,
    "numbers_after_loading": SLOW,
    "joins_any_search": SLOW | {"slow_loads": 0.3},
    "notes_some_announcements": LOSSY | {"messages": [0.0, 0.0, 0.0]},
}
"""The runs in which a mistake shows soonest: their seeds decide the rest. All others show in any run."""


def parts(planted: str) -> Parts:
    """Return what a node is made of, with a mistake or (empty) without."""
    return PLANTED[planted] if planted else Parts()
