"""The inventory of a run: its aggregates, put in the words that reports show."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from vcci.domain.category import STATED_APART, Category
from vcci.domain.finding import NOTICES, Outcome
from vcci.domain.inventory import (
    ApartTotal,
    CategoryTotal,
    FactorTotal,
    GasTotal,
    Inventory,
    MethodTotal,
    NoticeCount,
    PackInUse,
    RegionTotal,
    SpendShare,
    SupplierTotal,
    UncoveredAccount,
    YearTotal,
)
from vcci.domain.quantity import UnitTable
from vcci.engine.columnar import outcome_of
from vcci.engine.methods import is_primary
from vcci.services.ports import CalculatedRun, LedgerRead

SUM = pl.col("emissions_mg_co2e").sum()
LINES = pl.col("lines").sum()
SPENT = ("spend_hundredths", "turnover_hundredths")
BIOGENIC: Final = "biogenic_co2_mg"
GAS_COLUMNS: Final = {"CO2": "co2_mg", "CH4": "ch4_mg_co2e", "N2O": "n2o_mg_co2e"}
"""Gases of an inventory and the columns of lines that hold them, as CO2e."""

TOLD: Final = {
    "left_out": "left out with",
    "next_table": "next table, not read, of",
    "repeated_headers": "headers said again in",
    "subtotals": "totals among the rows of",
}
"""What intake found in a file beside its rows, and how a report calls it."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What an inventory says of its run beside the figures."""

    digest: str
    title: str
    year: int | None
    parameters: Mapping[str, str]
    packs: tuple[PackInUse, ...]


def inventory_of(run: CalculatedRun, *, facts: RunFacts, read: LedgerRead, units: UnitTable) -> Inventory:
    """Return the inventory of a calculated run; `units` tell money from physical quantities."""
    unlined = _money_only(run.aggregates["unlined"], units)
    return Inventory(
        run_digest=facts.digest,
        title=facts.title,
        year=facts.year,
        sources=tuple(str(file["name"]) for file in read.files),
        reading=how_read(read),
        parameters=dict(facts.parameters),
        counts=run.counts,
        total_mg_co2e=run.total_mg_co2e,
        categories=_categories(run),
        suppliers=_suppliers(run),
        factors=_factors(run),
        years=_years(run),
        spend=_spend(_money_only(_keyed(run), units), unlined),
        uncovered=_uncovered(unlined),
        notices=_notices(run),
        packs=facts.packs,
        successor_of=read.successor_of,
        methods=_methods(run),
        regions=_regions(run),
        gases=_gases(run),
        apart=_apart(run),
    )


def how_read(read: LedgerRead) -> dict[str, str]:
    """Return what each column was taken for, by which conventions, and what was left out."""
    mapping = read.mapping
    columns = {f"column for {target}": " or ".join(names) for target, names in mapping.columns.items()}
    conventions = {
        name.replace("_", " "): str(value)
        for name, value in asdict(mapping.conventions).items()
        if value is not None
    }
    rest = {"currency": mapping.currency, "region": mapping.region}
    return columns | conventions | {name: value for name, value in rest.items() if value} | _told(read)


def _told(read: LedgerRead) -> dict[str, str]:
    return {
        f"{words} {file['name']}": str(file["found"][key])
        for file in read.files
        for key, words in TOLD.items()
        if key in file.get("found", {})
    }


def _totals(frame: pl.DataFrame, by: str | Iterable[str]) -> pl.DataFrame:
    keys = [by] if isinstance(by, str) else list(by)
    return (
        frame.group_by(keys)
        .agg(LINES, SUM)
        .sort(["emissions_mg_co2e", *keys], descending=[True, *(False for _ in keys)])
    )


