"""The texts of a run that no rule placed: what each was taken for, and what hangs on it.

A review queue is made of these. They are few where a mapping has rules, and may be as many as rows where it
has none. So all of them stay with the run's results (TEXTS), and those that most hangs on are summed up
(REVIEW): a bounded table, made in the run, for which nobody has to read the rows again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.category import STATED_APART
from vcci.domain.finding import Outcome

TEXTS: Final = "texts.parquet"
REVIEW: Final = "review.parquet"

ACCOUNT: Final = ("account", "account_code", "capital")
TEXT: Final = ("account", "account_code", "description")
ANSWER: Final = ("activity", "score", "decision")
"""What a text was taken for; how sure a match is, 0 to 1; the number of the decision, 0 without."""

SUMS: Final = ("rows", "spend_hundredths", "co2e_mg")
REVIEW_COLUMNS: Final = (*TEXT, "unit", *ANSWER, *SUMS)
"""`unit` is the currency of the spend, empty where the quantity is none; spend is in hundredths."""

MOST_TEXTS: Final = 5_000
"""Texts that are summed up of those with a commodity, and as many of those without: a person decides some
hundreds, and what is beyond weighs less than any of these. It bounds what a run of any size stores."""

OUTSIDE: Final = "outside_period"


def keep(decided: pl.DataFrame, path: Path) -> None:
    """Write the texts that were matched, decided or left open; nothing where there are none.

    `decided` has ACCOUNT, description (empty where the account decides by itself), exclusion and ANSWER.
    """
    is_open = (pl.col("activity") == "") & (pl.col("exclusion") == "")
    is_told = pl.any_horizontal(pl.col(name) != "" for name in TEXT)
    wanted = decided.filter(is_told & ((pl.col("score") > 0) | (pl.col("decision") > 0) | is_open))
    if wanted.height:
        columns = (*ACCOUNT, "description", "exclusion", *ANSWER)
        wanted.select(columns).sort(*ACCOUNT, "description").write_parquet(path, compression="zstd")


def decisions_in(folder: Path) -> frozenset[int]:
    """Return the numbers of the decisions that texts of a run were placed by."""
    if not (folder / TEXTS).exists():
        return frozenset()
    numbers = pl.scan_parquet(folder / TEXTS).filter(pl.col("decision") > 0).select("decision").unique()
    return frozenset(numbers.collect()["decision"].to_list())


def sum_up(folder: Path, *, is_money: Callable[[str], bool]) -> None:
    """Write REVIEW of a run whose rows have their outcomes; nothing where no text is to be reviewed."""
    if (folder / TEXTS).exists():
        found = _summed(folder).collect(engine="streaming")
        _most(_in_currencies(found, is_money)).write_parquet(folder / REVIEW, compression="zstd")


def _summed(folder: Path) -> pl.LazyFrame:
    """Return what hangs on each text, by unit; rejected rows and those of other years hang on none."""
    is_counted = (pl.col("outcome") != Outcome.REJECTED.value) & (pl.col("reason") != OUTSIDE)
    rows = pl.scan_parquet(folder / "activities.parquet").filter(is_counted)
    rows = rows.select("row", *ACCOUNT, "description", "unit")
    texts = pl.scan_parquet(folder / TEXTS)
    is_placed = (pl.col("activity") != "") | (pl.col("exclusion") != "") | (pl.col("decision") > 0)
    is_account = (pl.col("description") == "") & is_placed
    accounts = texts.filter(is_account).select(*ACCOUNT, *ANSWER)
    others = texts.filter(~is_account).select(*ACCOUNT, "description", *ANSWER)
    placed = [
        rows.join(accounts, on=ACCOUNT).with_columns(description=pl.lit("")),
        rows.join(others, on=[*ACCOUNT, "description"]),
    ]
    columns = ["row", *TEXT, "unit", *ANSWER]
    told = pl.concat([frame.select(columns) for frame in placed]).join(_figures(folder), on="row")
    by = [*TEXT, "unit", *ANSWER]
    return told.group_by(by).agg(pl.len().cast(pl.Int64).alias("rows"), pl.col(*SUMS[1:]).sum())


def _figures(folder: Path) -> pl.LazyFrame:
    """Return spend and emissions of each row; what is stated apart counts as none."""
    is_apart = pl.col("category") == STATED_APART
    lines = pl.scan_parquet(folder / "lines" / "*.parquet").select(
        "row", "spend_hundredths", co2e_mg=pl.when(is_apart).then(0).otherwise("co2e_mg").cast(pl.Int64)
    )
    unlined = pl.scan_parquet(folder / "unlined" / "*.parquet").select(
        "row", "spend_hundredths", co2e_mg=pl.lit(0, pl.Int64)
    )
    return pl.concat([lines, unlined])


def _in_currencies(found: pl.DataFrame, is_money: Callable[[str], bool]) -> pl.DataFrame:
    """Return the sums with spend in currencies alone: kilograms are counted in rows."""
    money = pl.col("unit").is_in([unit for unit in found["unit"].unique() if is_money(unit)])
    spend = pl.when(money).then("spend_hundredths").otherwise(0)
    unit = pl.when(money).then("unit").otherwise(pl.lit(""))
    by = [*TEXT, "unit", *ANSWER]
    return found.with_columns(unit=unit, spend_hundredths=spend).group_by(by).agg(pl.col(*SUMS).sum())


def _most(found: pl.DataFrame) -> pl.DataFrame:
    """Return the texts that most hangs on, of those with a commodity and of those without."""
    of_text = found.group_by(TEXT).agg(
        pl.col("co2e_mg", "spend_hundredths").sum(), is_named=(pl.col("activity") != "").any()
    )
    ranked = of_text.sort("co2e_mg", "spend_hundredths", *TEXT, descending=[True, True, *[False] * len(TEXT)])
    most = [ranked.filter(pl.col("is_named") == named).head(MOST_TEXTS) for named in (True, False)]
    kept = found.join(pl.concat(most).select(TEXT), on=TEXT, how="semi")
    return kept.select(REVIEW_COLUMNS).sort(*TEXT, "unit", "activity", "decision")
