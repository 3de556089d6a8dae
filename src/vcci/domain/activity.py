"""Activity data: one row of a ledger, as the engine takes it.

A *ledger frame* is a table of `LEDGER_COLUMNS`, one row for each row of the user's files, in file order;
nothing is dropped from it, ever. Texts are as in the file; an absent text is the empty string, never null.
"""

from dataclasses import dataclass
from typing import Final

from vcci.domain.factor import OwnFactor

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


@dataclass(frozen=True, slots=True)
class ActivityData:
    """One activity for a single calculation: `quantity` is a plain decimal text, `date` an ISO date."""

    activity: str
    quantity: str
    unit: str
    date: str = ""
    price_year: int | None = None
    region: str = ""
    category: int = 1
    own_factor: OwnFactor | None = None
