"""Two runs side by side, and an inventory beside the boundary that its company states."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

import polars as pl

from vcci.domain.bridge import NOTHING, Bridge, Group, State
from vcci.domain.category import STATED_APART, Category
from vcci.domain.finding import REASONS, Outcome
from vcci.domain.inventory import SpendShare
from vcci.engine.bridge import bridge

HUNDREDTHS: Final = 100
MG_PER_KG: Final = 1_000_000

FINEST: Final = 10**18
"""Amounts are worked out to this part of a unit, far below a milligram; finer ones would only cost time."""

MISSING: Final = tuple(
    code for code, reason in REASONS.items() if reason.outcome in (Outcome.NOT_COVERED, Outcome.REJECTED)
)
"""Reasons of purchases without a line; an excluded row is no purchase of the inventory."""

Tables = tuple[pl.DataFrame, ...]
"""A run: an aggregate of lines by key, the multipliers, and if it is there the count of rows without lines.

With the aggregate by supplier and key a supplier's change of method is found; with the count of rows without
lines, what has changed by their getting fewer or more.
"""


def compare(older: Tables, newer: Tables) -> Bridge:
    """Return the bridge between two runs."""
    coverage = covered_shares(*older), covered_shares(*newer)
    return bridge(groups(*older[:2]), groups(*newer[:2]), coverage=coverage)


def groups(by_key: pl.DataFrame, multipliers: pl.DataFrame) -> dict[Group, State]:
    """Return the groups of a run, by supplier where the aggregate tells suppliers."""
    by = ["key", *(name for name in ("supplier",) if name in by_key.columns)]
    summed = by_key.filter(pl.col("category") != STATED_APART).group_by(by).agg(
        pl.col("emissions_mg_co2e").sum(), pl.col("spend_hundredths").sum()
    )  # fmt: skip
    found: dict[Group, State] = defaultdict(lambda: NOTHING)
    for row in summed.join(multipliers, on="key").iter_rows(named=True):
        counted_in = row["unit"].upper() if row["is_money"] else row["factor_unit"]
        group = Group(
            row["category"], row["activity"], counted_in, row["region"], partner=row.get("supplier") or ""
        )
        found[group] = found[group].plus(_state(row))
    return dict(found)


def _state(row: dict[str, Any]) -> State:
    """Return what a key stands for. The amount is what the milligrams come from, so that nothing is lost."""
    mg_co2e, mg_per_unit = row["emissions_mg_co2e"], Fraction(row["factor_value"]) * MG_PER_KG
    spend = Fraction(row["spend_hundredths"], HUNDREDTHS)
    amount = Fraction(round(mg_co2e / mg_per_unit * FINEST), FINEST) if mg_per_unit else Fraction(0)
    volume = amount if not row["is_money"] and mg_per_unit else spend
    return State(volume, amount, mg_co2e, frozenset({row["method"]}), frozenset({row["factor_unit"]}))


def covered_shares(
    by_key: pl.DataFrame, multipliers: pl.DataFrame, unlined: pl.DataFrame | None = None
) -> dict[str, Fraction]:
    """Return the share of purchases that have lines, by currency: credits count as what they are worth."""
    if unlined is None:
        return {}
    money = multipliers.filter("is_money").select("key", pl.col("unit").str.to_uppercase())
    lined = _turnover(by_key.filter(pl.col("category") != STATED_APART).join(money, on="key"))
    missing = _turnover(unlined.filter(pl.col("reason").is_in(MISSING)))
    return _covered_shares(lined, missing)


def covered_shares_of_spend(spend: Iterable[SpendShare]) -> dict[str, Fraction]:
    """Return the same of what became of the rows of runs; lines that are stated apart count as lines here."""
    lined: dict[str, int] = defaultdict(int)
    missing: dict[str, int] = defaultdict(int)
    for share in spend:
        if share.outcome == Outcome.LINE:
            lined[share.unit.upper()] += share.turnover_hundredths
        elif share.reason in MISSING:
            missing[share.unit.upper()] += share.turnover_hundredths
    return _covered_shares(lined, missing)


def _covered_shares(lined: Mapping[str, int], missing: Mapping[str, int]) -> dict[str, Fraction]:
    return {unit: Fraction(spent, spent + missing.get(unit, 0)) for unit, spent in lined.items() if spent}


def _turnover(frame: pl.DataFrame) -> dict[str, int]:
    unit = pl.col("unit").str.to_uppercase()
    return dict(frame.group_by(unit).agg(pl.col("turnover_hundredths").sum()).iter_rows())


class Standing(StrEnum):
    """How a category stands to the stated boundary; the last three are findings."""

    INCLUDED = "included, with lines"
    EXCLUDED = "excluded for the stated reason"
    GAP = "included, without data"
    NOT_STATED = "neither included nor excluded with a reason"
    CONTRADICTED = "excluded, but it has lines"


class Verdict(StrEnum):
    """What comes of a profile's minimum."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "cannot be told: something is missing without an estimate"
    NO_MINIMUM = "the text names no minimum"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a text asks of completeness: percent of the emissions that it requires, None if it names none."""

    name: str
    title: str
    date: str
    status: str
    source: str
    minimum_percent: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a category is outside the boundary, and what it is estimated to come to, None if unknown."""

    reason: str
    estimate_mg_co2e: int | None = None


