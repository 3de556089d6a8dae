"""Bad input, as a user meets it: a clear error or every row accounted for, and nothing left behind."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.acceptance.conftest import Vcci
from tests.support.front import sheet_xml, write_workbook

TABLE = "Account,Date,Amount GBP\nSoftware,2022-03-01,1.50\nHotel,2022-03-02,2.50\n"
TWO_CELLS = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
EMPTY_ROW = '<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="999999999"/>'


def counts(vcci: Vcci, file: str, *options: str) -> dict[str, Any]:
    done = vcci("run", file, "--dry-run", "--json", *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["counts"]
    return found


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("\n", "\r\n").encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-be"),
        TABLE.replace(",", ";").encode(),
    ],
    ids=["plain", "CR only", "CRLF with BOM", "UTF-16 with BOM", "UTF-16 without BOM", "semicolons"],
)
def test_every_way_to_write_a_table_gives_its_rows(vcci: Vcci, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.csv").write_bytes(content)
    assert counts(vcci, "ledger.csv")["lines"] == 2


def test_ragged_rows_are_rejected_by_line_and_the_others_counted(vcci: Vcci, tmp_path: Path) -> None:
    ragged = TABLE + "Hotel,2022-03-03,4,extra\nHotel,2022-03-04\n"
    (tmp_path / "ledger.csv").write_text(ragged)
    assert vcci("run", "ledger.csv", "--out", "out").returncode == 0
    rejects = pl.read_csv(tmp_path / "out" / "rejects.csv")
    assert rejects.select("source", "line", "code", "value").rows() == [
        ("ledger.csv", 4, "row_ragged", "4 cells instead of 3"),
        ("ledger.csv", 5, "row_ragged", "2 cells instead of 3"),
    ]


@pytest.mark.parametrize(
    ("rows", "code"), [(TWO_CELLS, "file_too_many_columns"), (EMPTY_ROW, "file_outside_grid")]
)
def test_workbook_that_would_end_the_process_is_refused(
    vcci: Vcci, tmp_path: Path, rows: str, code: str
) -> None:
    write_workbook(tmp_path / "bomb.xlsx", sheet_xml(rows))
    before = sorted(tmp_path.rglob("*"))
    done = vcci("run", "bomb.xlsx")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"[{code}]" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n \n", "file_empty"),
        (b"a\0b,c\n1,2\n", "file_has_nul"),
        (b"%PDF-1.7\n", "file_kind_unknown"),
        (b"PAR1 nothing else PAR1", "file_damaged"),
        (b'Account,Amount GBP\n"never closed,1\n', "file_quote_unclosed"),
        (b"Account,Date\nSoftware,2022-03-01\n", "quantity_column_missing"),
    ],
)
def test_file_that_cannot_be_read_is_refused_by_name(
    vcci: Vcci, tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "ledger.csv").write_bytes(content)
    done = vcci("run", "ledger.csv")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"[{code}]" in done.stderr
    assert "ledger.csv" in done.stderr
    assert not (tmp_path / "inventory").exists()


def test_table_with_a_header_and_no_rows_is_an_empty_inventory(vcci: Vcci, tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text("Account,Date,Amount GBP\n")
    assert counts(vcci, "ledger.csv")["rows"] == 0
