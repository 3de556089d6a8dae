"""The exported tables: complete, in row order, and inert in a spreadsheet."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.domain.display import FORMULA
from vcci.domain.finding import REASONS
from vcci.engine.tables import resolved_tables
from vcci.processing import export, local

BAD = {
    "problem": "quantity_not_a_number",
    "problem_column": "Amount",
    "problem_value": "=1+1",
    "quantity": "",
}


def exported(folder: Path, *rows: dict[str, Any], chunk_rows: int = 2) -> Path:
    folder.mkdir(exist_ok=True)
    activities = write_ledger(list(rows), folder / "activities.parquet")
    (folder / "ledger.parquet").touch()
    answers = calculator(factor("541511", "0.1"))
    local.run(
        activities, resolve=lambda k, d: resolved_tables(k, d, answers), out=folder, chunk_rows=chunk_rows
    )
    export.rows(folder, run="run-1", records=as_in_file)
    return folder


def as_in_file(rows: pl.DataFrame) -> pl.DataFrame:
    """Stands for intake: a record of two cells, of which the one at fault is the second."""
    return rows.with_columns(
        sha256=pl.lit("digest"),
        column=pl.when(pl.col("target") != "")
        .then(pl.lit("Column of ") + pl.col("target"))
        .otherwise(pl.lit("")),
        value=pl.when(pl.col("target") != "").then(pl.lit("-x")).otherwise(pl.lit("")),
        record=pl.lit("=1+1,-x"),
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def restored(text: str) -> str:
    return text[1:] if text.startswith("'") and re.search(FORMULA, text) else text


def test_each_line_carries_its_row_and_its_factor(tmp_path: Path) -> None:
    rows = [ledger_row(n, quantity=str(-n)) for n in range(1, 6)]
    lines = read(exported(tmp_path, *rows) / "lines.csv")
    assert [(line["row"], line["line"], line["quantity"]) for line in lines] == [
        (str(n), str(n + 1), str(-n)) for n in range(1, 6)
    ]
    assert {(line["factor_value"], line["factor_unit"], line["pack"]) for line in lines} == {
        ("0.1", "kg CO2e/USD 2022", "test-pack")
    }


def test_a_rejected_row_is_listed_with_its_remedy(tmp_path: Path) -> None:
    rows = [ledger_row(1), ledger_row(2, **BAD), ledger_row(3, exclusion="tax")]
    assert read(exported(tmp_path, *rows) / "rejects.csv") == [
        {
            "source": "ledger.csv",
            "line": "3",
            "column": "Amount",
            "code": "quantity_not_a_number",
            "value": "'=1+1",
            "meaning": REASONS["quantity_not_a_number"].meaning,
            "hint": REASONS["quantity_not_a_number"].remedy,
            "row": "'=1+1,-x",
            "run": "run-1",
            "sha256": "digest",
        }
    ]


def test_a_row_that_the_calculation_rejects_is_told_with_its_cell_too(tmp_path: Path) -> None:
    rejected = read(exported(tmp_path, ledger_row(1, unit="florins")) / "rejects.csv")
    assert [(r["code"], r["column"], r["value"]) for r in rejected] == [
        ("unit_unknown", "Column of unit", "'-x")
    ]


def test_rejected_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [ledger_row(n, **BAD) for n in range(1, 8)]
    assert [r["line"] for r in read(exported(tmp_path, *rows) / "rejects.csv")] == list("2345678")


def test_every_row_is_kept_with_its_outcome(tmp_path: Path) -> None:
    rows = [ledger_row(1), ledger_row(2, **BAD), ledger_row(3, exclusion="tax"), ledger_row(4, activity="")]
    folder = exported(tmp_path, *rows)
    kept = pl.read_parquet(folder / "activities.parquet").select("row", "outcome", "reason").rows()
    assert kept == [
        (1, "line", ""),
        (2, "rejected", "quantity_not_a_number"),
        (3, "excluded", "tax"),
        (4, "not covered", "commodity_unknown"),
    ]
    assert not (folder / "ledger.parquet").exists()


def test_the_size_of_parts_changes_nothing(tmp_path: Path) -> None:
    rows = [ledger_row(n, **(BAD if n % 3 == 0 else {})) for n in range(1, 12)]
    one = exported(tmp_path / "one", *rows, chunk_rows=4)
    two = exported(tmp_path / "two", *rows, chunk_rows=100)
    for name in ("lines.csv", "rejects.csv"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    kept = [pl.read_parquet(folder / "activities.parquet") for folder in (one, two)]
    assert kept[0].equals(kept[1])


def test_published_formula_names_are_inert_and_can_be_restored(tmp_path: Path, shared: Path) -> None:
    truth = json.loads((shared / "corpora/bad-input/scope3-messy/truth.json").read_text(encoding="utf-8"))
    names = truth["formula_names.csv"]["names"]
    rows = [ledger_row(n, supplier=name, account=name) for n, name in enumerate(names, 1)]
    lines = read(exported(tmp_path, *rows) / "lines.csv")
    assert [restored(line["supplier"]) for line in lines] == names
    assert not [n for line in lines if re.match(r"\s*[=+\-@\t\r＝＋－＠]", n := line["supplier"])]
