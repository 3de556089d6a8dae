"""A stored run under other options: what of it they touch, and the run that comes of its classified rows.

Files are not read again, and rows not classified again: activities.parquet has what came of both.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import narwhals as nw
import polars as pl

from vcci.domain.category import STATED_APART
from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.errors import InputError
from vcci.events import Hook, ignore
from vcci.processing import export, local
from vcci.processing.find_line import BROKEN, damaged
from vcci.processing.stored_run import StoredRun
from vcci.services.ports import CalculatedRun, Records, Resolve
from vcci.services.recalculation import Touched, changed_keys, changed_rates

OUTSIDE: Final = "outside_period"
UNMOVED: Final = ("quantity_missing", "quantity_not_a_number")
"""Reasons that come before all that a factor or a rate could say."""

ACTIVITIES: Final = "activities.parquet"
CELL: Final = ("column", "value")

Restored = Callable[[pl.Expr], pl.Expr]
"""Texts of rejects.csv -> the same without what keeps spreadsheets from taking them for formulas."""


def load_readers() -> None:
    """Load what frames are read by: Narwhals loads its half for Polars when it first sees one."""
    nw.to_native(nw.from_native(pl.LazyFrame({"date": [""]})).select("date"))


def reclassified(stored: StoredRun, *, year: int | None) -> pl.LazyFrame:
    """Return the classified rows of a run, with what is outside of the reporting year excluded.

    `was_excluded` has the exclusion of the run as it is. Raises `InputError` where the year of the run has
    decided how rows are read, and is another now.
    """
    rows = pl.scan_parquet(stored.folder / ACTIVITIES).with_columns(was_excluded="exclusion")
    if year is None or stored.told("year") == year:
        return rows
    _refuse_where_year_decided(rows)
    elsewhere = (pl.col("date") != "") & (pl.col("date").str.slice(0, 4) != f"{year:04}")
    exclusion = pl.when(elsewhere).then(pl.lit(OUTSIDE)).otherwise("exclusion")
    return rows.with_columns(exclusion=exclusion)


def _refuse_where_year_decided(rows: pl.LazyFrame) -> None:
    by_year = (
        (pl.col("exclusion") == OUTSIDE)
        | (pl.col("problem") == "date_missing")
        | pl.col("notices").str.contains("date_from_year", literal=True)
    )
    if rows.select(by_year.any()).collect().item():
        raise InputError(
            "The run cannot be brought to another reporting year from its rows alone.",
            tried=["rows without a date, or excluded as of another year, are in it"],
            remedy="Run the files again with the other year.",
            code="recalculation_needs_files",
        )


def touched(stored: StoredRun, *, resolve: Resolve, year: int | None) -> Touched:
    """Resolve the run's distinct keys and dates anew, and count what is answered in another way.

    Raises `InputError` where the run's files cannot be read, or as `reclassified` does.
    """
    try:
        return _touched(stored, reclassified(stored, year=year), resolve)
    except BROKEN as error:
        raise damaged(stored.folder) from error


def _touched(stored: StoredRun, rows: pl.LazyFrame, resolve: Resolve) -> Touched:
    older = ResolvedTables(stored.table("multipliers"), stored.table("rates"))
    asked = nw.from_native(rows)
    wanted = [nw.to_native(f) for f in (columnar.distinct_keys(asked), columnar.distinct_dates(asked))]
    keys, dates = pl.collect_all(wanted, engine="streaming")
    newer = resolve(keys, dates)
    other_keys, other_rates = changed_keys(older, newer), changed_rates(older, newer)
    found = _moved(rows, older=older, keys=other_keys, rates=other_rates).collect(engine="streaming")
    lined = found.filter(pl.col("reason") == "").select("row")
    return Touched(
        keys=other_keys.height,
        rates=other_rates.height,
        lines=lined.height,
        unlined=found.height - lined.height,
        emissions_mg_co2e=_emissions_mg_co2e(stored, lined),
        total_mg_co2e=int(stored.told("total_mg_co2e")),
    )


def _moved(
    rows: pl.LazyFrame,
    *,
    older: ResolvedTables,
    keys: pl.DataFrame,
    rates: pl.DataFrame,
) -> pl.LazyFrame:
    """Return number and reason of the rows that are excluded now or no longer, or have another answer."""
    answered = older.multipliers.select(*columnar.KEY_COLUMNS, "factor_currency").lazy()
    by_key = keys.with_columns(other_key=pl.lit(value=True)).lazy()
    by_rate = rates.with_columns(other_rate=pl.lit(value=True)).lazy()
    is_asked = (
        (pl.col("problem") == "") & (pl.col("exclusion") == "") & ~pl.col("reason").is_in(list(UNMOVED))
    )
    is_other = pl.col("other_key").fill_null(value=False) | pl.col("other_rate").fill_null(value=False)
    is_moved = pl.col("exclusion") != pl.col("was_excluded")
    asked: pl.LazyFrame = nw.to_native(columnar.with_year(nw.from_native(rows)))
    return (
        asked.join(answered, on=columnar.KEY_COLUMNS, how="left")
        .join(by_key, on=columnar.KEY_COLUMNS, how="left")
        .join(by_rate, on=columnar.RATE_COLUMNS, how="left")
        .filter((is_asked & is_other) | is_moved)
        .select("row", "reason")
    )


def _emissions_mg_co2e(stored: StoredRun, lined: pl.DataFrame) -> int:
    lines = pl.scan_parquet(stored.folder / "lines" / "*.parquet")
    counted = lines.filter(pl.col("category") != STATED_APART).join(lined.lazy(), on="row", how="semi")
    return int(counted.select(pl.col("co2e_mg").sum()).collect(engine="streaming").item())


def calculated(
    stored: StoredRun, *, resolve: Resolve, out: Path, year: int | None, hook: Hook = ignore
) -> CalculatedRun:
    """Calculate the classified rows of a run again, into the empty folder `out`.

    Raises `InputError` where they cannot be read, or as `reclassified` does.
    """
    try:
        rows = reclassified(stored, year=year).drop("reason", "outcome", "was_excluded")
        rows.sink_parquet(out / ACTIVITIES, maintain_order=True)
    except BROKEN as error:
        raise damaged(stored.folder) from error
    return local.run(out / ACTIVITIES, resolve=resolve, out=out, hook=hook)


def publish_rows(out: Path, *, run: str, records: Records) -> None:
    """Write lines.csv, rejects.csv and the outcomes of rows, as `vcci run` does; `run` is the digest."""
    (out / "ledger.parquet").touch()  # the export takes it away when all is told
    export.rows(out, run=run, records=records)


def rejected_before(stored: StoredRun, restored: Restored) -> Records:
    """Return what knows rejected rows by the rejects.csv of the run; `restored` takes guards off its texts.

    A row that was not rejected before has no record there, and cannot be mended from here.
    """

    def records(rows: pl.DataFrame) -> pl.DataFrame:
        places = (
            pl.scan_parquet(stored.folder / ACTIVITIES)
            .select("row", "source", "line")
            .join(rows.lazy().select("row"), on="row", how="semi")
            .collect()
        )
        known = _rejects(stored.folder / "rejects.csv", restored)
        told = rows.join(places, on="row", how="left", maintain_order="left")
        told = told.join(known, on=["source", "line"], how="left", maintain_order="left")
        is_same_cell = (pl.col("target") == pl.col("was_at_fault")).fill_null(value=False)
        cell = [pl.when(is_same_cell).then(name).otherwise(pl.lit("")).alias(name) for name in CELL]
        rest = [pl.col(name).fill_null("") for name in ("record", "sha256")]
        return told.with_columns(*cell, *rest).drop("source", "line", "was_at_fault")

    return records


def _rejects(path: Path, restored: Restored) -> pl.DataFrame:
    columns = dict.fromkeys(export.REJECT_FIELDS, pl.String) | {"line": pl.Int64}
    texts = ("source", *CELL, "row")
    return (
        pl.read_csv(path, schema=columns)
        .with_columns(pl.col(pl.String).fill_null(""))
        .with_columns(restored(pl.col(name)).alias(name) for name in texts)
        .with_columns(was_at_fault=pl.col("code").replace_strict(export.AT_FAULT, default=""))
        .select("source", "line", *CELL, "was_at_fault", "sha256", record="row")
        .unique(["source", "line"], keep="first", maintain_order=True)
    )
