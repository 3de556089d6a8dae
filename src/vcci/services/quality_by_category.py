"""The data quality of each category of a report, from what its factors add to it."""

from collections.abc import Iterable, Mapping, Sequence

from vcci.domain.inventory import Inventory
from vcci.domain.quality import INDICATORS
from vcci.services.overview import indicator_score
from vcci.services.overview_facts import FactorShare

Scores = Mapping[int, Sequence[Mapping[str, object]] | None]
"""By category the five scores as an overview has them; None where not all its lines are known by factor."""


def quality_by_category(inventory: Inventory, shares: Iterable[FactorShare]) -> Scores:
    """Return the scores of each category that has lines, of one run or of several together."""
    of: dict[int, list[FactorShare]] = {}
    for share in shares:
        of.setdefault(share.category, []).append(share)
    return {
        row.category: _scores(of.get(row.category, []), lines=row.lines, mg_co2e=row.emissions_mg_co2e)
        for row in inventory.categories
    }


def _scores(shares: Sequence[FactorShare], *, lines: int, mg_co2e: int) -> list[Mapping[str, object]] | None:
    known = sum(one.lines for one in shares), sum(one.share.emissions_mg_co2e for one in shares)
    if known != (lines, mg_co2e):
        return None
    return [indicator_score(shares, place, mg_co2e) for place in range(len(INDICATORS))]
