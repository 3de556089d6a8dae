"""Delimited text becomes a raw table, cell for cell, in any dialect."""

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.front import column, read_bytes, rows_of

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError
from vcci.intake.front import RawTable
from vcci.intake.job import Job
from vcci.intake.limits import IntakeLimits
from vcci.intake.text import read_text

PLAIN = st.text(alphabet="aZ0 .-éß漢,;|\t'=", max_size=6)
ANY = st.text(alphabet='aé漢 \r\n",;|\t\ufeff', max_size=6)


def in_process(content: bytes, folder: Path, **conventions: Any) -> RawTable:
    """Read a text without a child process, for many small examples."""
    source, out = folder / "in.csv", folder / "out.parquet"
    source.write_bytes(content)
    job = Job("in.csv", source, out, Conventions(**conventions), IntakeLimits(), lambda _rows: None)
    answer = read_text(job)
    return RawTable("in.csv", out, answer.header, answer.rows, "", answer.kind, answer.found)


@given(
    rows=st.lists(st.tuples(ANY, ANY, ANY), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_any_table_comes_back_cell_for_cell(
    rows: list[tuple[str, ...]], delimiter: str, line_end: str, encoding: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "amount", "date"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        table = in_process(stream.getvalue().encode(encoding), Path(folder), delimiter=delimiter)
        assert table.header == ("name", "amount", "date")
        assert rows_of(table) == [row for row in rows if "".join(row).strip()]


@given(
    rows=st.lists(st.tuples(PLAIN, PLAIN, PLAIN), max_size=8), line_end=st.sampled_from(["\n", "\r\n", "\r"])
)
def test_unquoted_tables_come_back_cell_for_cell(rows: list[tuple[str, ...]], line_end: str) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=line_end).writerows([("name", "amount", "date"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        table = in_process(stream.getvalue().encode(), Path(folder), delimiter=",")
        assert rows_of(table) == [row for row in rows if "".join(row).strip()]


def test_nothing_is_coerced(tmp_path: Path) -> None:
    table = read_bytes(b"id,n\n00123,1\n 1E5 , +44\n=1,\n", tmp_path)
    assert rows_of(table) == [("00123", "1"), (" 1E5 ", " +44"), ("=1", "")]


def test_lines_are_those_where_records_start(tmp_path: Path) -> None:
    table = read_bytes(b'Report\n\na,b\n1,"x\ny"\n,\n \n2,z\n', tmp_path)
    assert (column(table, "line"), table.found["header_row"]) == ([4, 8], "3")


def test_ragged_rows_are_kept_with_their_number_of_cells(tmp_path: Path) -> None:
    table = read_bytes(b"a,b,c\n1,2,3,4\n1,2\n1,2,3,,\n1,2,3\n", tmp_path)
    assert column(table, "cells") == [4, 2, 3, 3]
    assert rows_of(table) == [("1", "2", "3"), ("1", "2", ""), ("1", "2", "3"), ("1", "2", "3")]


def test_nameless_columns_at_the_end_go_only_if_they_are_empty(tmp_path: Path) -> None:
    assert read_bytes(b"a,b,,\n1,2,,\n", tmp_path).header == ("a", "b")
    assert read_bytes(b"a,b,,\n1,2,x,\n", tmp_path).header == ("a", "b", "")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_every_kind_end_a_row(tmp_path: Path, line_end: bytes) -> None:
    table = read_bytes(line_end.join([b"a,b", b"1,2", b"3,4", b""]), tmp_path)
    assert rows_of(table) == [("1", "2"), ("3", "4")]


def test_separator_line_names_the_delimiter(tmp_path: Path) -> None:
    table = read_bytes(b"sep=\t\r\na\tb,c\r\n1\t2\r\n", tmp_path)
    assert (table.header, table.kind, table.found["header_row"]) == (("a", "b,c"), "tsv", "2")


def test_header_without_rows_gives_no_rows(tmp_path: Path) -> None:
    table = read_bytes(b"supplier,amount\n", tmp_path)
    assert (table.header, table.rows, rows_of(table)) == (("supplier", "amount"), 0, [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"\n \n,,\n", "file_empty"),
        (b'a,b\n1,"2\n3,4\n', "file_quote_unclosed"),
        (b'a,b\n1,2\n1,"2"x\n', "file_quotes_broken"),
        (b"a,b\x00\n1,2\n", "file_has_nul"),
        (b"a,b\n1," + b"x" * 40_000 + b"\n", "file_cell_too_long"),
        ("a,b\n1," + "漢" * 20_000 + "\n", "file_cell_too_long"),
        (b",".join([b"c"] * 501) + b"\n", "file_too_many_columns"),
    ],
)
def test_text_that_cannot_be_read_whole_is_refused(tmp_path: Path, content: bytes | str, code: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        read_bytes(content.encode() if isinstance(content, str) else content, tmp_path)
    assert refused.value.code == code


def test_unclosed_quote_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="line 3"):
        read_bytes(b'a,b\n1,2\n3,"4\n5,6\n', tmp_path)


def test_bytes_outside_the_told_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match=r"81.*cp1252"):
        read_bytes(b"a,b\n\x81,2\n", tmp_path, encoding="cp1252")
