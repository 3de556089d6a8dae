"""The mapping of a ledger: which column is what, how its texts are read, what each account buys.

A mapping file (YAML) is loaded and saved by intake/mapping_file.py; docs/mapping.md shows one.
"""

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Final

from vcci.domain.factor import OwnFactor

TARGETS: Final = (
    "supplier_id",
    "supplier",
    "account",
    "account_code",
    "description",
    "capital",
    "date",
    "period",
    "quantity",
    "unit",
    "region",
)
"""What a column of the user's file can be. `period` stands in for a missing date."""


class DateOrder(StrEnum):
    """How a date text is to be read."""

    ISO = "year-month-day"
    DMY = "day-month-year"
    MDY = "month-day-year"


class DecimalMark(StrEnum):
    """The mark between whole and fraction; the other one can only group digits."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class Conventions:
    """How texts are read; None means: find out from the column, and ask where it stays ambiguous."""

    decimal: DecimalMark | None = None
    date_order: DateOrder | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class AccountRule:
    """What an account buys: a commodity, a factor of one's own, or the reason why it is no purchase.

    `account` is compared without regard to case, spacing and punctuation at the ends; `code` exactly.
    Exactly one of `commodity` (NAICS 2017), `activity` (of a physical factor, such as
    desnz2025:25_315_3147_11_1; its category is told too), `own_factor` (name in `Mapping.own_factors`) and
    `not_a_purchase` (an excluding code of domain/finding.py) is set.
    """

    account: str = ""
    code: str = ""
    commodity: str = ""
    activity: str = ""
    own_factor: str = ""
    not_a_purchase: str = ""
    category: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Everything that must be known of a ledger to read it; `columns` holds accepted header names.

    `left_out` says why a category is outside the stated boundary.
    """

    source: str = ""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    conventions: Conventions = field(default_factory=Conventions)
    currency: str = ""
    region: str = ""
    capital_values: tuple[str, ...] = ()
    redacted_suppliers: tuple[str, ...] = ()
    accounts: tuple[AccountRule, ...] = ()
    own_factors: dict[str, OwnFactor] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)


def answered(mapping: Mapping, asked: Conventions, *, currency: str = "", region: str = "") -> Mapping:
    """Return a mapping in which what was asked for by name wins over what it says itself."""
    answers = {name.name: getattr(asked, name.name) for name in fields(asked)}
    given = {name: answer for name, answer in answers.items() if answer is not None}
    return replace(
        mapping,
        conventions=replace(mapping.conventions, **given),
        currency=currency or mapping.currency,
        region=region or mapping.region,
    )