def _in_totals(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without what is stated apart."""
    return frame.filter(pl.col("category") != STATED_APART)


def _methods(run: CalculatedRun) -> tuple[MethodTotal, ...]:
    """Return totals by method; a method is primary or not by the catalogue, whatever its category."""
    totals = _totals(_in_totals(_keyed(run)), ("method", "category"))
    primary = [is_primary(category, method) for method, category, *_ in totals.rows()]
    by_kind = totals.with_columns(pl.Series("is_primary", primary, pl.Boolean))
    summed = by_kind.group_by("method", "is_primary").agg(LINES, SUM).sort("method", "is_primary")
    return tuple(MethodTotal(*row) for row in summed.rows())


def _regions(run: CalculatedRun) -> tuple[RegionTotal, ...]:
    return tuple(RegionTotal(*row) for row in _totals(_in_totals(_keyed(run)), "region").rows())


def _gases(run: CalculatedRun) -> tuple[GasTotal, ...]:
    """Return the gases, and what no factor tells by gas; empty where none does."""
    frame = _in_totals(run.aggregates["by_category_key_month"])
    if not run.tables.is_by_gas:
        return ()
    of_gas = {name: int(frame[column].sum()) for name, column in GAS_COLUMNS.items()}
    rest = int(frame["emissions_mg_co2e"].sum()) - sum(of_gas.values())
    return (*(GasTotal(name, mg) for name, mg in of_gas.items()), GasTotal("", rest))


def _apart(run: CalculatedRun) -> tuple[ApartTotal, ...]:
    """Return what is stated beside the totals: methods that say so, and biogenic CO2."""
    keyed = _keyed(run)
    rows = _totals(keyed.filter(pl.col("category") == STATED_APART), "method").rows()
    stated = [ApartTotal(*row) for row in rows]
    if BIOGENIC in keyed.columns and keyed["mg_biogenic_co2_per_unit"].null_count() < keyed.height:
        told = keyed.filter(pl.col("mg_biogenic_co2_per_unit").is_not_null())
        stated.append(ApartTotal("biogenic CO2", int(told["lines"].sum()), int(told[BIOGENIC].sum())))
    return tuple(stated)


def _categories(run: CalculatedRun) -> tuple[CategoryTotal, ...]:
    totals = _totals(_in_totals(run.aggregates["by_supplier_category"]), "category")
    rows = totals.sort("category").rows()
    return tuple(CategoryTotal(c, Category(c).title, lines, mg) for c, lines, mg in rows)


def _suppliers(run: CalculatedRun) -> tuple[SupplierTotal, ...]:
    return tuple(
        SupplierTotal(*row)
        for row in _totals(_in_totals(run.aggregates["by_supplier_category"]), "supplier").rows()
    )


def _keyed(run: CalculatedRun) -> pl.DataFrame:
    """Return the lines' totals by category, key and month, with what each key was resolved to."""
    return run.aggregates["by_category_key_month"].join(
        run.tables.multipliers.drop("category"), on="key", how="left"
    )


def _factors(run: CalculatedRun) -> tuple[FactorTotal, ...]:
    factor = pl.col("factor_value") + " " + pl.col("factor_unit")
    keyed = _in_totals(_keyed(run)).with_columns(factor=factor)
    totals = _totals(keyed, ("activity", "factor_name", "factor", "pack"))
    return tuple(FactorTotal(*row) for row in totals.rows())


def _years(run: CalculatedRun) -> tuple[YearTotal, ...]:
    lined = _in_totals(run.aggregates["by_category_key_month"])
    dated = lined.with_columns(year=pl.col("month").dt.year().fill_null(0))
    return tuple(YearTotal(*row) for row in _totals(dated, "year").sort("year").rows())


def _money_only(frame: pl.DataFrame, units: UnitTable) -> pl.DataFrame:
    """Return the frame with spend only where the unit is a currency: kilograms are counted in rows."""
    money = [unit for unit in frame["unit"].unique() if units.is_money(unit)]
    return frame.with_columns(
        pl.when(pl.col("unit").is_in(money)).then(name).otherwise(0).alias(name) for name in SPENT
    )


def _spend(lined: pl.DataFrame, unlined: pl.DataFrame) -> tuple[SpendShare, ...]:
    """Return spend by outcome and reason."""
    covered = lined.select(pl.lit("").alias("reason"), "unit", pl.col("lines").alias("rows"), *SPENT)
    others = unlined.select("reason", "unit", "rows", *SPENT)
    by = ["reason", "unit"]
    rows = pl.concat([covered, others]).group_by(by).agg(pl.all().sum()).sort(by).rows()
    return tuple(SpendShare(outcome_of(row[0]), *row) for row in rows)


def _uncovered(unlined: pl.DataFrame) -> tuple[UncoveredAccount, ...]:
    rows = (
        unlined.drop("turnover_hundredths")
        .sort(["spend_hundredths", "account"], descending=[True, False])
        .rows()
    )
    return tuple(UncoveredAccount(*row) for row in rows if outcome_of(row[1]) == Outcome.NOT_COVERED)


def _notices(run: CalculatedRun) -> tuple[NoticeCount, ...]:
    of_keys = _keyed(run).select("notices", "lines")
    of_rows = run.aggregates["by_notice"]
    of_rates = of_rows.select(notices="rate_notices", lines="lines")
    codes = [of_keys, of_rows.select("notices", "lines"), of_rates]
    rows = (
        pl.concat(codes)
        .with_columns(pl.col("notices").str.split(";"))
        .explode("notices")
        .filter(pl.col("notices") != "")
        .group_by("notices")
        .agg(LINES)
        .sort(["lines", "notices"], descending=[True, False])
        .rows()
    )
    return tuple(NoticeCount(code, NOTICES[code], lines) for code, lines in rows)
