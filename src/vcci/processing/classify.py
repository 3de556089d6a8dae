"""Classification over a file: distinct texts are decided once, rows are joined."""

from pathlib import Path

import polars as pl

from vcci.services.ports import Classify

TEXTS = ("account", "account_code", "description", "capital")
"""What a row's commodity is decided by."""


def classify(ledger: Path, activities: Path, *, decide: Classify, year: int | None) -> None:
    """Add activity, category, exclusion and notices to every row of a ledger frame, in row order.

    With `year`, rows dated in another year are excluded (`outside_period`).
    """
    scan = pl.scan_parquet(ledger)
    decided = decide(scan.select(TEXTS).unique().collect().sort(TEXTS))
    rows = scan.join(decided.lazy(), on=TEXTS, how="left", maintain_order="left")
    if year is not None:
        elsewhere = (pl.col("date") != "") & (pl.col("date").str.slice(0, 4) != f"{year:04}")
        rows = rows.with_columns(
            exclusion=pl.when(elsewhere).then(pl.lit("outside_period")).otherwise(pl.col("exclusion"))
        )
    notices = pl.concat_str(
        [pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("notices", "class_notices")],
        separator=";",
        ignore_nulls=True,
    )
    rows.with_columns(notices=notices).drop("class_notices").sink_parquet(
        activities, compression="zstd", compression_level=1, maintain_order=True
    )
