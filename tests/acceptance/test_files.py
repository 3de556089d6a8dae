"""All kinds of files of one ledger, as a user gives them: every row is in the result, or none."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Vcci

TABLE = "Account,Date,Amount GBP\nSoftware,2022-03-01,1.50\nHotel,2022-03-02,2.50\n"
OTHER = '[{"Betrag EUR": 7.10, "Datum": "2022-03-04", "Expense type": "Software"}]'
ACTIVITY = "data/activity"


def counts(vcci: Vcci, *arguments: str | Path) -> dict[str, Any]:
    done = vcci("run", *arguments, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["counts"]
    return found


def test_folder_of_files_with_different_layouts_is_one_ledger(vcci: Vcci, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "january.csv").write_text(TABLE)
    (folder / "february.csv.gz").write_bytes(gzip.compress(TABLE.replace(",", ";").encode("utf-16")))
    (folder / "march.json").write_text(OTHER)
    (folder / "readme.txt").write_text("What these are.")
    assert counts(vcci, "ledger")["lines"] == 5


def test_archive_names_its_members_in_the_results(vcci: Vcci, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
        archive.writestr("2022/q1.csv", TABLE)
        archive.writestr("q2.json", OTHER)
    assert vcci("run", "files.zip", "--out", "out").returncode == 0
    sources = json.loads((tmp_path / "out" / "inventory.json").read_text())["sources"]
    assert sources == ["files.zip/2022/q1.csv", "files.zip/q2.json"]


def test_member_that_cannot_be_read_stops_the_run_by_its_name(vcci: Vcci, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("b.xlsx", b"PK\x03\x04 and nothing else")
    done = vcci("run", "files.zip")
    assert (done.returncode, done.stdout) == (3, "")
    assert "files.zip/b.xlsx" in done.stderr
    assert "[file_damaged]" in done.stderr


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("uk_hm_treasury_spend_over_25k_2025-01.json", 79),
        ("uk_birmingham_city_council_purchase_cards_2015-08_raw.xls", 2062),
    ],
)
def test_published_ledgers_are_read_whole(vcci: Vcci, shared: Path, *, name: str, rows: int) -> None:
    found = counts(vcci, shared / ACTIVITY / name, "--currency", "GBP")
    assert (found["rows"], found["rejected"]) == (rows, 0)


def test_every_council_file_of_a_folder_is_read(vcci: Vcci, shared: Path, tmp_path: Path) -> None:
    for path in (shared / ACTIVITY).glob("uk_oxford_city_council_spend_over_500_*_raw.csv"):
        shutil.copy(path, tmp_path)
    apart = [counts(vcci, path, "--currency", "GBP") for path in sorted(tmp_path.glob("*.csv"))]
    together = counts(vcci, ".", "--currency", "GBP")
    assert together["rows"] == sum(found["rows"] for found in apart)


def test_table_without_header_is_read_by_place(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text(TABLE.partition("\n")[2])
    (tmp_path / "map.yaml").write_text(
        "currency: GBP\nconventions: {header_row: 0}\ncolumns: {account: '#1', date: '#2', quantity: '#3'}\n"
    )
    assert vcci("run", "ledger.csv", "--map", "map.yaml", "--out", "out").returncode == 0
    again = counts(vcci, "ledger.csv", "--map", "out/mapping.yaml")
    assert (again["rows"], again["lines"]) == (2, 2)


def test_totals_among_the_rows_are_excluded_and_rows_add_up(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text(TABLE + "Total,,4.00\n")
    found = counts(vcci, "ledger.csv", "--year", "2022")
    assert (found["rows"], found["lines"], found["excluded"]) == (3, 2, 1)
