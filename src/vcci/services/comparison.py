"""Two runs side by side: their groups, and the bridge between their totals."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import polars as pl

from vcci.domain.bridge import Bridge, Group, State
from vcci.domain.category import STATED_APART
from vcci.engine.bridge import NOTHING, bridge

HUNDREDTHS = 100


def compare(older: tuple[pl.DataFrame, pl.DataFrame], newer: tuple[pl.DataFrame, pl.DataFrame]) -> Bridge:
    """Return the bridge between two runs, each told by its aggregate by key and its multipliers."""
    return bridge(groups(*older), groups(*newer))


def groups(by_key: pl.DataFrame, multipliers: pl.DataFrame) -> dict[Group, State]:
    """Return the groups of a run. The amount is what the milligrams come from, so that nothing is lost."""
    summed = by_key.filter(pl.col("category") != STATED_APART).group_by("key").agg(
        pl.col("emissions_mg_co2e").sum(), pl.col("spend_hundredths").sum()
    )  # fmt: skip
    found: dict[Group, State] = defaultdict(lambda: NOTHING)
    for row in summed.join(multipliers, on="key").sort("key").iter_rows(named=True):
        group = Group(
            row["category"], row["activity"], row["unit"] if row["is_money"] else row["factor_unit"]
        )
        found[group] = _added(found[group], _state(row))
    return dict(found)


def _state(row: dict[str, Any]) -> State:
    multiplier, mg_co2e = row["mg_co2e_per_unit"], row["emissions_mg_co2e"]
    amount = mg_co2e / Fraction(multiplier) if multiplier else Fraction(0)
    volume = Fraction(row["spend_hundredths"], HUNDREDTHS) if row["is_money"] else amount
    return State(volume, amount, mg_co2e, frozenset({row["method"]}))


def _added(one: State, other: State) -> State:
    return replace(
        one,
        volume=one.volume + other.volume,
        amount=one.amount + other.amount,
        emissions_mg_co2e=one.emissions_mg_co2e + other.emissions_mg_co2e,
        methods=one.methods | other.methods,
    )
