"""One row of an activity table -> the rows of the ledger frame that it makes, or why it is rejected.

Numbers, dates and units are read as strictly as everywhere: plain decimals, unless --decimal says more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS, PART_COLUMNS, ActivityData
from vcci.domain.category import STATED_APART, Category
from vcci.domain.mapping import DecimalMark
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.domain.method import Kind
from vcci.domain.quantity import UnitTable
from vcci.domain.selection import Unresolved
from vcci.engine.expand import PERCENT, PartOfActivity, expand
from vcci.engine.methods import row_for
from vcci.engine.methods.inputs import INPUTS
from vcci.engine.numbers import PLAIN_DECIMAL
from vcci.intake.activity_columns import PLAIN, Column
from vcci.intake.dates import ALL_ORDERS, NO_DATES, read_date
from vcci.intake.frame import DAY_OF_YEAR
from vcci.intake.front import RawTable
from vcci.intake.numbers import read_amount
from vcci.intake.survey import TYPED_KINDS

CATEGORIES: Final = {str(category.value): category.value for category in Category}

BLANK: Final[dict[str, Any]] = {
    **dict.fromkeys((*LEDGER_COLUMNS, *PART_COLUMNS, *CLASSIFIED_COLUMNS), ""),
    "capital": False,
    "category": STATED_APART,
}
"""A row of the frame of which nothing is known."""

FREE: Final = ("id", "supplier", "description")
"""Columns whose texts stay as they are, but for blanks around them."""

_PLAIN: Final = re.compile(PLAIN_DECIMAL)
_IS_ZERO: Final = re.compile(r"-?0+(\.0+)?( .*)?")

Told = Mapping[str, str]
"""The texts of a row that are not blank, by the name of their column."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one file; `year` is that of rows without a date."""

    table: RawTable
    columns: Mapping[str, Column]
    mapping: LedgerMapping
    units: UnitTable
    year: int | None = None

    def rows(self, cells: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the frame that a row of the raw table makes: parts, or one that is rejected."""
        told = self._told(cells)
        common = self._common(told, line=cells["line"])
        if cells["cells"] != len(self.table.header):
            found = f"{cells['cells']} cells instead of {len(self.table.header)}"
            yield common | {"problem": "row_ragged", "problem_value": found}
            return
        activity = self._activity(told, common)
        if isinstance(activity, Unresolved):
            yield common | self._problem(activity, told)
            return
        parts = self._parts(activity)
        if isinstance(parts, Unresolved):
            yield common | self._problem(parts, told)
            return
        yield from (_of_part(part, activity, common) for part in parts)

    def _told(self, cells: Mapping[str, Any]) -> Told:
        texts = {name: cells[f"c{column.place}"].strip() for name, column in self.columns.items()}
        return {
            name: text if name in FREE else " ".join(text.split()) for name, text in texts.items() if text
        }

    def _common(self, told: Told, *, line: int) -> dict[str, Any]:
        date = self._date(told)
        of_year = not date and self.year is not None and _is_undated(told)
        supplier = told.get("supplier", "")
        redacted = {name.casefold() for name in self.mapping.redacted_suppliers}
        return BLANK | {
            "source": self.table.name,
            "line": line,
            "supplier": "" if supplier.casefold() in redacted else supplier,
            "account": told.get("method") or told.get("activity", ""),
            "account_code": told.get("id", ""),
            "description": told.get("description", ""),
            "date": f"{self.year:04}-{DAY_OF_YEAR}" if of_year else date,
            "region": told.get("region") or self.mapping.region,
            "notices": "date_from_year" if of_year else "",
        }

    def _date(self, told: Told) -> str:
        order = self.mapping.conventions.date_order
        return read_date(told.get("date", ""), frozenset((order,)) if order else ALL_ORDERS)

    def _activity(self, told: Told, common: Mapping[str, Any]) -> ActivityData | Unresolved:
        """Return the activity that a row says; without a method its amount is `quantity`, in `unit`."""
        category, method = CATEGORIES.get(told.get("category", "")), told.get("method", "")
        if category is None:
            return Unresolved("category_unknown", ("category",))
        if not common["date"] and not _is_undated(told):
            return Unresolved("date_not_a_date", ("date",))
        factors = {column.part: told[name] for name, column in self.columns.items() if name in told}
        whole = ActivityData(
            activity=told.get("activity", ""),
            date=common["date"],
            region=common["region"],
            category=category,
            method=method,
            factors={part: factor for part, factor in factors.items() if part},
        )
        row = row_for(category, method) if method else None
        names = [name for name in told if name in INPUTS and (method or name != "quantity")]
        if row is None and (method or names or whole.factors):
            return Unresolved("method_not_offered", ("method",))
        if row is None:
            return self._without_method(whole, told)
        inputs = {name: self._input(name, told) for name in names}
        wrong = [given for given in inputs.values() if isinstance(given, Unresolved)]
        texts = {name: " ".join(given) for name, given in inputs.items() if not isinstance(given, Unresolved)}
        return wrong[0] if wrong else replace(whole, inputs={n: text.strip() for n, text in texts.items()})

    def _without_method(self, whole: ActivityData, told: Told) -> ActivityData | Unresolved:
        if "quantity" not in told:
            return Unresolved("quantity_missing", ("quantity",))
        given = self._input("quantity", told)
        if isinstance(given, Unresolved):
            not_a_number = given.reason == "input_not_a_number"
            return replace(given, reason="quantity_not_a_number") if not_a_number else given
        number, unit = given
        unit = unit or self.mapping.currency
        if not unit:
            return Unresolved("unit_missing", ("unit",))
        known = self.units.find(unit) is not None
        return replace(whole, quantity=number, unit=unit) if known else Unresolved("unit_unknown", (unit,))

    def _input(self, name: str, told: Told) -> tuple[str, str] | Unresolved:
        """Return number and unit of an input: the cell's unit, the header's, or of money that of the run."""
        text = told[name]
        number, _, unit = text.removesuffix(PERCENT).strip().partition(" ")
        unit = f"{unit} {PERCENT}".strip() if text.endswith(PERCENT) else unit
        plain = self._number(number, is_whole=not unit)
        if plain is None:
            return Unresolved("input_not_a_number", (name,))
        said = [unit, self.columns[name].unit, told.get("unit", "") if name == "quantity" else ""]
        said = list(filter(None, said))
        if len({self.units.find(unit) or unit for unit in said}) > 1:
            return Unresolved("input_unit_does_not_fit", (name,))
        if not said and INPUTS[name].kind == Kind.MONEY and self.mapping.currency:
            said = [self.mapping.currency]
        return plain, said[0] if said else ""

    def _number(self, text: str, *, is_whole: bool) -> str | None:
        """Return a number as a plain decimal; where the file has typed numbers, a cell of one is plain."""
        mark = self.mapping.conventions.decimal
        is_typed = self.table.kind in TYPED_KINDS or self.table.found.get("decimal") == DecimalMark.POINT
        if mark is None or (is_typed and is_whole and _PLAIN.fullmatch(text)):
            return text if _PLAIN.fullmatch(text) else None
        amount = read_amount(text, mark)
        return amount.text if amount and not amount.currencies else None

    def _parts(self, activity: ActivityData) -> tuple[PartOfActivity, ...] | Unresolved:
        if activity.method:
            return expand(activity, self.units)
        return (PartOfActivity("", activity.activity, activity.quantity, activity.unit, ""),)

    def _problem(self, why: Unresolved, told: Told) -> dict[str, str]:
        """Return what is said of a rejected row: the reason, and the column and text at fault."""
        name = self._at_fault(why, told)
        header = self.columns[name].header if name in self.columns else name
        return {"problem": why.reason, "problem_column": header, "problem_value": told.get(name, "")}

    def _at_fault(self, why: Unresolved, told: Told) -> str:
        """Return the column at fault: the engine tells its name, or the text or the unit of an input.

        It is empty where no single cell is.
        """
        if why.reason == "quantity_too_large":  # what the engine tells is a part, made of several inputs
            return ""
        named = [name for name in why.tried if name in INPUTS or name in PLAIN or name in self.columns]
        if why.reason == "divisor_zero":  # divisors are the last inputs of a product
            named = [name for name in reversed(named) if _IS_ZERO.fullmatch(told.get(name, ""))] or named
        if named:
            return named[0]
        wanted = why.tried[0] if why.tried else ""
        for name in filter(INPUTS.__contains__, told):
            given = self._input(name, told)
            if not isinstance(given, Unresolved) and wanted in (given[1], " ".join(given)):
                return "unit" if name == "quantity" and given[1] == told.get("unit") else name
        return ""


def _is_undated(told: Told) -> bool:
    return told.get("date", "") in ("", *NO_DATES)


def _of_part(part: PartOfActivity, activity: ActivityData, common: Mapping[str, Any]) -> dict[str, Any]:
    row = row_for(activity.category, activity.method) if activity.method else None
    notices = filter(None, (common["notices"], *part.notices))
    return {
        **common,
        "quantity": part.quantity,
        "unit": part.unit,
        "activity": part.activity,
        "category": STATED_APART if row and row.is_apart else activity.category,
        "asked_method": activity.method,
        "part": part.name,
        "formula": part.formula,
        "notices": ";".join(notices),
    }
