"""What hangs on the texts of a run: every row once, in currencies, bounded."""

from pathlib import Path

import polars as pl
import pytest

from vcci.processing import texts


def run_in(folder: Path, rows: list[tuple[str, str, str, str, int]]) -> None:
    """Lay out a run of rows (account, description, unit, reason, mg); those without a reason have a line."""
    (folder / "lines").mkdir()
    (folder / "unlined").mkdir()
    schema = ["account", "description", "unit", "reason", "mg"]
    frame = pl.DataFrame(rows, schema, orient="row").with_row_index("row", 1)
    line = pl.col("reason") == ""
    outcome = pl.when(line).then(pl.lit("line")).otherwise(pl.lit("not covered"))
    other = {"account_code": pl.lit(""), "capital": pl.lit(value=False), "outcome": outcome}
    frame.with_columns(**other).drop("mg").write_parquet(folder / "activities.parquet")
    of_line = {"category": pl.lit(1), "co2e_mg": pl.col("mg"), "spend_hundredths": pl.col("mg") * 10}
    frame.filter(line).select("row", **of_line).write_parquet(folder / "lines" / "part-00000.parquet")
    unlined = frame.filter(~line).select("row", "reason", spend_hundredths=pl.lit(5, pl.Int64))
    unlined.write_parquet(folder / "unlined" / "part-00000.parquet")


def told(*answers: tuple[str, str, str, float, int]) -> pl.DataFrame:
    """Return answers: account, description, activity, score, decision."""
    names = ["account", "description", "activity", "score", "decision"]
    found = pl.DataFrame(answers, names, orient="row")
    return found.with_columns(account_code=pl.lit(""), capital=pl.lit(value=False), exclusion=pl.lit(""))


def summed(folder: Path) -> list[tuple[str, str, str, int, int, int]]:
    texts.sum_up(folder, is_money=lambda unit: unit == "GBP")
    found = pl.read_parquet(folder / texts.REVIEW)
    return found.select("account", "description", "unit", *texts.SUMS).rows()


def test_rows_hang_on_their_account_or_where_it_is_open_on_their_description(tmp_path: Path) -> None:
    run_in(
        tmp_path,
        [
            ("Taxi", "a", "GBP", "", 7),
            ("Taxi", "b", "kg", "", 1),
            ("Open", "a", "GBP", "", 2),
            ("Open", "b", "GBP", "commodity_unknown", 0),
            ("Ruled", "a", "GBP", "", 4),
        ],
    )
    answers = (("Taxi", "", "x", 0.9, 0), ("Open", "a", "y", 0.7, 0), ("Open", "b", "", 0.0, 0))
    texts.keep(told(*answers, ("Ruled", "", "z", 0.0, 0)), tmp_path / texts.TEXTS)
    assert summed(tmp_path) == [
        ("Open", "a", "GBP", 1, 20, 2),
        ("Open", "b", "GBP", 1, 5, 0),
        ("Taxi", "", "", 1, 0, 1),
        ("Taxi", "", "GBP", 1, 70, 7),
    ]


def test_only_the_texts_that_most_hangs_on_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_TEXTS", 2)
    run_in(tmp_path, [(name, "", "GBP", "", mg) for name, mg in zip("abcd", (3, 9, 1, 5), strict=True)])
    texts.keep(told(*((name, "", "x", 0.8, 0) for name in "abcd")), tmp_path / texts.TEXTS)
    assert [row[0] for row in summed(tmp_path)] == ["b", "d"]


def test_decisions_that_texts_were_placed_by_are_known(tmp_path: Path) -> None:
    texts.keep(
        told(("a", "", "x", 0.0, 3), ("b", "", "", 0.0, 5), ("c", "", "z", 0.9, 0)), tmp_path / texts.TEXTS
    )
    assert texts.decisions_in(tmp_path) == {3, 5}


def test_run_whose_texts_are_all_ruled_leaves_nothing(tmp_path: Path) -> None:
    texts.keep(told(("a", "", "x", 0.0, 0)), tmp_path / texts.TEXTS)
    texts.sum_up(tmp_path, is_money=bool)
    assert (list(tmp_path.iterdir()), texts.decisions_in(tmp_path)) == ([], frozenset())
