"""Mended rows take the place of the rejected ones; every text comes back as it was."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.raw_tables import of, raw_table

from vcci.domain.display import inert
from vcci.domain.mapping import Mapping
from vcci.errors import InputError
from vcci.intake.front import RawTable
from vcci.intake.ledger import ledger_of
from vcci.intake.raw_sink import record_of
from vcci.intake.records import cells_of, record_text
from vcci.intake.repairs import restored
from vcci.services.ports import LedgerRead

HEADER = "source|line|column|code|value|row|run|sha256"
TEXTS = st.text(alphabet=st.sampled_from("a1=+-@'\" ,;|\t\r\n＝\u200b\xa0"), max_size=8)


def mended(folder: Path, *rows: str, header: str = HEADER) -> RawTable:
    """A mended list of rows of ledger.csv, `line|column|code|value|row` of each."""
    whole = [f"ledger.csv|{row}|run-1|sha of ledger.csv" for row in rows]
    return raw_table(folder, header, *whole, name="rejects.csv")


def repaired(ledger: RawTable, *lists: RawTable) -> tuple[LedgerRead, pl.DataFrame]:
    out = ledger.path.with_name("ledger.parquet")
    read = ledger_of([ledger], mapping=Mapping(), out=out, year=None, repairs=lists)
    return read, pl.read_parquet(out)


@pytest.fixture
def ledger(tmp_path: Path) -> RawTable:
    rows = ("A|2024-01-02|1", "B|2024-01-02|x", "C|2024-01-02", "D|2024-01-02|y|9")
    return raw_table(tmp_path, "Supplier|Date|Amount GBP", *rows)


def test_a_cell_or_a_whole_row_is_mended_and_the_rest_stays(ledger: RawTable, tmp_path: Path) -> None:
    lists = mended(
        tmp_path,
        "3|Amount GBP|quantity_not_a_number|2|B,2024-01-02,x",
        "4||row_ragged|2 cells instead of 3|C,2024-01-02,3",
        "5||row_ragged|4 cells instead of 3|D,2024-01-02,y,9",
    )
    read, frame = repaired(ledger, lists)
    assert of(frame, "line", "quantity", "problem", "notices") == [
        (2, "1", "", ""),
        (3, "2", "", "row_repaired"),
        (4, "3", "", "row_repaired"),
        (5, "", "row_ragged", ""),
    ]
    assert [(row.line, row.before, row.after) for row in read.repairs] == [
        (3, "B,2024-01-02,x", "B,2024-01-02,2"),
        (4, "C,2024-01-02", "C,2024-01-02,3"),
    ]


def test_what_was_read_is_named_by_the_mended_rows_and_not_by_the_list(
    ledger: RawTable, tmp_path: Path
) -> None:
    rows = ("3|Amount GBP|quantity_not_a_number|2|B,2024-01-02,x", "3||quantity_not_a_number||B,2024-01-02,2")
    digests = [repaired(ledger)[0].digest, *(repaired(ledger, mended(tmp_path, r))[0].digest for r in rows)]
    assert digests[1] == digests[2] != digests[0]


def test_a_mended_text_does_not_change_how_the_column_is_read(ledger: RawTable, tmp_path: Path) -> None:
    lists = mended(tmp_path, "3|Date|quantity_not_a_number|02.01.2024|B,2024-01-02,7")
    read, frame = repaired(ledger, lists)
    assert of(frame, "line", "date", "quantity")[1] == (3, "2024-01-02", "7")
    assert read.mapping.columns == repaired(ledger)[0].mapping.columns


def test_rows_in_stay_the_same_where_a_mend_completes_a_total(tmp_path: Path) -> None:
    rows = ("A|2024-01-02|1", "B|2024-01-02|2", "C|2024-01-02|three", "Total||6")
    ledger = raw_table(tmp_path, "Supplier|Date|Amount GBP", *rows)
    mend = mended(tmp_path, "4|Amount GBP|quantity_not_a_number|3|C,2024-01-02,three")
    read, frame = repaired(ledger, mend)
    assert read.rows == repaired(ledger)[0].rows == frame.height
    assert of(frame, "quantity", "problem") == [("1", ""), ("2", ""), ("3", ""), ("", "subtotal")]


REFUSED = {
    "3|Amount GBP|quantity_not_a_number|2|B,2024-01-02,5": ("repair_does_not_fit", "one text in its value"),
    "3||quantity_not_a_number|2|B,2024-01-02,x": ("repair_does_not_fit", "no column"),
    '3||quantity_not_a_number||"B,2024-01-02,2': ("repair_unreadable", "not one record"),
    "3||quantity_not_a_number||B,2024-01-02,2\nB,2024-01-02,2": ("repair_unreadable", "2 records"),
    "2|Amount GBP|unit_missing|2|A,2024-01-02,1": ("repair_does_not_fit", "is not rejected as"),
    "three|Amount GBP|quantity_not_a_number|2|": ("repair_unreadable", "no line number"),
    "3|Amount GBP|quantity_not_a_number|2|B,2024-01-02,x|||||": ("repair_unreadable", "13 cells"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_mend_that_cannot_be_meant_is_refused(ledger: RawTable, tmp_path: Path, row: str) -> None:
    code, named = REFUSED[row]
    with pytest.raises(InputError, match=named) as refused:
        repaired(ledger, mended(tmp_path, row))
    assert refused.value.code == code


@given(TEXTS)
def test_guard_against_formulas_is_undone_exactly(text: str) -> None:
    back = pl.DataFrame({"text": [inert(text)]}).select(restored(pl.col("text")))
    assert back["text"].to_list() == [text]


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_is_one_text_however_it_is_written_and_reads_back(cells: Sequence[str]) -> None:
    frame = pl.DataFrame(
        {"cells": [len(cells)], "rest": "", **{f"c{i}": [text] for i, text in enumerate(cells)}}
    )
    assert frame.select(record_text(len(cells))).item() == record_of(cells)
    assert cells_of(record_of(cells)) == cells


def test_a_row_is_left_out_for_a_reason_and_stays_in_the_ledger(ledger: RawTable, tmp_path: Path) -> None:
    header = f"{HEADER}|left_out"
    whole = "ledger.csv|3|Amount GBP|quantity_not_a_number|x|B,2024-01-02,x|run-1|sha of ledger.csv|grant"
    read, frame = repaired(ledger, raw_table(tmp_path, header, whole, name="rejects.csv"))
    assert of(frame, "line", "problem")[1] == (3, "grant")
    assert frame.height == 4
    assert [(row.line, row.left_out, row.before == row.after) for row in read.repairs] == [(3, "grant", True)]
    assert read.digest != repaired(ledger)[0].digest


def test_reason_that_says_nothing_of_purchases_leaves_no_row_out(ledger: RawTable, tmp_path: Path) -> None:
    whole = "ledger.csv|3|Amount GBP|quantity_not_a_number|x|B,2024-01-02,x|run-1|sha of ledger.csv|subtotal"
    lists = raw_table(tmp_path, f"{HEADER}|left_out", whole, name="rejects.csv")
    with pytest.raises(InputError, match="it can be") as refused:
        repaired(ledger, lists)
    assert refused.value.code == "repair_unreadable"
