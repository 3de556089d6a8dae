"""The totals of a run's lines, by everything that a report shows, each with its 95 % interval.

Published totals (the whole, categories) are drawn by factor; the many others are worked out analytically.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeVar

import polars as pl

from vcci.domain.category import STATED_APART, Category
from vcci.domain.inventory import (
    ApartTotal,
    CategoryStatus,
    CategoryTotal,
    CountedTwice,
    FactorTotal,
    GasTotal,
    IndicatorScore,
    Interval,
    MethodTotal,
    RegionTotal,
    SourceTotal,
    SupplierTotal,
    YearTotal,
)
from vcci.domain.quality import INDICATORS
from vcci.engine.double_counting import DOUBLE_COUNTING, LineGroup, Suspicion, suspicions
from vcci.engine.methods import is_primary
from vcci.engine.uncertainty import Share, Spread, monte_carlo, spread
from vcci.services.ports import CalculatedRun

T = TypeVar("T")
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

WHOLE: Final = ""
"""The name of the whole among drawn totals."""

SHARE: Final = ("factor_id", "emissions_mg_co2e", "ln_sigma")
SUM: Final = pl.col("emissions_mg_co2e").sum()
LINES: Final = pl.col("lines").sum()
BIOGENIC: Final = "biogenic_co2_mg"
GAS_COLUMNS: Final = {"CO2": "co2_mg", "CH4": "ch4_mg_co2e", "N2O": "n2o_mg_co2e"}
"""Gases of an inventory and the columns of lines that hold them, as CO2e."""


@dataclass(frozen=True)
class LinedTotals:
    """Totals over the aggregates that a calculation left; what is stated apart is in none but `apart`."""

    run: CalculatedRun
    run_digest: str

    @cached_property
    def keyed(self) -> pl.DataFrame:
        """Lines by category, key and month, with what each key was resolved to, and those stated apart."""
        return self._with_keys("by_category_key_month").collect()

    @cached_property
    def counted(self) -> pl.DataFrame:
        """The same without what is stated apart."""
        return _in_totals(self.keyed)

    @cached_property
    def drawn(self) -> dict[str, Interval | None]:
        """Intervals of the whole (`WHOLE`) and of each category (its number as text), by Monte Carlo."""
        shares: dict[str, list[Share]] = {WHOLE: []}
        for category, *share in _merged(self.counted, ["category"]).iter_rows():
            shares.setdefault(str(category), []).append(Share(*share))
            shares[WHOLE].append(Share(*share))
        found = monte_carlo(shares, run_digest=self.run_digest)
        return {name: _interval(one) for name, one in found.items()}

    def categories(self) -> tuple[CategoryTotal, ...]:
        """Return the categories in their order."""
        rows = _summed(self.counted, ["category"]).sort("category").iter_rows()
        return tuple(CategoryTotal(c, Category(c).title, n, mg, self.drawn[str(c)]) for c, n, mg in rows)

    def suppliers(self) -> tuple[SupplierTotal, ...]:
        """Return the suppliers, the largest first."""
        return _totals(_in_totals(self._with_keys("by_supplier_key")), ["supplier"], SupplierTotal)

    def factors(self) -> tuple[FactorTotal, ...]:
        """Return the factors in use, the largest first."""
        factor = pl.col("factor_value") + " " + pl.col("factor_unit")
        frame = self.counted.with_columns(factor=factor)
        return _totals(frame, ["activity", "factor_name", "factor", "pack"], FactorTotal)

    def years(self) -> tuple[YearTotal, ...]:
        """Return the calendar years of the rows' dates; 0 is without a date."""
        dated = self.counted.with_columns(year=pl.col("month").dt.year().fill_null(0))
        return tuple(sorted(_totals(dated, ["year"], YearTotal), key=lambda total: total.year))

    def methods(self) -> tuple[MethodTotal, ...]:
        """Return the methods; one is primary or not by its category."""
        pairs = self.counted.select("category", "method").rows()
        primary = pl.Series("is_primary", [is_primary(*pair) for pair in pairs], pl.Boolean)
        found = _totals(self.counted.with_columns(primary), ["method", "is_primary"], MethodTotal)
        return tuple(sorted(found, key=lambda total: (total.method, total.is_primary)))

    def sources(self) -> tuple[SourceTotal, ...]:
        """Return what each category owes to each method and pack, with what is stated apart."""
        by = ["category", "method", "pack", "gwp_set"]
        told = pl.col("mg_biogenic_co2_per_unit").is_not_null().any()
        biogenic = pl.when(told).then(pl.col(BIOGENIC).sum() if BIOGENIC in self.keyed.columns else 0)
        found = self.keyed.group_by(by).agg(LINES, SUM, biogenic.alias(BIOGENIC)).sort(by)
        return tuple(
            SourceTotal(category, method, is_primary(category, method), *rest)
            for category, method, *rest in found.iter_rows()
        )

    def regions(self) -> tuple[RegionTotal, ...]:
        """Return the countries of the rows, the largest first."""
        return _totals(self.counted, ["region"], RegionTotal)

    def gases(self) -> tuple[GasTotal, ...]:
        """Return the gases, and what no factor tells by gas; empty where none does."""
        if not self.run.tables.is_by_gas:
            return ()
        of_gas = {name: int(self.counted[column].sum()) for name, column in GAS_COLUMNS.items()}
        rest = int(self.counted["emissions_mg_co2e"].sum()) - sum(of_gas.values())
        return (*(GasTotal(name, mg) for name, mg in of_gas.items()), GasTotal("", rest))

    def apart(self) -> tuple[ApartTotal, ...]:
        """Return what is stated beside the totals: methods that say so, and biogenic CO2."""
        rows = _summed(self.keyed.filter(pl.col("category") == STATED_APART), ["method"]).iter_rows()
        stated = [ApartTotal(*row) for row in rows]
        told = self.keyed.filter(pl.col("mg_biogenic_co2_per_unit").is_not_null())
        if told.height:
            stated.append(ApartTotal("biogenic CO2", int(told["lines"].sum()), int(told[BIOGENIC].sum())))
        return tuple(stated)

    def quality(self) -> tuple[IndicatorScore, ...]:
        """Return the mean score of each indicator, weighed by emissions without their sign."""
        return tuple(_score(self.counted, name) for name in INDICATORS)

    def boundary(self, left_out: Mapping[int, str]) -> tuple[CategoryStatus, ...]:
        """Return every category: calculated, left out for the reason that is stated, or without data."""
        calculated = set(self.counted["category"].unique())
        return tuple(_status(category, calculated, left_out) for category in Category)

    def counted_twice(self) -> tuple[CountedTwice, ...]:
        """Return what may stand in the totals twice, the largest first."""
        by = ["category", "method", "supplier", "unit"]
        rows = _summed(_in_totals(self._with_keys("by_supplier_key")), by).iter_rows()
        return tuple(map(_counted_twice, suspicions(LineGroup(*row) for row in rows)))

    def _with_keys(self, name: str) -> pl.LazyFrame:
        multipliers = self.run.tables.multipliers.lazy().drop("category")
        return self.run.aggregates[name].join(multipliers, on="key", how="left")


