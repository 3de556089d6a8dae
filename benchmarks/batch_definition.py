"""The columnar definition through Polars, as it is written: joins over texts, sums of texts, in chunks."""

from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.processing.aggregates import GROUPINGS
from vcci.processing.line_files import write_frame
from vcci.processing.local import CHUNK_ROWS
from vcci.services.ports import Resolve

COMPACT_ABOVE_ROWS = 1_500_000


def run(rows: Path, resolve: Resolve, out: Path) -> int:
    """Write lines, rows without lines and aggregates into `out`; return the total in milligrams."""
    out.mkdir()
    scan = pl.scan_parquet(rows)
    asked = nw.from_native(scan)
    wanted = [nw.to_native(one) for one in (columnar.distinct_keys(asked), columnar.distinct_dates(asked))]
    keys, dates = pl.collect_all(wanted, engine="streaming")
    tables, sums = resolve(keys, dates), dict[str, list[pl.DataFrame]]()
    for start in range(0, scan.select(pl.len()).collect().item(), CHUNK_ROWS):
        lines, unlined = calculated(scan.slice(start, CHUNK_ROWS), tables)
        write_frame(lines, out / f"lines-{start}.parquet")
        write_frame(unlined, out / f"unlined-{start}.parquet")
        for name, by in GROUPINGS.items():
            added = nw.to_native(columnar.contributions(nw.from_native(lines), by=by))
            sums[name] = _compacted([*sums.get(name, []), added], by)
    for name, by in GROUPINGS.items():
        write_frame(_merged(sums[name], by), out / f"{name}.parquet")
    return int(pl.scan_parquet(out / "lines-*.parquet").select(pl.col("co2e_mg").sum()).collect().item())


def calculated(rows: pl.LazyFrame, tables: ResolvedTables) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines of rows, and the rows without, in row order."""
    outcome = _outcomes(rows, tables)
    wanted: list[Any] = [columnar.lines(outcome, is_by_gas=tables.is_by_gas), columnar.unlined(outcome)]
    lines, unlined = pl.collect_all([nw.to_native(frame) for frame in wanted], engine="in-memory")
    return lines.sort("row"), unlined.sort("row")


def _compacted(frames: list[pl.DataFrame], by: tuple[str, ...]) -> list[pl.DataFrame]:
    rows = sum(frame.height for frame in frames)
    return [_merged(frames, by)] if rows > COMPACT_ABOVE_ROWS + 2 * frames[0].height else frames


def _merged(frames: list[pl.DataFrame], by: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat(frames).group_by(by).agg(pl.all().sum()).sort(by)


def _outcomes(rows: pl.LazyFrame, tables: ResolvedTables) -> Any:
    """Return the outcomes of rows by the columnar definition, lazily."""
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
