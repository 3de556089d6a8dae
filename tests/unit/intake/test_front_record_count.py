"""The second count of records agrees with a CSV parser wherever that one reads, piece by piece."""

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vcci.intake.record_count import RecordCount

TEXTS = st.text(alphabet='",;\r\n a', max_size=60)


@given(TEXTS)
def test_counts_agree_with_the_csv_parser(text: str) -> None:
    try:
        parsed = len(list(csv.reader(io.StringIO(text, newline=""), strict=True)))
    except csv.Error:
        assume(False)
    assert RecordCount.of([text], ",").records == parsed


@given(TEXTS, st.integers(1, 7))
def test_count_does_not_depend_on_the_pieces(text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert RecordCount.of(pieces, ",") == RecordCount.of([text], ",")


@pytest.mark.parametrize(
    ("text", "records", "line_end"),
    [
        ("", 0, ""),
        ("a", 1, ""),
        ("a\nb\n", 2, "LF"),
        ("a\rb\r", 2, "CR"),
        ('a\r\n"x\ny"\r\n', 2, "CRLF"),
        ('5" pipe\n"a ""b""\n",c\n', 2, "LF"),
        ("a\r\nb\nc\r", 3, "mixed"),
    ],
)
def test_line_ends_inside_quotes_end_no_record(text: str, records: int, line_end: str) -> None:
    count = RecordCount.of([text], ",")
    assert (count.records, count.line_end) == (records, line_end)