def _status(category: Category, calculated: Container[int], left_out: Mapping[int, str]) -> CategoryStatus:
    reason = left_out.get(category, "")
    if category in calculated:
        return CategoryStatus(category, category.title, "calculated", reason)
    return CategoryStatus(category, category.title, "left out" if reason else "no data", reason)


def _counted_twice(found: Suspicion) -> CountedTwice:
    meaning, remedy = DOUBLE_COUNTING[found.code]
    sides = (sum(g.emissions_mg_co2e for g in side) for side in (found.one, found.other))
    return CountedTwice(found.code, meaning, remedy, found.about, *sides)


def _in_totals(frame: Frame) -> Frame:
    return frame.filter(pl.col("category") != STATED_APART)


def _summed(frame: pl.DataFrame | pl.LazyFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return lines and emissions by group, the largest first."""
    order = [True, *(False for _ in by)]
    summed = frame.lazy().group_by(by).agg(LINES, SUM)
    return summed.sort(["emissions_mg_co2e", *by], descending=order).collect(engine="streaming")


def _totals(frame: pl.DataFrame | pl.LazyFrame, by: Sequence[str], make: Callable[..., T]) -> tuple[T, ...]:
    """Return a total for each group, the largest first, with its interval."""
    rows = _merged(frame, by).iter_rows()
    width = len(by)
    intervals = {
        group: _interval(spread(Share(*row[width:]) for row in members))
        for group, members in groupby(rows, key=itemgetter(*range(width)))
    }
    key = itemgetter(*range(width))
    return tuple(make(*row, intervals[key(row)]) for row in _summed(frame, by).iter_rows())


def _merged(frame: pl.DataFrame | pl.LazyFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return what each factor adds to each group: `by` and SHARE, sorted by both."""
    names = [*by, "factor_id", "ln_sigma"]
    merged = frame.lazy().group_by(names).agg(SUM).sort(names).select(*by, *SHARE)
    return merged.collect(engine="streaming")


def _interval(found: Spread) -> Interval | None:
    """Return the interval, None where nothing of the total has a known uncertainty."""
    is_known = found.low_mg_co2e != found.high_mg_co2e
    return Interval(**asdict(found)) if is_known else None


def _score(frame: pl.DataFrame, indicator: str) -> IndicatorScore:
    scored = frame.filter(pl.col(f"dq_{indicator}").is_not_null())
    pairs: Iterable[tuple[int, int]] = scored.select("emissions_mg_co2e", f"dq_{indicator}").iter_rows()
    weighed = [(abs(mg), score) for mg, score in pairs]
    weight = sum(mg for mg, _ in weighed)
    mean = round(100 * sum(mg * score for mg, score in weighed) / weight) if weight else 0
    return IndicatorScore(indicator, mean, int(scored["emissions_mg_co2e"].sum()))
