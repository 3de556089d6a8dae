"""XLS, XLSB and ODS, beside XLSX: the same texts for the same values, and bombs told before they are read."""

import zipfile
from pathlib import Path

import pytest
from tests.support.front import outcome, read, rows_of

from vcci.errors import QuestionError

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
HEADER = "<table:table-row>" + "".join(
    f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
    for name in "abc"
)
EMPTY = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'


def write_ods(path: Path, rows: str, declaration: str = "") -> Path:
    """Write the smallest OpenDocument spreadsheet of one sheet."""
    body = f'<office:body><office:spreadsheet><table:table table:name="S1">{rows}</table:table>'
    ends = "</office:spreadsheet></office:body></office:document-content>"
    content = f"<office:document-content {NAMES}>{body}{ends}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", declaration + content)
    return path


def cell(value: str, *, times: int = 1) -> str:
    repeated = f' table:number-columns-repeated="{times}"'
    return f'<table:table-cell office:value-type="float" office:value="{value}"{repeated}/>'


def test_opendocument_numbers_and_repeated_cells_become_texts(tmp_path: Path) -> None:
    cells = cell("1.50") + cell("3", times=2)
    row = f'<table:table-row table:number-rows-repeated="2">{cells}</table:table-row>'
    table = read(write_ods(tmp_path / "book.ods", HEADER + "</table:table-row>" + row + EMPTY))
    assert (table.kind, table.header) == ("ods", ("a", "b", "c"))
    assert rows_of(table) == [("1.5", "3", "3")] * 2


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (
            f'<table:table-row table:number-rows-repeated="1048576">{cell("1", times=400)}</table:table-row>',
            "cells",
        ),
        (f"<table:table-row>{cell('1', times=16_384)}</table:table-row>", "columns"),
        (f"<table:table-row>{cell('1')}</table:table-row>{EMPTY}" * 3, "rows"),
    ],
)
def test_opendocument_bombs_of_repetition_are_refused(tmp_path: Path, rows: str, code: str) -> None:
    assert outcome(write_ods(tmp_path / "bomb.ods", rows), tmp_path) == f"file_too_many_{code}"


def test_opendocument_that_repeats_beyond_any_grid_or_declares_entities_is_refused(tmp_path: Path) -> None:
    absurd = f'<table:table-row table:number-rows-repeated="99999999999999">{cell("1")}</table:table-row>'
    assert outcome(write_ods(tmp_path / "a.ods", absurd), tmp_path) == "file_outside_grid"
    entities = write_ods(tmp_path / "b.ods", "", declaration='<!DOCTYPE a [<!ENTITY b "b">]>')
    assert outcome(entities, tmp_path) == "file_declares_entities"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("calamine-workbooks/pass_protected.ods", "file_encrypted"),
        ("calamine-workbooks/issue_385.xls", "file_encrypted"),
        ("messytables-horror/encrypted_no_password.xls", "file_encrypted"),
        ("calamine-workbooks/issues.xls", "sheet_ambiguous"),
        ("phpspreadsheet/other/NotASpreadsheetFile.doc", "file_kind_unknown"),
    ],
)
def test_old_and_protected_workbooks_are_refused_or_asked_about(
    shared: Path, tmp_path: Path, *, name: str, code: str
) -> None:
    assert outcome(shared / "corpora/bad-input" / name, tmp_path) == code


@pytest.mark.parametrize("name", ["date.xlsb", "date.ods", "date_1904.xls"])
def test_dates_are_dates_in_every_kind_of_workbook(shared: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((shared / "corpora/bad-input/calamine-workbooks" / name).read_bytes())
    with pytest.raises(QuestionError, match="--header-row"):
        read(path)
    assert rows_of(read(path, header_row=0))[0] == ("2021-01-01", "15")


def test_published_xls_ledger_has_its_rows(shared: Path, tmp_path: Path) -> None:
    name = "uk_birmingham_city_council_purchase_cards_2015-08_raw.xls"
    (tmp_path / name).write_bytes((shared / "data/activity" / name).read_bytes())
    table = read(tmp_path / name)
    assert (table.kind, table.rows, rows_of(table)[0][:3]) == ("xls", 2062, ("2015-08-04", "VR", "50.32"))
