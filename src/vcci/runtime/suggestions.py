"""What a text may stand for, by the packs in use where a run names none; put together once in a process."""

from functools import cache

from vcci.parameters import load
from vcci.runtime.factors import broker_over
from vcci.services.factors import Parameters
from vcci.services.suggestions import Suggestions


@cache
def shipped_suggestions() -> Suggestions:
    """Return the matchers over the commodities that the default packs have factors for.

    The first call takes some time, and so does the first text: it is for a thread.
    """
    titles = broker_over(Parameters(())).titles()
    return Suggestions(titles, load.spend_categories(), load.everyday_words())
