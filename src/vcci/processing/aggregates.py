"""The aggregates of a run, and what must hold of them, whichever engine made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.category import STATED_APART
from vcci.domain.finding import Outcome
from vcci.domain.inventory import RowCounts
from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.errors import AccountingError
from vcci.services.ports import CalculatedRun

GROUPINGS: Final[dict[str, tuple[str, ...]]] = {
    "by_category_key_month": ("category", "key", "month"),
    "by_supplier_key": ("supplier", "category", "key"),
}
"""The aggregates of lines that each run writes."""

ORDER: Final[dict[str, tuple[str, ...]]] = {
    "by_category_key_month": ("key", "month"),
    "by_supplier_key": ("supplier", "key"),
}
"""What their rows are sorted by; keys rise with categories, and what has no month comes last."""

COUNTINGS: Final[dict[str, tuple[str, ...]]] = {
    "by_notice": ("notices", "rate_notices"),
    "unlined": ("account", "reason", "unit"),
}
"""Counts of lines with notices of their own, and of rows without lines with their spend."""

AGGREGATES: Final = (*GROUPINGS, *COUNTINGS)
AGGREGATE_FILES: Final = tuple(f"{name}.parquet" for name in AGGREGATES)

LARGEST_SAFE_SUM: Final = 2.0**62
"""Sums are 64-bit integers, which wrap silently at 2^63; a run is refused when half of that is reached."""

LIMITS: Final = {"co2e_mg": "4.6 Gt CO2e", "spend_hundredths": "4.6e16 units of money"}
"""What is summed, and how much of it LARGEST_SAFE_SUM is."""


Aggregates = Mapping[str, pl.LazyFrame]
"""AGGREGATES by name, read as far as is asked for; by supplier and key there may be as many as lines."""


def aggregates_in(folder: Path) -> Aggregates:
    """Return the aggregates that lie in a folder as files."""
    return {name: pl.scan_parquet(folder / f"{name}.parquet") for name in AGGREGATES}


def checked(rows_total: int, tables: ResolvedTables, aggregates: Aggregates) -> CalculatedRun:
    """Return a run from its aggregates, once they account for every row and come to one total."""
    of_outcome = dict.fromkeys(Outcome, 0)
    for reason, rows in aggregates["unlined"].select("reason", "rows").collect().iter_rows():
        of_outcome[columnar.outcome_of(reason)] += rows
    counts = RowCounts(
        rows=rows_total,
        lines=_sum(aggregates["by_supplier_key"], "lines"),
        excluded=of_outcome[Outcome.EXCLUDED],
        not_covered=of_outcome[Outcome.NOT_COVERED],
        rejected=of_outcome[Outcome.REJECTED],
    )
    counts.assert_balanced()
    totals = {name: _in_totals(aggregates[name]) for name in GROUPINGS}
    if len(set(totals.values())) > 1:
        raise AccountingError(
            f"The aggregates of one run differ: {totals} mg CO2e.",
            remedy="Please report this; nothing was stored.",
            code="aggregates_differ",
        )
    return CalculatedRun(counts, next(iter(totals.values())), tables, aggregates)


def refuse_overflow(sizes: Mapping[str, float]) -> None:
    """Raise `AccountingError` for sums that their integers cannot hold.

    A size is the sum of absolute values as a float, which cannot wrap.
    """
    too_large = [LIMITS[name] for name, size in sizes.items() if size > LARGEST_SAFE_SUM]
    if too_large:
        raise AccountingError(
            f"The rows add up to more than {' and '.join(too_large)}, which their integers cannot hold.",
            remedy="Check units and amounts (is a code mapped as the amount?), or split the ledger.",
            code="total_too_large",
        )


def _in_totals(frame: pl.LazyFrame) -> int:
    return _sum(frame.filter(pl.col("category") != STATED_APART), "emissions_mg_co2e")


def _sum(frame: pl.LazyFrame, name: str) -> int:
    return int(frame.select(pl.col(name).sum()).collect(engine="streaming").item())
