"""Scan, run, sink: the columnar definition over one Parquet file, on this machine, chunk by chunk.

Two passes: the first collects the distinct keys and dates, which are resolved once; the second joins,
multiplies and writes. Memory is bounded by `chunk_rows`. Every sum is of integers, so no chunk size changes a
total.
"""

from pathlib import Path
from typing import Any, Final

import narwhals as nw
import polars as pl

from vcci.domain.category import STATED_APART
from vcci.domain.finding import Outcome
from vcci.domain.inventory import RowCounts
from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.errors import AccountingError
from vcci.events import BatchAdvanced, Hook, ignore
from vcci.services.ports import CalculatedRun, Resolve

CHUNK_ROWS = 250_000
"""Rows in memory at a time: of 65,536 to a million, the size that costs least CPU; 450 MB resident in all."""

GROUP_ROWS: Final = 65_536
"""Rows that have to be read to see one of them."""

COMPACT_ABOVE_ROWS: Final = 1_500_000
"""Rows of an aggregate that are kept apart; then they are summed, so that memory does not grow with chunks.

Suppliers times keys may be nearly as many as lines: summing each chunk first would then only cost time.
"""

LARGEST_SAFE_SUM: Final = 2.0**62
"""Sums are 64-bit integers, which wrap silently at 2^63; a run is refused when half of that is reached."""

LIMITS: Final = {"co2e_mg": "4.6 Gt CO2e", "spend_hundredths": "4.6e16 units of money"}
"""What is summed, and how much of it LARGEST_SAFE_SUM is."""

GROUPINGS: Final[dict[str, tuple[str, ...]]] = {
    "by_category_key_month": ("category", "key", "month"),
    "by_supplier_key": ("supplier", "category", "key"),
}
"""The aggregates of lines that each run writes."""

COUNTINGS: Final[dict[str, tuple[str, ...]]] = {
    "by_notice": ("notices", "rate_notices"),
    "unlined": ("account", "reason", "unit"),
}
"""Counts of lines with notices of their own, and of rows without lines with their spend."""


AGGREGATE_FILES: Final = tuple(f"{name}.parquet" for name in (*GROUPINGS, *COUNTINGS))


def run(
    rows: Path, *, resolve: Resolve, out: Path, chunk_rows: int = CHUNK_ROWS, hook: Hook = ignore
) -> CalculatedRun:
    """Calculate a classified ledger frame into `out`.

    Writes lines/ and unlined/ (Parquet parts), multipliers.parquet, rates.parquet and one file for each of
    GROUPINGS and COUNTINGS. Raises `AccountingError` if a row is lost or a total would not fit.
    """
    scan = pl.scan_parquet(rows)
    rows_total = scan.select(pl.len()).collect().item()
    keys, dates = _distinct(scan)
    tables = resolve(keys, dates)
    sizes = dict.fromkeys(LIMITS, 0.0)
    partials: dict[str, list[pl.DataFrame]] = {name: [] for name in (*GROUPINGS, *COUNTINGS)}
    for folder in ("lines", "unlined"):
        (out / folder).mkdir(parents=True)
    for part, start in enumerate(range(0, max(rows_total, 1), chunk_rows)):
        frames = _calculate(scan.slice(start, chunk_rows), tables)
        _sink(frames, out=out, part=part)
        sizes = {name: size + _size(name, frames) for name, size in sizes.items()}
        _refuse_overflow(sizes)
        for name, frame in _aggregate(frames, is_by_gas=tables.is_by_gas).items():
            partials[name] = _compacted(name, [*partials[name], frame])
        hook(BatchAdvanced("calculate", min(start + chunk_rows, rows_total), rows_total))
    aggregates = {
        name: _merged(name, frames).drop("first_row", strict=False) for name, frames in partials.items()
    }
    for name, frame in {"multipliers": tables.multipliers, "rates": tables.rates, **aggregates}.items():
        _write(frame, out / f"{name}.parquet")
    return _checked(rows_total, tables, aggregates)


