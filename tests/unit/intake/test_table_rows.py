"""Several tables in one file, headers said again, and tables without a header."""

from pathlib import Path

import pytest
from tests.support.front import column, read, read_bytes, rows_of, sheet_xml, write_workbook

from vcci.errors import QuestionError

LEDGER = "Supplier,Date,Amount\nA,2024-01-02,1\nB,2024-01-03,2\n"
OTHER = "Account,Budget,Total\nTravel,5,6\n"


def test_header_said_again_is_no_row_and_counted(tmp_path: Path) -> None:
    again = "Supplier,Date,Amount,\n"
    table = read_bytes((LEDGER + "\n" + again + "C,2024-01-04,3\n" + again).encode(), tmp_path)
    assert [row[0] for row in rows_of(table)] == ["A", "B", "C"]
    assert table.found["repeated_headers"] == "2"


def test_second_table_is_a_question_that_its_header_row_answers(tmp_path: Path) -> None:
    content = ("Category,Budget,Total\nTravel,5,6\n\n" + LEDGER + "\n\n" + OTHER).encode()
    with pytest.raises(QuestionError, match=r"3 tables.*rows 1, 4, 9\..*--header-row") as asked:
        read_bytes(content, tmp_path)
    assert asked.value.code == "tables_ambiguous"
    table = read_bytes(content, tmp_path, header_row=4)
    assert ([row[0] for row in rows_of(table)], table.found["next_table"]) == (["A", "B"], "9")
    assert rows_of(read_bytes(content, tmp_path, header_row=9)) == [("Travel", "5", "6")]


def test_second_table_of_a_sheet_is_a_question_too(tmp_path: Path) -> None:
    lines = [line.split(",") for line in (LEDGER + "\n" + OTHER).splitlines()]
    cells = ["".join(f'<c t="str"><v>{cell}</v></c>' for cell in line if cell) for line in lines]
    rows = "".join(f'<row r="{n}">{row}</row>' for n, row in enumerate(cells, start=1))
    path = write_workbook(tmp_path / "book.xlsx", sheet_xml(rows))
    with pytest.raises(QuestionError, match="rows 1, 5"):
        read(path)
    assert [row[0] for row in rows_of(read(path, header_row=1))] == ["A", "B"]


@pytest.mark.parametrize(
    ("rest", "rows"),
    [
        ("\nC,2024-01-04,3\n", 3),
        ("\nTotals by hand\nC,2024-01-04,3\n", 4),
        ("\nAcme,tba,n/a\nC,2024-01-04,3\n", 4),
        ("\nSupplier,Date,checked\n\nPrepared by,Reviewed by,\n", 4),
    ],
)
def test_gaps_titles_and_remarks_make_no_second_table(tmp_path: Path, rest: str, rows: int) -> None:
    table = read_bytes((LEDGER + rest).encode(), tmp_path)
    assert (table.rows, "next_table" in table.found) == (rows, False)


@pytest.mark.parametrize(
    "content", [b"A,2024-01-02,1\nB,2024-01-03,\n", b"sep=;\nA;2024-01-02;1\nB;2024-01-03;\n"]
)
def test_columns_without_header_are_named_by_place_and_no_row_is_lost(tmp_path: Path, content: bytes) -> None:
    table = read_bytes(content, tmp_path, header_row=0)
    assert (table.header, table.found["header_row"]) == (("#1", "#2", "#3"), "0")
    assert rows_of(table) == [("A", "2024-01-02", "1"), ("B", "2024-01-03", "")]


def test_sheet_without_header_starts_with_its_first_row(tmp_path: Path) -> None:
    row = '<row r="3"><c r="A3" t="str"><v>A</v></c><c r="B3"><v>1.5</v></c></row>'
    table = read(write_workbook(tmp_path / "book.xlsx", sheet_xml(row)), header_row=0)
    assert (table.header, rows_of(table), column(table, "line")) == (("#1", "#2"), [("A", "1.5")], [3])
