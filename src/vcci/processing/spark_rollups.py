"""What PostgreSQL keeps of a run whose lines stay in files: sums by supplier, category and month."""

from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import polars as pl

from vcci.engine import columnar
from vcci.processing import spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BY: Final = ("supplier", "category", "month")


def rollups(rows: "DataFrame", folder: str) -> pl.DataFrame:
    """Sum the lines of a finished run: BY, lines, emissions_mg_co2e; `supplier` is its key in the ledger."""
    keyed = rows.withColumn("supplier", _key())
    lines = columnar.lines(spark.outcomes(keyed, folder, is_by_gas=False))
    parts = columnar.contributions(lines, by=BY)
    summed = parts.group_by(*BY).agg(nw.col("lines").sum(), nw.col("emissions_mg_co2e").sum())
    return spark.brought_here(summed).sort(BY)


def supplier_names(rows: "DataFrame") -> dict[str, str]:
    """Return the name of each supplier by its key, keys sorted."""
    from pyspark.sql import functions as F  # noqa: N812

    named = rows.select(_key().alias("key"), F.col("supplier").alias("name")).where(F.col("key") != "")
    found = spark.brought_here(nw.from_native(named.groupBy("key").agg(F.min("name").alias("name"))))
    return dict(found.select("key", "name").sort("key").iter_rows())


def _key() -> Any:
    """Return the ledger's own key of the supplier, or its name where it has none."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.when(F.col("supplier_id") != "", F.col("supplier_id")).otherwise(F.col("supplier"))
