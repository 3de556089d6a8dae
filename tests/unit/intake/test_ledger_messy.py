"""Messy purchase files end to end: rows and exact sums as published with them; what is open is asked."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vcci.domain.mapping import Conventions, DateOrder, DecimalMark, Mapping
from vcci.errors import VcciError
from vcci.intake import IntakeLimits, read_ledger
from vcci.services.ports import LedgerRead

ASKED_OR_REFUSED = {
    "dates.csv": "date_order_ambiguous",
    "duplicate_header.csv": "column_ambiguous",
    "empty.csv": "file_empty",
    "not_numbers.csv": "decimal_ambiguous",
    "nul_bytes.csv": "file_has_nul",
}


@pytest.fixture(scope="module")
def messy(shared: Path) -> Path:
    return shared / "corpora" / "bad-input" / "scope3-messy"


@pytest.fixture(scope="module")
def truth(messy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((messy / "truth.json").read_text(encoding="utf-8"))
    return found


def ledger(path: Path, folder: Path, **conventions: Any) -> tuple[LedgerRead, pl.DataFrame]:
    mapping = Mapping(conventions=Conventions(**conventions))
    out = folder / "ledger.parquet"
    read = read_ledger([path], mapping=mapping, out=out, limits=IntakeLimits(), year=2025)
    return read, pl.read_parquet(out)


def outcome(path: Path, folder: Path) -> tuple[int, Decimal] | str:
    """The rows and exact sum of a file, or the code of its refusal."""
    try:
        read, frame = ledger(path, folder)
    except VcciError as error:
        return error.code
    return read.rows, sum((Decimal(text) for text in frame["quantity"] if text), Decimal(0))


def test_every_file_has_its_rows_and_sum_or_is_asked_about(
    messy: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    summed = {name: t for name, t in truth.items() if t["sum_quantity_kg"] and name not in ASKED_OR_REFUSED}
    expected = {name: (t["data_rows"], Decimal(t["sum_quantity_kg"])) for name, t in summed.items()}
    assert len(expected) == 31
    expected |= ASKED_OR_REFUSED  # type: ignore[arg-type]
    rows, total = expected["preamble_and_total.csv"]
    expected["preamble_and_total.csv"] = (rows + 1, total)  # the total row is shown, and excluded
    assert {name: outcome(messy / name, tmp_path) for name in expected} == expected


def test_ragged_rows_are_rejected_by_line_and_the_others_kept(messy: Path, tmp_path: Path) -> None:
    frame = ledger(messy / "ragged.csv", tmp_path)[1]
    bad = frame.filter(pl.col("problem") == "row_ragged")
    assert (bad["line"].to_list(), frame.filter(problem="").height) == ([3, 5], 6)


def test_dates_are_read_or_rejected_once_the_order_is_told(
    messy: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    frame = ledger(messy / "dates.csv", tmp_path, date_order=DateOrder.DMY)[1]
    expected = [day or "" for day in truth["dates.csv"]["dates"]]
    expected[2] = "2025-03-04"
    assert frame["date"].to_list() == expected
    assert frame.filter(date="")["problem"].to_list() == ["date_not_a_date"] * 2


@pytest.mark.parametrize(("mark", "read"), [("point", ["12"]), ("comma", ["1.5", "12"])])
def test_nothing_but_numbers_is_read_once_the_mark_is_told(
    messy: Path, tmp_path: Path, mark: str, read: list[str]
) -> None:
    frame = ledger(messy / "not_numbers.csv", tmp_path, decimal=DecimalMark(mark))[1]
    assert frame.filter(pl.col("quantity") != "")["quantity"].to_list() == read
    assert frame.filter(quantity="")["problem"].is_in(["quantity_not_a_number", "quantity_missing"]).all()


def test_identifiers_and_names_stay_byte_for_byte(messy: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    ids = ledger(messy / "identifiers.csv", tmp_path)[1]["supplier_id"].to_list()
    names = ledger(messy / "formula_names.csv", tmp_path)[1]["supplier"].to_list()
    assert ids == truth["identifiers.csv"]["ids"]
    assert names == truth["formula_names.csv"]["names"]


def test_units_are_those_of_the_file(messy: Path, tmp_path: Path) -> None:
    units = ledger(messy / "units.csv", tmp_path)[1]["unit"].to_list()
    assert units[:5] == ["t", "g", "long ton", "ton", "lb"]


def test_published_quarters_of_one_ledger_read_together(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "activity"
    paths = sorted(folder.glob("uk_oxford_city_council_spend_over_500_*_raw.csv"))
    out = tmp_path / "ledger.parquet"
    read = read_ledger(paths, mapping=Mapping(currency="GBP"), out=out, limits=IntakeLimits(), year=None)
    frame = pl.read_parquet(out)
    assert read.rows == frame.height == sum(file["rows"] for file in read.files)
    assert frame["row"].equals(pl.Series(range(1, frame.height + 1)))
    assert read.mapping.conventions.date_order is DateOrder.DMY
    assert frame.filter(pl.col("problem") != "").height <= 1


def test_child_that_parses_files_loads_none_of_the_rest() -> None:
    import subprocess
    import sys

    code = "import sys, vcci.intake.child; print({'polars', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
