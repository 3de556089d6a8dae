"""Classification over a file: distinct texts are decided once, rows are joined.

An account mostly says by itself what was bought, and descriptions are as many as rows: so accounts are asked
about first, and descriptions only of those accounts that leave it open.
"""

from pathlib import Path
from typing import Final

import polars as pl

from vcci.processing import texts
from vcci.processing.local import CHUNK_ROWS
from vcci.services.ports import Classify

ACCOUNT: Final = texts.ACCOUNT
TEXTS: Final = ("account", "account_code", "description", "capital")
"""What a row's commodity is decided by."""


def classify(ledger: Path, activities: Path, *, decide: Classify | None, year: int | None) -> None:
    """Add activity, category, exclusion and notices to every row of a ledger frame, in row order.

    Without `decide` the rows say these themselves. With `year`, rows dated in another year are excluded
    (`outside_period`). Texts that no rule placed are kept beside the activities (texts.py).
    """
    rows = pl.scan_parquet(ledger)
    rows = _decided(rows, decide, activities.with_name(texts.TEXTS)) if decide else rows
    if year is not None:
        elsewhere = (pl.col("date") != "") & (pl.col("date").str.slice(0, 4) != f"{year:04}")
        rows = rows.with_columns(
            exclusion=pl.when(elsewhere).then(pl.lit("outside_period")).otherwise(pl.col("exclusion"))
        )
    rows.sink_parquet(
        activities, compression="zstd", compression_level=1, maintain_order=True, row_group_size=CHUNK_ROWS
    )


def _decided(rows: pl.LazyFrame, decide: Classify, kept: Path) -> pl.LazyFrame:
    rows = _with_asked(rows, decide)
    asked = rows.select(*ACCOUNT, description="asked").unique().collect()
    answers = decide(asked.select(TEXTS).sort(TEXTS))
    texts.keep(answers, kept)
    decided = answers.drop("score", "decision").rename({"description": "asked"})
    notices = pl.concat_str(
        [pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("notices", "class_notices")],
        separator=";",
        ignore_nulls=True,
    )
    return (
        rows.join(decided.lazy(), on=[*ACCOUNT, "asked"], how="left", maintain_order="left")
        .with_columns(notices=notices)
        .drop("class_notices", "asked")
    )


def _with_asked(rows: pl.LazyFrame, decide: Classify) -> pl.LazyFrame:
    """Add the description that has to be asked about: empty where the account decides by itself."""
    accounts = rows.select(ACCOUNT).unique().collect().with_columns(description=pl.lit(""))
    decided = decide(accounts.select(TEXTS).sort(TEXTS))
    is_open = (pl.col("activity") == "") & (pl.col("exclusion") == "") & (pl.col("decision") == 0)
    left_open = decided.filter(is_open).select(*ACCOUNT, left_open=pl.lit(True))
    asked = pl.when("left_open").then("description").otherwise(pl.lit(""))
    return (
        rows.join(left_open.lazy(), on=list(ACCOUNT), how="left", maintain_order="left")
        .with_columns(asked=asked)
        .drop("left_open")
    )
