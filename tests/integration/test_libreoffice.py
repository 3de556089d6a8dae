"""What a person opens: exported names are texts in LibreOffice, not formulas, and come back as they were."""

import csv
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.acceptance.conftest import program
from tests.acceptance.test_run_command import RULES

from vcci.domain.display import inert
from vcci.intake.raw_sink import record_of

TRUSTING = "CSV:44,34,76,1,,0,false,true,false,false,false,0,true"
"""Comma, double quote, UTF-8, from line 1; numbers are detected, and formulas are evaluated."""

Convert = Callable[[Path], dict[str, list[Any]]]


@pytest.fixture
def names(shared: Path) -> list[str]:
    """The published names that begin a formula, one way or another."""
    truth = json.loads((shared / "corpora/bad-input/scope3-messy/truth.json").read_text(encoding="utf-8"))
    found: list[str] = truth["formula_names.csv"]["names"]
    assert len(found) == 19
    return found


@pytest.fixture
def opened(tmp_path: Path) -> Convert:
    """Open a CSV file in LibreOffice, save it as XLSX beside it, and give its cells by column."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice (soffice) is not here")

    def convert(path: Path) -> dict[str, list[Any]]:
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        options = ("--headless", f"--infilter={TRUSTING}", "--convert-to", "xlsx", "--outdir", path.parent)
        subprocess.run(["soffice", profile, *options, path], check=True, capture_output=True, timeout=300)
        sheet = openpyxl.load_workbook(path.with_suffix(".xlsx")).worksheets[0]
        return {str(column[0].value): list(column[1:]) for column in sheet.iter_cols()}

    return convert


@pytest.fixture
def run(tmp_path: Path, names: list[str], url: str) -> Callable[..., Path]:
    """Run a ledger that has each name as supplier of a line, and as supplier and amount of a rejected row."""
    rows = [(name, "Software licences", "2022-03-01", amount) for name in names for amount in ("10", name)]
    write(tmp_path / "ledger.csv", [("Supplier", "Expense type", "Invoice date", "Amount GBP"), *rows])
    (tmp_path / "rules.yaml").write_text(RULES)

    def vcci(out: str, *options: str | Path) -> Path:
        here = program(tmp_path, tmp_path)
        done = here("run", "ledger.csv", "--map", "rules.yaml", "--out", out, *options, DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        return tmp_path / out

    return vcci


def write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def shown(texts: Iterable[str]) -> list[str]:
    """Return texts as LibreOffice shows them: guarded, and with its one kind of line end within a cell."""
    return [inert(text).replace("\r", "\n") for text in texts]


def texts(cells: list[Any]) -> list[str]:
    assert {cell.data_type for cell in cells} == {"s"}
    return [cell.value for cell in cells]


def test_names_would_be_formulas_if_they_were_not_guarded(
    opened: Convert, names: list[str], tmp_path: Path
) -> None:
    write(tmp_path / "bare.csv", [["name"], *([name] for name in names)])
    assert "f" in {cell.data_type for cell in opened(tmp_path / "bare.csv")["name"]}


def test_exported_names_open_as_texts(opened: Convert, names: list[str], run: Callable[..., Path]) -> None:
    folder = run("out")
    records = [record_of([name, "Software licences", "2022-03-01", name]) for name in names]
    assert texts(opened(folder / "lines.csv")["supplier"]) == shown(names)
    assert sorted(texts(opened(folder / "suppliers.csv")["supplier"])) == sorted(shown(names))
    rejects = opened(folder / "rejects.csv")
    assert texts(rejects["value"]) == shown(names)
    assert texts(rejects["row"]) == shown(records)


def test_names_that_went_through_libreoffice_come_back_byte_for_byte(
    opened: Convert, names: list[str], run: Callable[..., Path]
) -> None:
    first = run("first")
    rejects = pl.read_csv(first / "rejects.csv", infer_schema=False)
    rejects.with_columns(value=pl.lit("7.50")).write_csv(first / "rejects.csv")
    opened(first / "rejects.csv")
    second = run("second", "--repair", "first/rejects.xlsx")
    rows = pl.read_parquet(second / "activities.parquet")
    assert rows["supplier"].to_list() == [name for name in names for _ in range(2)]
    assert rows["quantity"].to_list() == ["10", "7.5"] * 19
