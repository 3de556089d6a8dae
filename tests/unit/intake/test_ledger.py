"""Raw tables become one ledger frame: every row, in file order, with what is wrong and nothing guessed."""

import random
from pathlib import Path

import polars as pl
import pytest
from tests.support.raw_tables import of, raw_table, read_raw

from vcci.domain.activity import LEDGER_COLUMNS
from vcci.domain.mapping import Conventions, DateOrder, DecimalMark, Mapping
from vcci.errors import MappingError, QuestionError
from vcci.intake import load_mapping, save_mapping

GBP = Mapping(currency="GBP")


def test_frame_has_the_columns_of_a_ledger_with_their_types(tmp_path: Path) -> None:
    _read, frame = read_raw(raw_table(tmp_path, "Amount GBP|Date", "1|2024-01-02"))
    types = {name: text.partition(":")[0] for name, text in LEDGER_COLUMNS.items()}
    assert {name: str(kind) for name, kind in frame.schema.items()} == types
    assert frame.null_count().sum_horizontal().sum() == 0


def test_texts_stay_as_they_are_in_the_file(tmp_path: Path) -> None:
    table = raw_table(
        tmp_path,
        "Supplier ID|Supplier|Expense type|Account code|Description|Amount GBP|Date",
        "007| =1+1|Fees |1E5|\u00a0x\u200b|5|2024-01-02",
    )
    frame = read_raw(table)[1]
    assert of(frame, "supplier_id", "supplier", "account", "account_code", "description") == [
        ("007", " =1+1", "Fees ", "1E5", "\u00a0x\u200b")
    ]
    assert of(frame, "row", "source", "line") == [(1, "ledger.csv", 2)]


def test_files_follow_one_another_and_rows_are_numbered_through(tmp_path: Path) -> None:
    one = raw_table(tmp_path, "Amount GBP|Date", "1|2024-01-02", "2|2024-01-02", name="one.csv")
    two = raw_table(tmp_path, "Date|Betrag (EUR)", "2024-01-02|3", name="two.csv")
    read, frame = read_raw(one, two)
    assert of(frame, "row", "source", "line", "quantity", "unit") == [
        (1, "one.csv", 2, "1", "GBP"),
        (2, "one.csv", 3, "2", "GBP"),
        (3, "two.csv", 2, "3", "EUR"),
    ]
    assert (read.rows, [file["rows"] for file in read.files]) == (3, [2, 1])
    assert read.mapping.columns["quantity"] == ("Amount GBP", "Betrag (EUR)")


def test_each_row_has_its_first_problem_with_column_and_text(tmp_path: Path) -> None:
    table = raw_table(
        tmp_path,
        "Net amount|Paid on|Currency",
        "1.5|2024-01-02|GBP",
        "1.5|2024-01-02",
        "1.5|2024-01-02|GBP|x",
        " |never|",
        "n/a|never|",
        "1.5|2024-02-30|",
        "1.5||",
        "1.5|2024-01-02|",
    )
    frame = read_raw(table, mapping=Mapping(columns={"date": ("Paid on",)}))[1]
    assert of(frame, "problem", "problem_column", "problem_value") == [
        ("", "", ""),
        ("row_ragged", "", "2 cells instead of 3"),
        ("row_ragged", "", "4 cells instead of 3"),
        ("quantity_missing", "Net amount", " "),
        ("quantity_not_a_number", "Net amount", "n/a"),
        ("date_not_a_date", "Paid on", "2024-02-30"),
        ("date_missing", "Paid on", ""),
        ("unit_missing", "Currency", ""),
    ]
    assert frame["quantity"].to_list() == ["1.5", "", "", "", "", "1.5", "1.5", "1.5"]


def test_missing_date_is_that_of_the_period_else_of_the_year_with_a_notice(tmp_path: Path) -> None:
    rows = ("1|2024-01-02|2020", "1||Q1 2024", "1|00:00:00|Q1 2024", "1||", "1||soon")
    table = raw_table(tmp_path, "Amount GBP|Date|Quarter", *rows)
    frame = read_raw(table, year=2023)[1]
    assert of(frame, "date", "notices", "problem") == [
        ("2024-01-02", "", ""),
        ("2024-03-31", "date_from_period", ""),
        ("2024-03-31", "date_from_period", ""),
        ("2023-06-30", "date_from_year", ""),
        ("", "", "date_not_a_date"),
    ]
    assert read_raw(table)[1]["problem"].to_list() == ["", "", "", "date_missing", "date_not_a_date"]