@dataclass(frozen=True, slots=True)
class StatedBoundary:
    """What the company says is in its inventory, and what is not."""

    included: frozenset[int]
    excluded: Mapping[int, Exclusion]


@dataclass(frozen=True, slots=True)
class BoundaryCoverage:
    """Every category with its standing, shares of purchases with lines by currency, and the verdict.

    `emissions_percent` is None where a category is missing of which nobody says how much it would come to.
    """

    categories: Mapping[Category, Standing]
    covered_spend_percent: Mapping[str, Fraction]
    emissions_percent: Fraction | None
    verdict: Verdict

    @property
    def findings(self) -> tuple[Category, ...]:
        """The categories that somebody has to do something about."""
        settled = (Standing.INCLUDED, Standing.EXCLUDED)
        return tuple(category for category, standing in self.categories.items() if standing not in settled)


def boundary_coverage(
    emissions_mg_co2e: Mapping[int, int],
    stated: StatedBoundary,
    *,
    spend: Iterable[SpendShare],
    profile: Profile,
) -> BoundaryCoverage:
    """Return how an inventory, by category with lines, covers the boundary that is stated for it."""
    standings = {category: _standing(category, emissions_mg_co2e, stated) for category in Category}
    percent = _emissions_percent(emissions_mg_co2e, stated, standings)
    return BoundaryCoverage(standings, covered_spend_percent(spend), percent, _verdict(profile, percent))


def _standing(category: Category, calculated: Mapping[int, int], stated: StatedBoundary) -> Standing:
    exclusion = stated.excluded.get(category)
    if exclusion is not None and exclusion.reason.strip():
        return Standing.CONTRADICTED if category in calculated else Standing.EXCLUDED
    if category not in stated.included:
        return Standing.NOT_STATED
    return Standing.INCLUDED if category in calculated else Standing.GAP


def _emissions_percent(
    calculated: Mapping[int, int], stated: StatedBoundary, standings: Mapping[Category, Standing]
) -> Fraction | None:
    missing = [category for category in standings if category not in calculated]
    estimates = [stated.excluded[c].estimate_mg_co2e if c in stated.excluded else None for c in missing]
    told = [estimate for estimate in estimates if estimate is not None]
    total = sum(calculated.values())
    if len(told) < len(estimates) or total <= 0:
        return None
    return Fraction(100 * total, total + sum(told))


def _verdict(profile: Profile, percent: Fraction | None) -> Verdict:
    if profile.minimum_percent is None:
        return Verdict.NO_MINIMUM
    if percent is None:
        return Verdict.UNKNOWN
    return Verdict.MET if percent >= profile.minimum_percent else Verdict.MISSED


def covered_spend_percent(spend: Iterable[SpendShare]) -> dict[str, Fraction]:
    """Return the share of purchases with lines by currency, as in the report: without rejected rows."""
    lined: dict[str, int] = defaultdict(int)
    missing: dict[str, int] = defaultdict(int)
    for share in spend:
        if share.outcome in (Outcome.LINE, Outcome.NOT_COVERED):
            side = lined if share.outcome == Outcome.LINE else missing
            side[share.unit] += share.turnover_hundredths
    purchases = {unit: lined[unit] + missing[unit] for unit in sorted({*lined, *missing})}
    return {unit: Fraction(100 * lined[unit], whole) for unit, whole in purchases.items() if whole}
