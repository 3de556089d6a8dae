"""Activity tables: each row becomes the parts of its method, or one row with the input at fault."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from tests.support.front import read
from tests.support.raw_tables import of, raw_table

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS, PART_COLUMNS
from vcci.domain.category import Category
from vcci.domain.mapping import Conventions, DecimalMark, Mapping
from vcci.engine.methods import ROWS, methods_of
from vcci.errors import MappingError
from vcci.intake.activity_columns import PARTS, PLAIN, is_activity_table
from vcci.intake.activity_row import CATEGORIES
from vcci.intake.activity_table import read_activities
from vcci.intake.front import RawTable
from vcci.parameters import load
from vcci.reports.templates import AMOUNT, HEAD, TAIL
from vcci.services.ports import LedgerRead

UNITS = load.units(("EUR", "USD", "GBP"))
COMMA = Mapping(conventions=Conventions(decimal=DecimalMark.COMMA))


def read_all(*tables: RawTable, **options: Any) -> tuple[LedgerRead, pl.DataFrame]:
    out = tables[0].path.with_name("frame.parquet")
    given: dict[str, Any] = {"mapping": Mapping(), "units": UNITS} | options
    found = read_activities(tables, out=out, **given)
    return found, pl.read_parquet(out)


def frame(folder: Path, header: str, *rows: str, **options: Any) -> pl.DataFrame:
    kind = options.pop("kind", "csv")
    return read_all(raw_table(folder, header, *rows, kind=kind), **options)[1]


def problem(folder: Path, header: str, row: str, **options: Any) -> tuple[Any, ...]:
    found = frame(folder, header, row, **options)
    assert found.height == 1
    return of(found, "problem", "problem_column", "problem_value")[0]


def test_row_becomes_the_parts_of_its_method(tmp_path: Path) -> None:
    found = frame(
        tmp_path,
        "category|method|activity|energy|loss_rate|factor losses|supplier|id",
        "3|energy-with-losses|grid:GB|2 MWh|10 %|own:losses|Power Ltd|meter 7",
    )
    assert list(found.columns) == [*LEDGER_COLUMNS, *PART_COLUMNS, *CLASSIFIED_COLUMNS]
    assert of(found, "row", "line", "part", "activity", "quantity", "unit") == [
        (1, 2, "upstream", "grid:GB", "2000", "kWh"),
        (2, 2, "losses", "own:losses", "200", "kWh"),
        (3, 2, "upstream of losses", "grid:GB", "200", "kWh"),
    ]
    assert of(found, "supplier", "account", "account_code", "asked_method")[2] == (
        "Power Ltd", "energy-with-losses", "meter 7", "energy-with-losses",
    )  # fmt: skip
    assert found["formula"][1] == "losses: energy x loss rate = 2 MWh x 10 % = 200 kWh"


def test_row_without_a_method_has_its_quantity_and_unit(tmp_path: Path) -> None:
    found = frame(
        tmp_path, "category|activity|quantity|unit", "1|naics2017:541511|10.5|EUR", "8|grid:GB|9 kWh|"
    )
    assert of(found, "category", "quantity", "unit", "asked_method", "problem") == [
        (1, "10.5", "EUR", "", ""),
        (8, "9", "kWh", "", ""),
    ]


def test_what_is_stated_apart_is_in_no_category(tmp_path: Path) -> None:
    found = frame(tmp_path, "category|method|attribution|removals", "15|financed-apart|10 %|5000 kgCO2e")
    assert of(found, "category", "asked_method", "quantity") == [(0, "financed-apart", "500")]


HAUL = "category|method|activity|distance|mass"
FAULTS = {
    "category": (HAUL, "99|distance-based|x|1 km|1 t", ("category_unknown", "category", "99")),
    "long category": (HAUL, f"{'9' * 5000}||x||", ("category_unknown", "category", "9" * 5000)),
    "method": (HAUL, "4|walking|x|1 km|1 t", ("method_not_offered", "method", "walking")),
    "no method": (HAUL, "4||x|1 km|1 t", ("method_not_offered", "method", "")),
    "missing": (HAUL, "4|distance-based|x|1 km|", ("input_missing", "mass", "")),
    "unit": (HAUL, "4|distance-based|x|1 kg|1 t", ("input_unit_does_not_fit", "distance", "1 kg")),
    "strange unit": (HAUL, "4|distance-based|x|1 km|1 hog", ("unit_unknown", "mass", "1 hog")),
    "no unit": (HAUL, "4|distance-based|x|1|1 t", ("unit_missing", "distance", "1")),
    "number": (HAUL, "4|distance-based|x|about 1 km|1 t", ("input_not_a_number", "distance", "about 1 km")),
    "comma": (HAUL, "4|distance-based|x|12,5 km|1 t", ("input_not_a_number", "distance", "12,5 km")),
    "negative": (HAUL, "4|distance-based|x|-1 km|1 t", ("input_negative", "distance", "-1 km")),
    "ragged": (HAUL, "4|distance-based|x", ("row_ragged", "", "3 cells instead of 5")),
    "other input": (
        "category|method|quantity|spend", "1|spend-based|3 kg|9 EUR", ("input_unknown", "quantity", "3 kg"),
    ),
    "other part": (
        "category|method|quantity|factor losses",
        "1|average-data|3 kg|x",
        ("input_unused", "factor losses", "x"),
    ),
    "too large": (
        "category|method|units_sold|electricity_per_use|lifetime_uses",
        f"11|direct-use|{'9' * 18}|{'9' * 18} kWh|1",
        ("quantity_too_large", "", ""),
    ),
    "two units": (
        "category|quantity|unit", "1|3 kg|EUR", ("input_unit_does_not_fit", "quantity", "3 kg"),
    ),
    "unit column": ("category|Quantity|Unit", "1|3|hog", ("unit_unknown", "Unit", "hog")),
    "nothing": ("category|activity|quantity", "1|x|", ("quantity_missing", "quantity", "")),
    "words": ("category|activity|quantity", "1|x|many", ("quantity_not_a_number", "quantity", "many")),
    "date": ("category|quantity|date", "1|3 kg|4/5/24", ("date_not_a_date", "date", "4/5/24")),
    "shares": (
        "category|method|sold|landfill share|recycling_share",
        "12|waste-type-specific|1 t|60 %|50 %",
        ("share_over_one", "landfill share", "60 %"),
    ),
    "zero": (
        "category|method|reported|own_activity|total_activity",
        "4|allocated|5 kgCO2e|0 tkm|0 tkm",
        ("divisor_zero", "total_activity", "0 tkm"),
    ),
    "two currencies": (
        "category|method|reported|outstanding [EUR]|value",
        "15|financed-emissions|5 kgCO2e|100|900 USD",
        ("input_unit_does_not_fit", "outstanding [EUR]", "100"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "row", "told"), FAULTS.values(), ids=FAULTS)
def test_row_that_cannot_be_read_is_rejected_with_the_cell_at_fault(
    tmp_path: Path, header: str, row: str, told: tuple[str, str, str]
) -> None:
    assert problem(tmp_path, header, row) == told


def test_header_may_say_the_unit_and_a_cell_another_one_must_not(tmp_path: Path) -> None:
    header = "category|method|distance [mi]|persons|allocation_share [%]"
    found = frame(tmp_path, header, "6|distance-based|100|2|", "6|distance-based|100 mile|2|")
    assert found["quantity"].to_list() == ["321.8688", "321.8688"]
    assert problem(tmp_path, header, "6|distance-based|100 km|2|")[0] == "input_unit_does_not_fit"


def test_decimal_comma_is_read_where_it_is_said_and_a_point_is_then_no_mark(tmp_path: Path) -> None:
    found = frame(tmp_path, "category|quantity", "8|1.050,5 kWh", "8|1.5 kWh", mapping=COMMA)
    assert of(found, "quantity", "problem") == [("1050.5", ""), ("", "quantity_not_a_number")]


def test_typed_number_keeps_its_point_whatever_was_said_for_texts(tmp_path: Path) -> None:
    found = frame(tmp_path, "category|quantity [kWh]", "8|1.5", kind="xlsx", mapping=COMMA)
    assert of(found, "quantity", "unit") == [("1.5", "kWh")]


def test_money_without_unit_is_in_the_currency_of_the_run(tmp_path: Path) -> None:
    table = "category|method|spend|quantity", "1|spend-based|9|", "1|||8"
    found = frame(tmp_path, *table, mapping=Mapping(currency="EUR", region="GB"))
    assert of(found, "quantity", "unit", "region") == [("9", "EUR", "GB"), ("8", "EUR", "GB")]


def test_row_without_date_falls_in_the_middle_of_the_year_with_a_notice(tmp_path: Path) -> None:
    found = frame(tmp_path, "category|quantity|date", "8|9 kWh|", "8|9 kWh|3 May 2023", year=2024)
    assert of(found, "date", "notices") == [("2024-06-30", "date_from_year"), ("2023-05-03", "")]


def test_texts_stay_as_they_are_but_for_suppliers_that_are_redacted(tmp_path: Path) -> None:
    redacting = Mapping(redacted_suppliers=("A Person",))
    table = "category|quantity|supplier|description", "8|9 kWh|a person|two  blanks"
    assert of(frame(tmp_path, *table, mapping=redacting), "supplier", "description") == [("", "two  blanks")]


UNKNOWN = {
    "misspelt": ("category|method|distnce", "6|flight|1 km", 'Did you mean "distance"?'),
    "part": ("category|method|factor loss", "3|x|y", 'Did you mean "factor losses"?'),
    "twice": ("category|method|distance|Distance [mi]", "6|flight|1 km|1", '"distance" in two columns'),
    "nameless": ("category|method|", "6|flight|1 km", "column 3, which has no name"),
    "unit of a text": ("category|method|date [UTC]", "6|flight|1", "no method knows"),
}


@pytest.mark.parametrize(("header", "row", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_column_that_would_be_left_out_is_refused(tmp_path: Path, header: str, row: str, said: str) -> None:
    with pytest.raises(MappingError) as refused:
        frame(tmp_path, header, row)
    assert (refused.value.code, said in refused.value.sentence) == ("column_unknown", True)


def test_column_without_name_or_text_is_none(tmp_path: Path) -> None:
    assert frame(tmp_path, "category||quantity", "8| |9 kWh")["quantity"].to_list() == ["9"]


@pytest.mark.parametrize(
    ("header", "is_table"),
    [
        ("Category|Method", True),
        ("CATEGORY|activity", True),
        ("category|amount", False),
        ("method|activity", False),
    ],
)
def test_table_is_known_by_its_header(tmp_path: Path, header: str, is_table: bool) -> None:
    assert is_activity_table(raw_table(tmp_path, header)) is is_table


def test_rejected_rows_are_found_in_their_file_with_the_cell_that_the_engine_names(tmp_path: Path) -> None:
    first = raw_table(
        tmp_path, "category|method|energy|loss_rate", "3|energy-with-losses|1 kWh|7 %", name="a.csv"
    )
    second = raw_table(tmp_path, "Region|category|quantity", 'XX|8|"1" kWh', "GB|8|1 kWh|more", name="b.csv")
    found, rows = read_all(first, second)
    assert (found.rows, rows["row"].to_list()) == (5, [1, 2, 3, 4, 5])
    asked = pl.DataFrame({"row": [2, 4, 5], "target": ["", "region", ""]})
    assert found.records(asked).drop("target").rows() == [
        (2, "sha of a.csv", "", "", "3,energy-with-losses,1 kWh,7 %"),
        (4, "sha of b.csv", "Region", "XX", 'XX,8,"""1"" kWh"'),
        (5, "sha of b.csv", "", "", "GB,8,1 kWh,more"),
    ]


