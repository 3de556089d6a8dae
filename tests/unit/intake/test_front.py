"""Files of every kind become raw tables through a limited child process."""

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.front import column, read, read_bytes, rows_of, sheet_xml, write_workbook

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError, InputError, QuestionError
from vcci.events import BatchAdvanced, Event
from vcci.intake.front import read_tables
from vcci.intake.limits import IntakeLimits


def test_raw_table_has_the_promised_columns(tmp_path: Path) -> None:
    table = read_bytes(b"a,b\n1,2\n", tmp_path)
    assert pl.read_parquet_schema(table.path) == {
        "line": pl.Int64,
        "cells": pl.Int32,
        "rest": pl.String,
        "c0": pl.String,
        "c1": pl.String,
    }
    assert table.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_found_conventions_read_the_file_again(tmp_path: Path) -> None:
    content = "Report\nname;amount\nMüller Köln;1,5\nGroß;2,5\n".encode("cp1252")
    found = read_bytes(content, tmp_path).found
    assert found == {"encoding": "cp1252", "delimiter": ";", "line_end": "LF", "header_row": "2"}
    told = {"encoding": found["encoding"], "delimiter": found["delimiter"], "header_row": 2}
    assert rows_of(read_bytes(content, tmp_path, **told)) == [("Müller Köln", "1,5"), ("Groß", "2,5")]


def test_progress_counts_on_over_files(tmp_path: Path) -> None:
    events: list[Event] = []
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_bytes(b"a,b\n1,2\n3,4\n")
    read_tables(paths, conventions=Conventions(), limits=IntakeLimits(), folder=tmp_path, hook=events.append)
    assert events == [BatchAdvanced("read", 2), BatchAdvanced("read", 4)]


def test_workbook_cells_become_plain_texts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for at, name in enumerate(["name", "n", "day", "moment", "yes", "bad"], start=2):
        sheet.cell(3, at, name)
    values: list[Any] = ["Acme", 3.0, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), True, "#REF!"]
    for at, value in enumerate(values, start=2):
        sheet.cell(5, at, value)
    book.save(tmp_path / "book.xlsx")
    table = read(tmp_path / "book.xlsx")
    assert table.header == ("name", "n", "day", "moment", "yes", "bad")
    assert rows_of(table) == [("Acme", "3", "2024-01-02", "2024-01-02T03:04:00", "TRUE", "#REF!")]
    assert (column(table, "line"), table.found["header_row"]) == ([5], "3")


def test_only_sheet_with_data_is_taken_and_several_are_a_question(tmp_path: Path) -> None:
    one = sheet_xml('<row><c t="inlineStr"><is><t>a</t></is></c></row>')
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(""), one)
    assert read(path).found["sheet"] == "S2"
    path = write_workbook(tmp_path / "book.xlsx", one, one)
    with pytest.raises(QuestionError, match=r"S1, S2.*--sheet"):
        read(path)
    assert read(path, sheet="S1").header == ("a",)
    with pytest.raises(InputError, match="no sheet 'S3'"):
        read(path, sheet="S3")


def test_merely_formatted_cells_far_away_do_no_harm(tmp_path: Path) -> None:
    row = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="XFD1" s="1"/></row><row r="1048576" s="1"/>'
    assert read(write_workbook(tmp_path / "book.xlsx", sheet_xml(row))).header == ("a",)


def test_parquet_values_become_plain_texts(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": [" 007", None],
            "float": pa.array([0.1, 1e-7], pa.float32()),
            "exact": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)),
            "day": [dt.date(2024, 1, 2), None],
            "moment": pa.array([dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3)], pa.timestamp("ns")),
            "zoned": pa.array([0, 1_500], pa.timestamp("ms", "UTC")),
            "yes": [True, False],
            "word": pa.array(["x", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "ledger.parquet")
    assert rows_of(read(tmp_path / "ledger.parquet")) == [
        (" 007", "0.1", "1.50", "2024-01-02", "2024-01-02", "1970-01-01T00:00:00Z", "TRUE", "x"),
        ("", "0.0000001", "", "", "2024-01-02T03:00:00", "1970-01-01T00:00:01.5Z", "FALSE", "x"),
    ]


def test_parquet_rows_without_text_are_no_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["x", None, "y"], "b": [None, " ", "z"]}), tmp_path / "l.parquet")
    assert column(read(tmp_path / "l.parquet"), "line") == [1, 3]


def test_nested_parquet_column_is_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ok": [1], "tags": [["a"]]}), tmp_path / "l.parquet")
    with pytest.raises(FileRefusedError, match=r"'tags'.*list") as refused:
        read(tmp_path / "l.parquet")
    assert refused.value.code == "parquet_type_unreadable"


def test_missing_file_and_empty_folder_are_told_apart_from_bad_files(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "no.csv", "does not exist"), (tmp_path, "holds no file")):
        with pytest.raises(InputError, match=words):
            read(path)


def test_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="VCCI_MAX_FILE_BYTES"):
        read_bytes(b"a,b\n1,2\n", tmp_path, limits=IntakeLimits(file_bytes=7))


def test_interruption_leaves_neither_child_nor_files(tmp_path: Path) -> None:
    source, out = tmp_path / "ledger.csv", tmp_path / "out"
    source.write_bytes(b"a,b\n1,2\n")
    out.mkdir()

    def interrupt(_event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_tables([source], conventions=Conventions(), limits=IntakeLimits(), folder=out, hook=interrupt)
    assert list(out.iterdir()) == []
