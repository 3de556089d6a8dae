"""What a recalculation touches: the questions of a run that are answered in another way now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from operator import or_
from typing import Any, Final

import polars as pl

from vcci.domain.bridge import Bridge
from vcci.domain.factor import PriceBasis
from vcci.engine.columnar import KEY_COLUMNS, RATE_COLUMNS
from vcci.engine.tables import MULTIPLIER_SCHEMA, RATE_SCHEMA, ResolvedTables
from vcci.services.factors import Parameters

EXPLAINED: Final = ("steps", "tried")
"""How an answer came about, in words: an answer that is worded in another way is the same answer."""

ANSWERS: Final = tuple(name for name in MULTIPLIER_SCHEMA if name not in ("key", *KEY_COLUMNS, *EXPLAINED))
"""Multiplier, factor, data quality, notices, or the reason why there is none."""

RATE_ANSWERS: Final = tuple(name for name in RATE_SCHEMA if name not in (*RATE_COLUMNS, "day", "month"))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a recalculation holds to in place of what the run held to; None leaves it as it was."""

    packs: tuple[str, ...] | None = None
    year: int | None = None
    price_basis: PriceBasis | None = None
    gwp_set: str | None = None

    def applied(self, before: Parameters) -> Parameters:
        """Return the parameters of the recalculation."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return replace(before, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Touched:
    """How much of a run has another answer: of its keys, its exchange rates, its lines, its other rows.

    `emissions_mg_co2e` is what the touched lines come to in the run as it is, of `total_mg_co2e` in all.
    """

    keys: int
    rates: int
    lines: int
    unlined: int
    emissions_mg_co2e: int
    total_mg_co2e: int

    @property
    def is_nothing(self) -> bool:
        """Say whether no row of the run would come out in another way."""
        return not (self.lines or self.unlined)

    @property
    def share_percent(self) -> float | None:
        """The share of the run's emissions; None where the run comes to nothing."""
        if not self.total_mg_co2e:
            return None
        return float(100 * Fraction(self.emissions_mg_co2e, self.total_mg_co2e))


def changed_keys(older: ResolvedTables, newer: ResolvedTables) -> pl.DataFrame:
    """Return the keys (KEY_COLUMNS) of both that have another answer in the newer tables."""
    return _changed(older.multipliers, newer.multipliers, by=KEY_COLUMNS, told=ANSWERS)


def changed_rates(older: ResolvedTables, newer: ResolvedTables) -> pl.DataFrame:
    """Return the questions for a rate (RATE_COLUMNS) of both that have another answer in the newer tables."""
    return _changed(older.rates, newer.rates, by=RATE_COLUMNS, told=RATE_ANSWERS)


def _changed(
    older: pl.DataFrame, newer: pl.DataFrame, *, by: Iterable[str], told: Iterable[str]
) -> pl.DataFrame:
    names, asked = tuple(told), tuple(by)
    pairs = older.select(*asked, *names).join(newer.select(*asked, *names), on=asked, suffix=" newer")
    is_other = [pl.col(name).ne_missing(pl.col(f"{name} newer")) for name in names]
    return pairs.filter(reduce(or_, is_other)).select(asked)


def bridge_as_json(bridge: Bridge) -> dict[str, Any]:
    """Return a bridge in plain values; its effects, in mg CO2e, add up to the difference of its totals."""
    return {
        "older_mg_co2e": bridge.older_mg_co2e,
        "newer_mg_co2e": bridge.newer_mg_co2e,
        "effects": [
            {"category": one.category, "effect": one.effect, "emissions_mg_co2e": one.emissions_mg_co2e}
            for one in bridge.effects
        ],
    }


def touched_as_json(touched: Touched) -> dict[str, Any]:
    """Return what is touched in plain values."""
    return {
        "keys": touched.keys,
        "rates": touched.rates,
        "lines": touched.lines,
        "rows_without_line": touched.unlined,
        "emissions_mg_co2e": touched.emissions_mg_co2e,
        "share_percent": touched.share_percent,
    }