def test_cells_of_a_workbook_are_numbers_dates_and_shares(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["category", "method", "fuel [L]", "allocation_share", "date"])
    sheet.append([6, "fuel-based", 900.5, 0.4, date(2024, 5, 3)])
    sheet["D2"].number_format = "0%"
    book.save(tmp_path / "t.xlsx")
    found = read_all(read(tmp_path / "t.xlsx"))[1]
    assert of(found, "category", "quantity", "unit", "date", "problem") == [
        (6, "360.2", "L", "2024-05-03", "")
    ]


def test_json_and_csv_give_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"category": 6, "method": "flight", "distance [km]": 50, "trips": 2}]')
    (tmp_path / "t.csv").write_text("category,method,distance [km],trips\n6,flight,50,2\n")
    told = ("part", "quantity", "unit", "formula")
    json, text = (of(read_all(read(tmp_path / name))[1], *told) for name in ("t.json", "t.csv"))
    assert json == text == [("flight", "100", "pkm", "flight: distance x trips = 50 km x 2 = 100 pkm")]


def test_every_name_that_a_template_has_is_a_column(tmp_path: Path) -> None:
    assert {*HEAD, *AMOUNT, *TAIL} == set(PLAIN)
    assert {part.name for row in ROWS for part in row.parts} <= PARTS
    assert [int(text) for text in CATEGORIES] == [c.value for c in Category if methods_of(c)]
