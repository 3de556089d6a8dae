"""Templates of activity tables: every method of a category has a row, every column a meaning."""

import csv
import io
from typing import Any

import openpyxl
import pytest

from vcci.domain.activity import ACTIVITY_SHEET, ActivityData
from vcci.domain.category import Category, Method
from vcci.domain.selection import Unresolved
from vcci.engine.expand import expand
from vcci.engine.methods import METHODS, methods_of
from vcci.engine.methods.inputs import INPUTS
from vcci.parameters import load
from vcci.reports.templates import SAID_AGAIN, columns, meaning, rows, template_csv, template_xlsx

UNITS = load.units(("USD", "EUR"))
CATEGORIES = pytest.mark.parametrize("category", Category, ids=str)


def book_of(category: Category, method: str = "") -> Any:
    return openpyxl.load_workbook(io.BytesIO(template_xlsx(category, method, units=UNITS)))


@CATEGORIES
def test_each_method_has_a_row_in_the_order_of_the_catalogue(category: Category) -> None:
    told = csv.DictReader(io.StringIO(template_csv(category)))
    assert [row["method"] for row in told] == [row.method for row in methods_of(category)]


@pytest.mark.parametrize(
    ("category", "method"), METHODS, ids=lambda said: said.value if isinstance(said, Method) else str(said)
)
def test_worked_row_has_every_part_of_its_method_once(category: Category, method: Method) -> None:
    row = METHODS[category, method]
    (told,) = rows(category, method)
    inputs = {name: text for name, text in told.items() if name in INPUTS}
    parts = expand(ActivityData(category=category.value, method=method, inputs=inputs), UNITS)
    assert not isinstance(parts, Unresolved), parts
    assert [part.name for part in parts] == [p.name for p in row.parts if p.amount.lead in inputs]
    again = {name for name, other in SAID_AGAIN.items() if other in row.inputs}
    assert {*row.inputs} - {*row.defaults} - again == {*inputs}


def test_template_of_one_method_has_no_other_inputs() -> None:
    assert columns(Category.BUSINESS_TRAVEL, "hotel-nights") == (
        "id", "category", "method", "activity", "nights", "persons",
        "quantity", "unit", "date", "region", "supplier", "description",
    )  # fmt: skip


def test_method_with_several_factors_has_a_column_for_each() -> None:
    named = [name for name in columns(Category.BUSINESS_TRAVEL, "flight") if name.startswith("factor ")]
    assert named == ["factor flight", "factor radiative forcing"]


@CATEGORIES
def test_workbook_says_the_same_and_explains_every_column(category: Category) -> None:
    book, names = book_of(category), columns(category)
    sheet = book[ACTIVITY_SHEET]
    told = [[cell or "" for cell in line] for line in sheet.iter_rows(values_only=True)]
    assert told == list(csv.reader(io.StringIO(template_csv(category))))
    assert [cell.comment.text for cell in sheet[1]] == [meaning(name) for name in names]
    assert book.sheetnames == [ACTIVITY_SHEET, "Methods", "Inputs", "Units"]


@CATEGORIES
def test_workbook_lets_category_and_method_be_chosen_from_lists(category: Category) -> None:
    checks = book_of(category)[ACTIVITY_SHEET].data_validations.dataValidation
    methods = ",".join(row.method for row in methods_of(category))
    assert [(str(check.sqref)[0], check.formula1) for check in checks] == [
        ("B", '"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"'),
        ("C", f'"{methods}"'),
    ]


def test_sheets_beside_it_have_formulas_sources_and_units() -> None:
    book = book_of(Category.INVESTMENTS, "financed-emissions")
    methods, units = (list(book[name].iter_rows(values_only=True)) for name in ("Methods", "Units"))
    assert methods[1][:3] == ("financed-emissions", "scope 1", "scope_1 x outstanding / value")
    assert all(line[3] and line[4] for line in methods)
    assert ("mi", "distance", "mile, miles, vehicle-mile, vehicle-miles") in units
    assert units[-1] == ("a currency such as EUR", "money", "ISO 4217")