def _distinct(scan: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = nw.from_native(scan)
    wanted = [columnar.distinct_keys(rows), columnar.distinct_dates(rows)]
    keys, dates = pl.collect_all([nw.to_native(frame) for frame in wanted], engine="streaming")
    return keys, dates


def _calculate(rows: pl.LazyFrame, tables: ResolvedTables) -> dict[str, pl.DataFrame]:
    """Return the chunk's lines and unlined rows in row order: one read and one join give both."""
    outcome = _outcomes(rows, tables)
    lines = columnar.lines(outcome, is_by_gas=tables.is_by_gas)
    wanted = [nw.to_native(frame) for frame in (lines, columnar.unlined(outcome))]
    lined, unlined = pl.collect_all(wanted, engine="in-memory")
    return {"lines": lined.sort("row"), "unlined": unlined.sort("row")}


def _outcomes(rows: pl.LazyFrame, tables: ResolvedTables) -> Any:
    gases = columnar.GASES if tables.is_by_gas else ()
    joinable = tables.multipliers.lazy().select(
        *columnar.KEY_COLUMNS, "key", "is_money", "mg_co2e_per_unit", "factor_currency", "key_reason", *gases
    )
    rates = tables.rates.lazy().select(
        *columnar.RATE_COLUMNS, "rate", "day", "month", "rate_notices", "rate_reason"
    )
    return columnar.outcomes(
        nw.from_native(rows), multipliers=nw.from_native(joinable), rates=nw.from_native(rates)
    )


def _sink(frames: dict[str, pl.DataFrame], *, out: Path, part: int) -> None:
    for folder, frame in frames.items():
        _write(frame, out / folder / f"part-{part:05}.parquet")


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(
        path, compression="zstd", compression_level=1, statistics=False, row_group_size=GROUP_ROWS
    )


def _aggregate(frames: dict[str, pl.DataFrame], *, is_by_gas: bool) -> dict[str, pl.DataFrame]:
    lines, unlined = nw.from_native(frames["lines"]), nw.from_native(frames["unlined"])
    summed: dict[str, Any] = {
        name: columnar.contributions(lines, by=by, is_by_gas=is_by_gas) for name, by in GROUPINGS.items()
    }
    summed["by_notice"] = columnar.noticed(lines, by=COUNTINGS["by_notice"])
    summed["unlined"] = columnar.counted(unlined, by=COUNTINGS["unlined"])
    return {name: nw.to_native(frame) for name, frame in summed.items()}


def _compacted(name: str, frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Sum the frames once they have more rows than twice what is left of them after the last time."""
    rows = sum(frame.height for frame in frames)
    return [_merged(name, frames)] if rows > COMPACT_ABOVE_ROWS + 2 * frames[0].height else frames


def _merged(name: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Sum frames, sorted: by their first row where there is one, for sorting many texts would cost more."""
    by = GROUPINGS.get(name) or COUNTINGS[name]
    first = pl.col("^first_row$").min()
    merged = pl.concat(frames).group_by(by).agg(first, pl.exclude("first_row").sum())
    return merged.sort("first_row" if name in GROUPINGS else by)


def _checked(rows_total: int, tables: ResolvedTables, aggregates: dict[str, pl.DataFrame]) -> CalculatedRun:
    of_outcome = dict.fromkeys(Outcome, 0)
    for reason, rows in aggregates["unlined"].select("reason", "rows").iter_rows():
        of_outcome[columnar.outcome_of(reason)] += rows
    counts = RowCounts(
        rows=rows_total,
        lines=int(aggregates["by_supplier_key"]["lines"].sum()),
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


def _in_totals(frame: pl.DataFrame) -> int:
    return int(frame.filter(pl.col("category") != STATED_APART)["emissions_mg_co2e"].sum())


def _size(name: str, frames: dict[str, pl.DataFrame]) -> float:
    """Return the sum of absolute values, as a float: it cannot wrap, and need not be exact."""
    sizes = [frame[name].cast(pl.Float64).abs().sum() for frame in frames.values() if name in frame.columns]
    return float(sum(sizes))


def _refuse_overflow(sizes: dict[str, float]) -> None:
    too_large = [name for name, size in sizes.items() if size > LARGEST_SAFE_SUM]
    if too_large:
        raise AccountingError(
            f"The rows add up to more than {' and '.join(LIMITS[name] for name in too_large)}, "
            "which their integers cannot hold.",
            remedy="Check units and amounts (is a code mapped as the amount?), or split the ledger.",
            code="total_too_large",
        )
