"""The inventory of a run: its aggregates, put in the words that reports show."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from vcci.domain.finding import NOTICES, Outcome
from vcci.domain.inventory import (
    Inventory,
    NoticeCount,
    PackInUse,
    SpendShare,
    UncoveredAccount,
)
from vcci.domain.quantity import UnitTable
from vcci.engine.columnar import outcome_of
from vcci.services.ports import CalculatedRun, LedgerRead
from vcci.services.totals import LINES, WHOLE, LinedTotals

SPENT = ("spend_hundredths", "turnover_hundredths")
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
    unlined = _money_only(run.aggregates["unlined"].collect(), units)
    totals = LinedTotals(run, facts.digest)
    return Inventory(
        run_digest=facts.digest,
        title=facts.title,
        year=facts.year,
        sources=tuple(str(file["name"]) for file in read.files),
        reading=how_read(read),
        parameters=dict(facts.parameters),
        counts=run.counts,
        total_mg_co2e=run.total_mg_co2e,
        categories=totals.categories(),
        suppliers=totals.suppliers(),
        factors=totals.factors(),
        years=totals.years(),
        spend=_spend(_money_only(totals.keyed, units), unlined),
        uncovered=_uncovered(unlined),
        notices=_notices(run, totals),
        packs=facts.packs,
        successor_of=read.successor_of,
        methods=totals.methods(),
        regions=totals.regions(),
        gases=totals.gases(),
        apart=totals.apart(),
        interval=totals.drawn[WHOLE],
        quality=totals.quality(),
        boundary=totals.boundary(read.mapping.left_out),
        counted_twice=totals.counted_twice(),
        decisions=read.decisions,
        by_source=totals.sources(),
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


def _notices(run: CalculatedRun, totals: LinedTotals) -> tuple[NoticeCount, ...]:
    of_keys = totals.keyed.select("notices", "lines")
    of_rows = run.aggregates["by_notice"].collect()
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
