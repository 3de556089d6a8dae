"""Activity data: one row of a ledger, as the engine takes it.

A *ledger frame* is a table of `LEDGER_COLUMNS`, one row for each row of the user's files, in file order;
nothing is dropped from it, ever. Texts are as in the file; an absent text is the empty string, never null.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LEDGER_COLUMNS: Final[dict[str, str]] = {
    "row": "Int64: 1, 2, 3 ... over all files of the run",
    "source": "String: name of the file",
    "line": "Int64: line (text files) or row (workbooks, Parquet) in that file, counted from 1",
    "supplier_id": "String: the ledger's own key of the supplier",
    "supplier": "String: the supplier's name",
    "account": "String: name of the ledger account, expense type or spend category",
    "account_code": "String: code of that account",
    "description": "String: free text",
    "capital": "Boolean: the row buys a capital good",
    "date": "String: ISO date YYYY-MM-DD, or empty",
    "quantity": "String: plain decimal with '.', sign in front, no grouping; empty if it cannot be read",
    "unit": "String: a currency (ISO 4217) for spend, else a unit of parameters/units.yaml",
    "region": "String: ISO 3166 country code, or empty",
    "asked_method": "String: the calculation method that the row names, or empty: its unit tells it",
    "problem": "String: code of the reason why the row is rejected, or empty",
    "problem_column": "String: the file's column at fault, or empty",
    "problem_value": "String: its text as found, or empty",
    "notices": "String: codes joined by ';', such as date_from_period",
}
"""The columns of a ledger frame, with their types and meaning."""

CLASSIFIED_COLUMNS: Final[dict[str, str]] = {
    "activity": "String: what a factor is looked up by, such as naics2017:541511; empty if not known",
    "category": "Int8: Scope 3 category 1 to 15; 0 where there is none",
    "exclusion": "String: code of the reason why the row is outside the inventory, or empty",
}
"""What classification adds to a ledger frame before the engine sees it."""


ACTIVITY_SHEET: Final = "VCCI activities"
"""The sheet of a template's workbook that holds the activities."""

PART_COLUMNS: Final[dict[str, str]] = {
    "part": "String: the part of the row's method that this amount is for",
    "formula": "String: how the amount came about, in words and numbers",
}
"""What a frame has beside these where its rows are parts of activities with methods of their own.

Such rows are classified as they are read. Category 0 holds what is stated apart from the totals.
"""


@dataclass(frozen=True, slots=True)
class ActivityData:
    """One activity for a single calculation.

    Either `quantity` (plain decimal text) and `unit`, or a `method` of the catalogue with its `inputs`
    ("50 km", "10", "40 %") by name. `activity` names the factor; `factors` those of single parts. `date` is
    an ISO date.
    """

    activity: str = ""
    quantity: str = ""
    unit: str = ""
    date: str = ""
    price_year: int | None = None
    region: str = ""
    category: int = 1
    method: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)

    def factor_of(self, part: str) -> str:
        """Return what the factor of a part is looked up by: its own, else that of the activity."""
        return self.factors.get(part, self.activity)
