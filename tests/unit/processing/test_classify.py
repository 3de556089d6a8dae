"""Accounts are asked about once; descriptions only where the account leaves it open."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.support.ledgers import ledger_row, write_ledger

from vcci.processing.classify import TEXTS, classify


class Decider:
    """Knows the account Hotels, and of other accounts only the description `taxi`; keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, texts: pl.DataFrame) -> pl.DataFrame:
        self.asked += texts.select(TEXTS).rows()
        by_account = pl.when(pl.col("account") == "Hotels").then(pl.lit("naics2017:721110"))
        by_words = pl.when(pl.col("description") == "taxi").then(pl.lit("naics2017:485310"))
        return texts.with_columns(
            pl.coalesce(by_account, by_words, pl.lit("")).alias("activity"),
            pl.lit(6, pl.Int8).alias("category"),
            pl.when(pl.col("account") == "VAT").then(pl.lit("tax")).otherwise(pl.lit("")).alias("exclusion"),
            pl.lit("").alias("class_notices"),
            pl.lit(0.0).alias("score"),
            pl.lit(0, pl.Int64).alias("decision"),
        )


def classified(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> tuple[Decider, pl.DataFrame]:
    ledger = [ledger_row(number, **row) for number, row in enumerate(rows, start=1)]
    path = write_ledger(ledger, tmp_path / "with-answers.parquet")
    pl.read_parquet(path).drop("activity", "category", "exclusion").write_parquet(tmp_path / "ledger.parquet")
    decider = Decider()
    target = tmp_path / "activities.parquet"
    classify(tmp_path / "ledger.parquet", target, decide=decider, year=options.get("year"))
    return decider, pl.read_parquet(target)


def test_descriptions_are_asked_about_only_where_the_account_leaves_it_open(tmp_path: Path) -> None:
    rows = [{"account": "Hotels", "description": f"night {n}"} for n in range(50)]
    rows += [{"account": "VAT", "description": f"return {n}"} for n in range(50)]
    rows += [{"account": "Other", "description": text} for text in ("taxi", "taxi", "pens")]
    decider, frame = classified(tmp_path, rows)
    assert len(decider.asked) == 3 + 2 + 2
    assert frame["activity"].to_list()[-3:] == ["naics2017:485310", "naics2017:485310", ""]
    assert frame["row"].to_list() == list(range(1, 104))


def test_texts_of_rows_stay_as_they_are(tmp_path: Path) -> None:
    frame = classified(tmp_path, [{"account": "Hotels", "description": "night 7"}])[1]
    assert frame.select("account", "description").rows() == [("Hotels", "night 7")]


@pytest.mark.parametrize(("year", "exclusion"), [(2022, ""), (2021, "outside_period"), (None, "")])
def test_rows_of_other_years_are_excluded(tmp_path: Path, year: int | None, exclusion: str) -> None:
    frame = classified(tmp_path, [{"account": "Hotels", "date": "2022-03-01"}], year=year)[1]
    assert frame["exclusion"].to_list() == [exclusion]


def test_empty_ledger_is_classified_too(tmp_path: Path) -> None:
    assert classified(tmp_path, [])[1].height == 0
