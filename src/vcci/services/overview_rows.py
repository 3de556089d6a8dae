"""What became of the rows of the runs of an overview, and of the money in them, in plain values.

Rows are told of whole runs: one without a line has no category, and its year is not known here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from vcci.domain.display import percent, shares_in_order
from vcci.domain.finding import REASONS, Outcome
from vcci.domain.inventory import SpendShare
from vcci.services.comparison import covered_spend_percent
from vcci.services.overview_facts import OverviewFacts, RunFacts, Uncovered

OUTCOMES: Final = {
    "lines": Outcome.LINE,
    "excluded": Outcome.EXCLUDED,
    "not_covered": Outcome.NOT_COVERED,
    "rejected": Outcome.REJECTED,
}
"""What a run counts, and the outcome that it is of."""

ADDED: Final = ("rows", "spend_hundredths", "turnover_hundredths")


def rows_document(facts: OverviewFacts) -> dict[str, Any]:
    """Return what became of every row of the runs, and the share of purchases that have lines."""
    runs = facts.shown_runs
    names = ("rows", *OUTCOMES)
    spend = shares_in_order(_merged(share for run in runs for share in (*run.spend, *_untold(run))))
    return {
        "rows": {name: sum(getattr(run, name) for run in runs) for name in names},
        "by_reason": [_reason(share) for share in spend],
        "coverage": [_coverage(spend, unit) for unit in covered_spend_percent(spend) if unit],
        "uncovered": _uncovered(facts.uncovered),
    }


def _untold(run: RunFacts) -> list[SpendShare]:
    """Return the rows of which a run's inventory says no more than their outcome."""
    told = Counter[Outcome]()
    for share in run.spend:
        told[share.outcome] += share.rows
    rest = {outcome: getattr(run, name) - told[outcome] for name, outcome in OUTCOMES.items()}
    return [SpendShare(outcome, "", "", rows, 0, 0) for outcome, rows in rest.items() if rows]


def _merged(shares: Iterable[SpendShare]) -> list[SpendShare]:
    of: dict[tuple[Outcome, str, str], list[SpendShare]] = defaultdict(list)
    for share in shares:
        of[share.outcome, share.reason, share.unit].append(share)
    return [
        SpendShare(*key, *(sum(getattr(one, name) for one in some) for name in ADDED))
        for key, some in of.items()
    ]


def _reason(share: SpendShare) -> dict[str, Any]:
    known = REASONS.get(share.reason)
    return {
        "outcome": share.outcome.value,
        "reason": share.reason,
        "meaning": known.meaning if known else "",
        "remedy": known.remedy if known else "",
        "unit": share.unit,
        "rows": share.rows,
        "spend_hundredths": share.spend_hundredths,
    }


def _coverage(spend: Sequence[SpendShare], unit: str) -> dict[str, Any]:
    """Return purchases of a currency by value, credits as what they are worth, and how much has lines."""
    purchases = [s for s in spend if s.unit == unit and s.outcome in (Outcome.LINE, Outcome.NOT_COVERED)]
    covered = sum(s.turnover_hundredths for s in purchases if s.outcome == Outcome.LINE)
    whole = sum(s.turnover_hundredths for s in purchases)
    return {
        "currency": unit,
        "covered_hundredths": covered,
        "purchases_hundredths": whole,
        "covered_percent": percent(covered, whole),
    }


def _uncovered(found: Uncovered) -> dict[str, Any]:
    """Return the accounts to map next, and what is left beside these."""
    told = sum(one.rows for one in found.accounts)
    return {
        "accounts": [
            {
                "account": one.account,
                "reason": one.reason,
                "meaning": REASONS[one.reason].meaning if one.reason in REASONS else "",
                "unit": one.unit,
                "rows": one.rows,
                "spend_hundredths": one.spend_hundredths,
            }
            for one in found.accounts
        ],
        "more_accounts": found.accounts_in_all - len(found.accounts),
        "more_rows": found.rows_in_all - told,
    }
