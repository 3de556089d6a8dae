"""The columnar definition over rows of any number, on Apache Spark.

Spark finds the distinct keys and dates; they are resolved once, in plain Python, and go out to all workers
as two small tables. Spark joins, multiplies and writes lines and rows without lines. Aggregates are summed
from what was written, and come to this process: a few rows for each supplier and key, whatever the rows.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import polars as pl

from vcci.engine import columnar
from vcci.engine.tables import ResolvedTables
from vcci.errors import AccountingError
from vcci.processing.aggregates import (
    AGGREGATE_FILES,
    COUNTINGS,
    GROUPINGS,
    LIMITS,
    ORDER,
    aggregates_in,
    checked,
    refuse_overflow,
)
from vcci.processing.spark_row_hash import hash_sums, hash_text
from vcci.processing.spark_storage import Storage
from vcci.services.ports import CalculatedRun

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLES: Final = ("multipliers", "rates")
"""The resolved tables, as files beside the lines."""

SMALL_FILES: Final = (*(f"{name}.parquet" for name in TABLES), *AGGREGATE_FILES)
"""What of a run fits into memory, and is enough to tell its inventory again."""

MULTIPLIER_COLUMNS: Final = (
    *columnar.KEY_COLUMNS,
    "key",
    "is_money",
    "mg_co2e_per_unit",
    "factor_currency",
    "key_reason",
)
RATE_COLUMNS: Final = (*columnar.RATE_COLUMNS, "rate", "day", "month", "rate_notices", "rate_reason")
"""What is joined of the resolved tables, and so goes out to the workers."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """The row hashes of a run's lines (row, mg, key) and of its rows without lines (row, spend)."""

    lines: str
    unlined: str


def questions(rows: "DataFrame") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the distinct keys and dates that the resolver has to answer.

    Rows are made distinct by Spark's own aggregation first, each worker for itself: Narwhals' `unique` would
    send all rows of a frequent key to one worker.
    """
    from pyspark.sql import functions as F  # noqa: N812

    open_row = ("exclusion", "problem")
    asked = [name for name in columnar.KEY_COLUMNS if name != "year"]
    keyed = rows.select(*asked, F.substring("date", 1, 4).alias("date"), *open_row).distinct()
    dated = rows.select("unit", "date", *open_row).distinct()
    keys, dates = _collected(keyed), _collected(dated)
    found = (columnar.distinct_keys(keys), columnar.distinct_dates(dates))
    first, second = (nw.to_native(frame) for frame in found)
    return first.collect(), second.collect()


def write_tables(tables: ResolvedTables, folder: str, storage: Storage) -> None:
    """Write multipliers.parquet and rates.parquet: what is broadcast is what is kept."""
    write_small({"multipliers": tables.multipliers, "rates": tables.rates}, folder, storage)


def outcomes(rows: "DataFrame", folder: str, *, is_by_gas: bool) -> Any:
    """Return the outcomes of rows, lazily, over the tables in `folder`, which are broadcast."""
    from pyspark.sql import functions as F  # noqa: N812

    gases = tuple(columnar.GASES) if is_by_gas else ()
    read = rows.sparkSession.read.parquet
    multipliers = read(f"{folder}/multipliers.parquet").select(*MULTIPLIER_COLUMNS, *gases)
    rates = read(f"{folder}/rates.parquet").select(*RATE_COLUMNS)
    return columnar.outcomes(
        nw.from_native(rows),
        multipliers=nw.from_native(F.broadcast(multipliers)),
        rates=nw.from_native(F.broadcast(rates)),
    )


def calculate(
    rows: "DataFrame", folder: str, *, rows_total: int, tables: ResolvedTables
) -> tuple[CalculatedRun, Hashes]:
    """Write lines/ and unlined/ into `folder`, which holds the tables, and sum them.

    Raises `AccountingError` if a row is lost or a total would not fit.
    """
    outcome = outcomes(rows, folder, is_by_gas=tables.is_by_gas)
    nw.to_native(columnar.lines(outcome, is_by_gas=tables.is_by_gas)).write.parquet(f"{folder}/lines")
    nw.to_native(columnar.unlined(outcome)).write.parquet(f"{folder}/unlined")
    lines, unlined = (written(rows.sparkSession, folder, name) for name in ("lines", "unlined"))
    of_lines = _measured(lines, amount="co2e_mg", key="key")
    of_unlined = _measured(unlined, amount="spend_hundredths")
    refuse_overflow(
        {name: sum(float(part.get(name, 0)) for part in (of_lines, of_unlined)) for name in LIMITS}
    )
    found = _aggregates(lines, unlined, is_by_gas=tables.is_by_gas)
    run = checked(rows_total, tables, {name: frame.lazy() for name, frame in found.items()})
    if (of_lines["rows"], of_unlined["rows"]) != (run.counts.lines, rows_total - run.counts.lines):
        raise AccountingError(
            f"{rows_total:,} rows went in; {of_lines['rows']:,} lines and {of_unlined['rows']:,} others "
            f"were written, and the aggregates count {run.counts.lines:,} lines.",
            remedy="Please report this with the run's folder; nothing was kept.",
            code="rows_do_not_add_up",
        )
    return run, Hashes(hash_text(of_lines), hash_text(of_unlined))


def written(session: "SparkSession", folder: str, name: str) -> Any:
    """Return the lines or the rows without lines of a run, as a lazy Narwhals frame."""
    return nw.from_native(session.read.parquet(f"{folder}/{name}"))


def read_back(folder: Path, rows_total: int) -> CalculatedRun:
    """Return a run from its SMALL_FILES in a folder of this machine."""
    tables = ResolvedTables(*(pl.read_parquet(folder / f"{name}.parquet") for name in TABLES))
    return checked(rows_total, tables, aggregates_in(folder))


def write_small(frames: Mapping[str, pl.DataFrame], folder: str, storage: Storage) -> None:
    """Write frames of this process as single Parquet files beside the lines."""
    with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
        for name, frame in frames.items():
            path = Path(scratch) / f"{name}.parquet"
            frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False)
            storage.upload(path, f"{folder}/{name}.parquet")


def _aggregates(lines: Any, unlined: Any, *, is_by_gas: bool) -> dict[str, pl.DataFrame]:
    """Return the aggregates in the order in which the local engine has them."""
    found: dict[str, pl.DataFrame] = {}
    for name, by in GROUPINGS.items():
        parts = columnar.contributions(lines, by=by, is_by_gas=is_by_gas)
        found[name] = brought_here(columnar.totals(parts, by=by)).sort(ORDER[name], nulls_last=True)
    found["by_notice"] = brought_here(columnar.noticed(lines, by=COUNTINGS["by_notice"]))
    found["unlined"] = brought_here(columnar.counted(unlined, by=COUNTINGS["unlined"]))
    return found | {name: found[name].sort(by) for name, by in COUNTINGS.items()}


def _measured(frame: Any, *, amount: str, key: str = "") -> dict[str, Any]:
    """Return rows, hash and the size of each sum of a written frame: one pass over its integers."""
    there = frame.collect_schema().names()
    sizes = {name: nw.col(name).cast(nw.Float64).abs().sum() for name in LIMITS if name in there}
    asked = {"rows": nw.len(), **hash_sums(amount=amount, key=key), **sizes}
    return brought_here(frame.select(**asked)).row(0, named=True)


def brought_here(frame: Any) -> pl.DataFrame:
    """Bring a small frame of Spark into this process."""
    found: pl.DataFrame = frame.collect("polars").to_native()
    return found


def _collected(frame: "DataFrame") -> Any:
    return nw.from_native(brought_here(nw.from_native(frame)).lazy())
