"""Ways to mend rows that are alike: what becomes of cells, read by intake's own readers."""

from dataclasses import replace

import pytest
from tests.support.raw_tables import raw_table

from vcci.domain.mapping import Conventions, DecimalMark, Mapping
from vcci.intake.mends import Mend, Way, column_names, fits, mended, name_at_fault
from vcci.intake.survey import FileReading, survey


@pytest.fixture
def reading(tmp_path: object) -> FileReading:
    table = raw_table(tmp_path, "Supplier|Date|Amount GBP|Note|Note", "A|2024-01-02|1.5|x|y")  # type: ignore[arg-type]
    table = replace(table, found={"delimiter": ";"})
    readings, _ = survey([table], Mapping(conventions=Conventions(decimal=DecimalMark.POINT)))
    return readings[0]


ROW = ["A", "01/02/2024", "1.234,50", "x", "y"]
AMOUNT = "Amount GBP"
TEXTS = {
    "set": (Mend(Way.SET, AMOUNT, "7"), "7"),
    "replaced": (Mend(Way.REPLACE, AMOUNT, ",50", ""), "1.234"),
    "nothing replaced": (Mend(Way.REPLACE, AMOUNT, "", "x"), "1.234,50"),
    "stripped": (Mend(Way.STRIP, AMOUNT, "1.", ",50"), "234"),
    "put": (Mend(Way.PUT, AMOUNT, "", " EUR"), "1.234,50 EUR"),
    "comma": (Mend(Way.COMMA, AMOUNT), "1234.50"),
    "text by text": (Mend(Way.TEXTS, AMOUNT, texts={"1.234,50": "1", "x": "2"}), "1"),
    "column that the file has not": (Mend(Way.SET, "Amount", "7"), "1.234,50"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_cell_becomes_what_the_way_says_and_the_others_stay(reading: FileReading, name: str) -> None:
    mend, text = TEXTS[name]
    assert mended(mend, ROW, reading) == [*ROW[:2], text, *ROW[3:]]


def test_date_is_written_as_every_column_reads_it(reading: FileReading) -> None:
    made = [mended(Mend(way, "Date"), ROW, reading)[1] for way in (Way.DAY_FIRST, Way.MONTH_FIRST)]
    assert made == ["2024-02-01", "2024-01-02"]
    assert not fits(Way.YEAR_FIRST, "yesterday", reading)


@pytest.mark.parametrize(
    ("text", "as_written"), [("1.234,5 €", "1234.5 EUR"), ("$ 1,5", "1.5 $"), ("(2,5)", "-2.5"), ("x", "x")]
)
def test_amount_keeps_its_sign_and_its_currency(reading: FileReading, text: str, as_written: str) -> None:
    row = [*ROW[:2], text, *ROW[3:]]
    assert mended(Mend(Way.COMMA, AMOUNT), row, reading)[2] == as_written


def test_amount_is_written_with_the_mark_of_its_column(reading: FileReading) -> None:
    of_comma = replace(reading, mark=DecimalMark.COMMA)
    assert mended(Mend(Way.POINT, AMOUNT), ["A", "", "1,234.5"], of_comma)[2] == "1234,5"


WIDTHS = {
    "one cell split in two": (
        Way.SHIFT,
        "Supplier",
        ["A", " B", "d", "1", "x", "y"],
        ["A; B", "d", "1", "x", "y"],
    ),
    "cell left away": (Way.SHIFT, "Date", ["A", "1", "x", "y"], ["A", "", "1", "x", "y"]),
    "cut": (Way.CUT, "", ["A", "d", "1", "x", "y", "z"], ["A", "d", "1", "x", "y"]),
    "filled": (Way.CUT, "", ["A"], ["A", "", "", "", ""]),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_row_of_another_width_gets_that_of_the_header(reading: FileReading, name: str) -> None:
    way, column, cells, made = WIDTHS[name]
    assert mended(Mend(way, column), cells, reading) == made


def test_other_cells_are_written_too_and_columns_of_one_name_are_told_apart(reading: FileReading) -> None:
    made = mended(Mend(Way.KEEP, also={"#5": "new", "Date": "2024-05-05"}), ROW, reading)
    assert made == ["A", "2024-05-05", "1.234,50", "x", "new"]
    assert column_names(reading.table.header)[3:] == ("#4", "#5")
    assert [name_at_fault(one, reading) for one in ("Note", "Date", "", "None")] == ["#4", "Date", "", ""]
