"""What an account may buy: commodities that its words may name, and factors found by a person's words."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from vcci.engine.matching import Match, Matcher
from vcci.packs import PackLibrary
from vcci.parameters import load
from vcci.runtime.factor_catalogue import FactorCatalogue
from vcci.runtime.factors import broker_over
from vcci.services.classification import COMMODITY_PREFIX
from vcci.services.factors import Parameters

MOST_FOUND: Final = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """What an account can be said to buy: a commodity, or the activity of another factor."""

    activity: str
    name: str
    unit: str = ""
    region: str = ""
    pack: str = ""

    @property
    def commodity(self) -> str:
        """The NAICS code, empty for what is no commodity."""
        return (
            self.activity.removeprefix(COMMODITY_PREFIX) if self.activity.startswith(COMMODITY_PREFIX) else ""
        )


def alternatives(words: str, n: int) -> tuple[Match, ...]:
    """Return up to `n` commodities that words may name, the likeliest first."""
    return _matcher().ranked(words, n)


def title_of(activity: str) -> str:
    """Return the title of a commodity, else the activity as it is."""
    return _titles().get(activity.removeprefix(COMMODITY_PREFIX), activity)


def found_by_words(library: PackLibrary, words: str) -> list[Choice]:
    """Return what is found for words in the titles of all packs, each activity once, the best first."""
    found: dict[str, Choice] = {}
    for factor in FactorCatalogue(library).search(words):
        choice = Choice(factor.activity, factor.name, factor.unit, factor.region, factor.pack)
        found.setdefault(factor.activity, choice)
        if len(found) >= MOST_FOUND:
            break
    return list(found.values())


@cache
def _titles() -> dict[str, str]:
    return broker_over(Parameters(())).titles()


@cache
def _matcher() -> Matcher:
    return Matcher(_titles(), load.everyday_words())
