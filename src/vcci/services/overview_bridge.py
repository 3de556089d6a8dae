"""The bridge of an overview: which lines it leads from and to, and what made the difference.

Groups are those of services/comparison.py, without suppliers: a supplier's change of method is seen only
where nobody else is calculated by the older one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import polars as pl

from vcci.domain.bridge import MEANINGS, Bridge
from vcci.engine.bridge import bridge
from vcci.services.comparison import covered_shares_of_spend, groups
from vcci.services.overview_facts import OverviewFacts, Side

MOST_GROUPS: Final = 20_000
"""Groups of a side that are compared while somebody waits: some seconds of arithmetic."""

MULTIPLIER: Final = (
    "category",
    "activity",
    "region",
    "unit",
    "is_money",
    "factor_value",
    "factor_unit",
    "method",
)
GROUP_COLUMNS: Final = (*MULTIPLIER, "lines", "emissions_mg_co2e", "spend_hundredths")
"""What a side is grouped from: sums of lines by all that a bridge asks of a multiplier."""

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Sides:
    """What a bridge leads from, and to."""

    older: Side
    newer: Side

    def runs(self, facts: OverviewFacts) -> set[UUID]:
        """Return the runs that have lines on either side, and the one that is looked back to."""
        told = {one.run_id for side in (self.older, self.newer) for one in facts.of_side(side)}
        return told if self.older.label else told | set(self.older.runs)


def sides_of(facts: OverviewFacts) -> Sides | str:
    """Return the sides of an overview's bridge, or why it has none.

    Without a run to look back to it leads to the year that is asked for, else to the last that has lines,
    from the year before: of the runs that are shown, else of the current ones.
    """
    selection, shown = facts.selection, facts.selection.shown
    if selection.against is not None:
        newer = "shown here" if selection.year is None else str(selection.year)
        return Sides(Side((selection.against,)), Side(shown, selection.year, newer))
    years = {one.year for one in facts.of_side(Side(shown, selection.year)) if one.year is not None}
    if not years:
        return "No line has a date that a year before could be told from."
    year = max(years)
    newer_side = Side(shown, year, str(year))
    for runs in (shown, selection.current):
        older_side = Side(runs, year - 1, str(year - 1))
        if facts.of_side(older_side):
            return Sides(older_side, newer_side)
    return f"There are no lines of {year - 1} to compare those of {year} with."


def bridge_document(facts: OverviewFacts, sides: Sides, rows: tuple[Rows, Rows]) -> dict[str, Any]:
    """Return the bridge in plain values, by category, or under `reason` why it cannot be told.

    `rows` are those of either side, with GROUP_COLUMNS.
    """
    older, newer = rows
    reason = _why_not(facts, sides.older, older) or _why_not(facts, sides.newer, newer)
    if reason:
        return {"reason": reason}
    coverage = tuple(covered_shares_of_spend(_spend(facts, side)) for side in (sides.older, sides.newer))
    found = bridge(groups(*_frames(older)), groups(*_frames(newer)), coverage=(coverage[0], coverage[1]))
    return {
        "older": _told(facts, sides.older),
        "newer": _told(facts, sides.newer),
        "effects": _effects(found),
    }


def _why_not(facts: OverviewFacts, side: Side, rows: Rows) -> str:
    """Return why a side cannot be compared, empty where it can."""
    if len(rows) > MOST_GROUPS:
        return f"There are over {MOST_GROUPS:,} things to compare; `vcci compare` does it."
    place = GROUP_COLUMNS.index("lines")
    if sum(row[place] for row in rows) != sum(one.lines for one in facts.of_side(side)):
        return f"No sums by factor are kept of some lines of {_label(facts, side)}: store the run again."
    return ""


def _label(facts: OverviewFacts, side: Side) -> str:
    """Return what a side is called."""
    if side.label:
        return side.label
    run = next(run for run in facts.runs if run.id in side.runs)
    return f"{run.title} ({run.year})" if run.year else run.title


def _spend(facts: OverviewFacts, side: Side) -> list[Any]:
    """Return what became of the rows of the runs that have lines on a side, whatever their year."""
    runs = {one.run_id for one in facts.of_side(side)}
    return [share for run in facts.runs if run.id in runs for share in run.spend]


def _frames(rows: Rows) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return sums by key, and the multipliers of the keys, as `comparison.groups` takes them."""
    schema = dict.fromkeys(GROUP_COLUMNS, pl.String) | {
        "category": pl.Int64,
        "is_money": pl.Boolean,
        "lines": pl.Int64,
        "emissions_mg_co2e": pl.Int64,
        "spend_hundredths": pl.Int64,
    }
    frame = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row").with_row_index("key")
    by_key = frame.select("key", "category", "emissions_mg_co2e", "spend_hundredths")
    return by_key, frame.select("key", *MULTIPLIER)


def _told(facts: OverviewFacts, side: Side) -> dict[str, Any]:
    sums = facts.of_side(side)
    totals = Counter[int]()
    for one in sums:
        totals[one.category] += one.mg_co2e
    return {
        "label": _label(facts, side),
        "year": side.year,
        "runs": sorted({str(one.run_id) for one in sums}),
        "by_category": [{"category": c, "emissions_mg_co2e": mg} for c, mg in sorted(totals.items())],
    }


def _effects(found: Bridge) -> list[dict[str, Any]]:
    return [
        {
            "category": one.category,
            "effect": one.effect,
            "meaning": MEANINGS[one.effect],
            "emissions_mg_co2e": one.emissions_mg_co2e,
        }
        for one in found.effects
    ]
