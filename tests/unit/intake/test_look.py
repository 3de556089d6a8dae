"""A look at files before they are run: what would be asked, and by what a source is known."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
from tests.support.raw_tables import raw_table

from vcci.domain.mapping import Conventions, DateOrder, DecimalMark, Mapping
from vcci.intake.limits import IntakeLimits
from vcci.intake.look import FilePeek, asked, column_choices, has_choice, peek, source_of

BOTH = Conventions(decimal=DecimalMark.COMMA, date_order=DateOrder.MDY)


def seen(path: Path, folder: Path) -> list[FilePeek]:
    return peek(path, conventions=Conventions(), limits=IntakeLimits(), folder=folder)


def test_ambiguous_cells_are_asked_for_with_each_reading(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Date|Amount|Currency", "03/04/2022|1.234|EUR")
    found = asked([table], Mapping())
    readings = {q.code: dict(q.examples[0].readings) for q in found.questions}
    assert readings == {
        "decimal_ambiguous": {"point": "1.234", "comma": "1234"},
        "date_order_ambiguous": {"day-month-year": "2022-04-03", "month-day-year": "2022-03-04"},
    }


def test_answers_settle_what_is_ambiguous_and_the_questions_stay_to_be_seen(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Date|Amount|Currency", "03/04/2022|1.234|EUR")
    found = asked([table], Mapping(conventions=BOTH))
    assert len(found.questions) == 2
    assert found.survey.questions == ()
    assert found.survey.mapping.conventions == BOTH


def test_what_texts_prove_goes_before_what_was_said_of_another_file(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Date|Amount|Currency", "25/04/2022|1,234.50|EUR")
    found = asked([table], Mapping(conventions=BOTH))
    told = found.survey.mapping.conventions
    assert (told.decimal, told.date_order) == (DecimalMark.POINT, DateOrder.DMY)
    assert found.questions == ()


def test_columns_come_with_points_and_texts_also_where_nothing_fits(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Supplier|Net amount|Amount", "Alpha|1|2", "Beta|1|3")
    found = column_choices([table], asked([table], Mapping(currency="EUR")).survey)
    assert found["targets"]["quantity"]["names"] == ["Net amount"]
    assert found["targets"]["quantity"]["scores"] == {"Net amount": 100, "Amount": 85}
    assert found["columns"][2] == {"name": "Amount", "samples": ["2", "3"]}
    assert column_choices([table], None)["targets"]["quantity"]["names"] == []


def test_columns_of_one_name_are_told_apart_by_place(tmp_path: Path) -> None:
    table = raw_table(tmp_path, "Amount|Amount|", "1|2|3")
    assert [one["name"] for one in column_choices([table], None)["columns"]] == ["#1", "#2", "#3"]


def test_first_rows_of_a_text_are_seen_also_where_the_header_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Alpha;10\nBeta;20\n")
    (found,) = seen(tmp_path / "a.csv", tmp_path)
    (sheet,) = found.sheets
    assert sheet["records"] == [[1, ["Alpha", "10"]], [2, ["Beta", "20"]]]
    assert (sheet["header_row"], sheet["delimiter"], has_choice([found])) == (None, ";", True)


def test_sheets_with_data_are_seen_and_empty_ones_are_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Payments").append(["Supplier", "Amount"])
    book.create_sheet("Budget").append(["Account", "Amount"])
    book.save(tmp_path / "a.xlsx")
    (found,) = seen(tmp_path / "a.xlsx", tmp_path)
    assert [sheet["name"] for sheet in found.sheets] == ["Payments", "Budget"]
    assert has_choice([found])


def test_hostile_file_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "bomb.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 500)
    assert seen(tmp_path / "bomb.xlsx", tmp_path) == []


def test_source_is_known_by_kind_and_columns_whatever_the_rows(tmp_path: Path) -> None:
    sheet = {"name": "Jan", "header_row": 1, "records": [(1, ["Supplier", "Amount"]), (2, ["Alpha", "1"])]}
    first = FilePeek("jan.xlsx", "xlsx", [sheet])
    rows = [(1, ["supplier ", "AMOUNT"]), (2, ["Beta", "7"])]
    same = FilePeek("feb.xlsx", "xlsx", [sheet | {"name": "Feb", "records": rows}])
    other = FilePeek("feb.xlsx", "xlsx", [sheet | {"records": [(1, ["Supplier", "Net"])]}])
    assert source_of([first], []) == source_of([same], [])
    assert len({source_of([one], []) for one in (first, other, replace(first, kind="ods"))}) == 3
    assert source_of([], []) == ""


def test_process_of_a_look_loads_nothing_that_looks_at_stored_runs() -> None:
    told = "import sys, vcci.runtime.import_look; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert "vcci.runtime.import_preview" in loaded
    assert not any(one in loaded for one in ("vcci.runtime.audit", "vcci.processing.replay", "asyncpg"))