def test_unit_is_the_columns_else_the_headers_else_the_signs_else_the_mappings(tmp_path: Path) -> None:
    columns: dict[str, tuple[str, ...]] = {"unit": ("Currency",)}
    table = raw_table(tmp_path, "Amount|Currency", "5|EUR", "€5|", "5|", "$5|")
    usd = Mapping(columns=columns, currency="USD")
    assert read_raw(table, mapping=usd, year=2024)[1]["unit"].to_list() == ["EUR", "EUR", "USD", "USD"]
    stated = raw_table(tmp_path, "Amount GBP|Currency", "5|EUR", "5|")
    frame = read_raw(stated, mapping=Mapping(columns=columns, currency="USD"), year=2024)[1]
    assert frame["unit"].to_list() == ["EUR", "GBP"]


def test_amount_with_the_sign_of_another_currency_is_rejected(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Amount GBP", "£5", "€5", "5 USD", "5")
    frame = read_raw(table, year=2024)[1]
    assert of(frame, "problem", "problem_value") == [
        ("", ""),
        ("unit_unknown", "€5"),
        ("unit_unknown", "5 USD"),
        ("", ""),
    ]


def test_capital_and_redacted_suppliers_are_told_by_the_mappings_words(tmp_path: Path) -> None:
    table = raw_table(
        tmp_path, "Amount|Type|Supplier|Supplier ID", "1| CAPITAL|Redacted  Name|7", "1|Revenue|Acme|8"
    )
    mapping = Mapping(currency="GBP", redacted_suppliers=("redacted name",))
    frame = read_raw(table, mapping=mapping, year=2024)[1]
    assert of(frame, "capital", "supplier", "supplier_id") == [(True, "", "7"), (False, "Acme", "8")]


def test_region_is_the_columns_else_the_mappings(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Amount GBP|Country", "1|DE", "1|")
    assert read_raw(table, mapping=Mapping(region="GB"), year=2024)[1]["region"].to_list() == ["DE", "GB"]


def test_all_questions_of_all_files_are_asked_in_one_go(tmp_path: Path) -> None:
    one = raw_table(tmp_path, "Amount GBP|Date", "1,234|03/04/2024", name="one.csv")
    two = raw_table(tmp_path, "Amount|Value|Date", "1|2|05/06/2024", name="two.csv")
    with pytest.raises(QuestionError) as asked:
        read_raw(one, two)
    assert asked.value.code == "several_questions"
    for part in ("1234 with a point", "1.234 with a comma", "2024-04-03 as day-month-year", "two.csv",
                 "--decimal", "--date-order", "[column_ambiguous]", 'quantity: ["Value"]'):  # fmt: skip
        assert part in str(asked.value)


@pytest.mark.parametrize(
    ("conventions", "quantity", "date"),
    [
        (Conventions(DecimalMark.POINT, DateOrder.DMY), "1234", "2024-04-03"),
        (Conventions(DecimalMark.COMMA, DateOrder.MDY), "1.234", "2024-03-04"),
    ],
)
def test_answers_settle_what_was_asked(
    tmp_path: Path, conventions: Conventions, quantity: str, date: str
) -> None:
    table = raw_table(tmp_path, "Amount GBP|Date", "1,234|03/04/2024")
    frame = read_raw(table, mapping=Mapping(conventions=conventions))[1]
    assert of(frame, "quantity", "date") == [(quantity, date)]


def test_ragged_rows_are_no_evidence(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Amount GBP|Date", "1,234|2024-01-02", "1.5|2024-01-02|x")
    with pytest.raises(QuestionError):
        read_raw(table)


def test_typed_file_beside_a_text_file_keeps_its_point(tmp_path: Path) -> None:
    text = raw_table(tmp_path, "Betrag EUR", "1.234,50", name="a.csv")
    typed = raw_table(tmp_path, "Betrag EUR", "1234.5", "1.234", kind="xlsx", name="b.xlsx")
    comma = Mapping(conventions=Conventions(decimal=DecimalMark.COMMA))
    for mapping in (Mapping(), comma):
        frame = read_raw(text, typed, mapping=mapping, year=2024)[1]
        assert frame["quantity"].to_list() == ["1234.50", "1234.5", "1.234"]


def test_total_rows_with_exact_sums_are_excluded_and_shown(tmp_path: Path) -> None:
    rows = ("A|0.10|2", "A|0.20|2", "Total A|0.30|4", "B|1|2", "Total B|1.00|2", "TOTAL:|1.30|6")
    table = raw_table(tmp_path, "Supplier|Amount GBP|VAT", *rows)
    read, frame = read_raw(table, year=2024)
    assert of(frame, "quantity", "problem", "problem_value") == [
        ("0.10", "", ""),
        ("0.20", "", ""),
        ("", "subtotal", "0.30"),
        ("1", "", ""),
        ("", "subtotal", "1.00"),
        ("", "subtotal", "1.30"),
    ]
    assert (read.rows, read.files[0]["found"]["subtotals"]) == (6, "3")


def test_supplier_named_like_a_total_is_none_though_its_amount_is_that_above(tmp_path: Path) -> None:
    rows = ("A|50|2024-01-02", "Total Gas|50|2024-01-02", "Total Gas|100|")
    frame = read_raw(raw_table(tmp_path, "Supplier|Amount GBP|Date", *rows))[1]
    assert frame["problem"].to_list() == ["", "", "subtotal"]
    undated = raw_table(tmp_path, "Supplier|Amount GBP", "A|50", "Total Gas|50", "B|7")
    assert read_raw(undated, year=2024)[1]["problem"].to_list() == ["", "", ""]


def test_line_that_only_looks_like_a_total_is_kept_but_never_given_a_date(tmp_path: Path) -> None:
    rows = ("A|1|2024-01-02", "Subtotal|1|", "Total|2|2024-01-02", "Total|5|")
    frame = read_raw(raw_table(tmp_path, "Supplier|Amount GBP|Date", *rows), year=2024)[1]
    assert frame["problem"].to_list() == ["", "subtotal", "", "date_missing"]


def test_shuffled_rows_read_the_same(tmp_path: Path) -> None:
    rows = [f"{n},5|{n % 28 + 1:02}/03/2024|S{n}" for n in range(1, 60)]
    header = "Amount GBP|Date|Supplier"
    expected = read_raw(raw_table(tmp_path, header, *rows))[1].select("quantity", "date", "supplier")
    shuffled = random.Random(1).sample(rows, len(rows))
    found = read_raw(raw_table(tmp_path, header, *shuffled))[1].select("quantity", "date", "supplier")
    assert found.sort("supplier").equals(expected.sort("supplier"))
    assert not found.equals(expected)


def test_mapping_in_force_saved_and_loaded_reads_the_same_frame(tmp_path: Path) -> None:
    tables = (
        raw_table(tmp_path, "Category|Amount GBP|Date|Type", "A|1,5|13/04/2024|Capital", name="1.csv"),
        raw_table(tmp_path, "Account name|Category|Net EUR|Datum", "B|C|2,5|2024-01-02", name="2.csv"),
        raw_table(tmp_path, "Amount GBP|Date|Type", "3|2024-01-02|Invoice", name="3.csv"),
    )
    read, frame = read_raw(*tables)
    save_mapping(read.mapping, tmp_path / "mapping.yaml")
    again, same = read_raw(*tables, mapping=load_mapping(tmp_path / "mapping.yaml"))
    assert same.equals(frame)
    assert (again.mapping, again.digest) == (read.mapping, read.digest)
    assert again.files[0]["guessed"] == {}
    assert read.files[0]["guessed"] == {"account": 70, "quantity": 85, "date": 100, "capital": 70}


def test_header_without_rows_is_an_empty_ledger(tmp_path: Path) -> None:
    read, frame = read_raw(raw_table(tmp_path, "Supplier|Amount GBP|Date"))
    assert (read.rows, frame.height, list(frame.columns)) == (0, 0, list(LEDGER_COLUMNS))


def test_file_without_amount_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="'Supplier', 'Ort'"):
        read_raw(raw_table(tmp_path, "Supplier|Ort", "A|B"))


def test_many_rows_stay_in_file_order(tmp_path: Path) -> None:
    rows = [f"{n % 977}.50|2024-01-{n % 28 + 1:02}" for n in range(30_000)]
    frame = read_raw(raw_table(tmp_path, "Amount GBP|Date", *rows))[1]
    assert frame["row"].equals(pl.Series("row", range(1, 30_001), pl.Int64))
    assert frame["quantity"].to_list() == [row.partition("|")[0] for row in rows]


def test_ledger_that_nowhere_says_its_currency_is_a_question(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Amount|Date", "1.50|2024-01-02")
    with pytest.raises(QuestionError, match="--currency EUR") as asked:
        read_raw(table)
    assert asked.value.code == "currency_missing"
    assert of(read_raw(table, mapping=GBP)[1], "unit") == [("GBP",)]


@pytest.mark.parametrize("amount", ["£1.50", "1.50 GBP", "GBP 1.50"])
def test_currency_beside_the_amounts_is_no_question(tmp_path: Path, amount: str) -> None:
    table = raw_table(tmp_path, "Amount|Date", f"{amount}|2024-01-02")
    assert of(read_raw(table)[1], "unit", "quantity") == [("GBP", "1.50")]
