"""What can be said of a row: why it is rejected, excluded or not covered, and notices on lines.

A bad row is a finding with a remedy, never an exception. The tables below are the whole vocabulary; a test
holds that each code is used in one way only and is in the documentation.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What became of a row. Every row has exactly one outcome."""

    LINE = "line"
    EXCLUDED = "excluded"
    NOT_COVERED = "not covered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row has no line: what it means, and what a person can do about it."""

    outcome: Outcome
    meaning: str
    remedy: str


def _rejected(meaning: str, remedy: str) -> Reason:
    return Reason(Outcome.REJECTED, meaning, remedy)


def _not_covered(meaning: str, remedy: str) -> Reason:
    return Reason(Outcome.NOT_COVERED, meaning, remedy)


def _excluded(meaning: str) -> Reason:
    return Reason(Outcome.EXCLUDED, meaning, "Change the account's rule in the mapping if it is a purchase.")


REASONS: Final[dict[str, Reason]] = {
    "row_ragged": _rejected("The row has another number of cells than the header.", "Quote or add cells."),
    "quantity_missing": _rejected("The amount is empty.", "Fill in the amount."),
    "quantity_not_a_number": _rejected("The amount is not a number.", "Write digits, such as 1234.56."),
    "quantity_negative": _rejected("A physical quantity is negative.", "Use a positive quantity."),
    "quantity_too_large": _rejected("One row is over 1 Gt CO2e.", "Check the amount and its unit."),
    "unit_missing": _rejected("There is no currency or unit.", "Fill it in, or set --currency."),
    "unit_unknown": _rejected("The currency or unit is not known.", "Use ISO 4217 or a listed unit."),
    "date_missing": _rejected("The date is missing.", "Fill in the date, or set --year."),
    "date_not_a_date": _rejected("The date cannot be read.", "Write YYYY-MM-DD."),
    "date_outside_rates": _rejected("No exchange rate is published for the date.", "Check the date."),
    "region_unknown": _rejected("The region is no country.", "Use a code of ISO 3166 such as GB."),
    "category_unknown": _rejected("The category is not 1 to 15.", "Use a Scope 3 category number."),
    "request_malformed": _rejected("The activity is not written as the schema asks.", "See `vcci schema`."),
    "method_not_offered": _rejected(
        "The category has no method of that name, or none is named for the inputs.",
        "Use a method of the category's page.",
    ),
    "input_unknown": _rejected("The method has no such input.", "Use the inputs of the method's page."),
    "input_unused": _rejected(
        "An input or factor is given that is not used.",
        "Leave it out, or give what it belongs to.",
    ),
    "input_missing": _rejected("The method needs another input.", "Give the input that is named."),
    "input_not_a_number": _rejected("An input is not a number with a unit.", "Write it as `12.5 km`."),
    "input_negative": _rejected("An input is negative.", "Use a positive number."),
    "input_unit_does_not_fit": _rejected(
        "The unit of an input is of another dimension.", "Use a unit of the dimension that is named."
    ),
    "share_over_one": _rejected("A share, or the sum of shares, is over 100 %.", "Correct the shares."),
    "divisor_zero": _rejected("An input that is divided by is zero.", "Give a number above zero."),
    "factor_not_a_number": _rejected("The factor's value is not a number.", "Write digits, such as 0.125."),
    "grant": _excluded("A grant or contribution, not a purchase."),
    "tax": _excluded("A tax, duty, levy or fine, not a purchase."),
    "payroll": _excluded("Pay, pension or another cost of own staff, not a purchase."),
    "debt": _excluded("Interest, loan or investment movement, not a purchase."),
    "transfer": _excluded("A transfer, refund, recharge, deposit or balance-sheet movement, not a purchase."),
    "compensation": _excluded("Compensation or an award, not a purchase."),
    "redacted": _excluded("The publisher redacted what the row is for."),
    "land": _excluded("Land or property as an asset, not made in the reporting year."),
    "own_energy": _excluded("Energy used by the company itself: Scope 1 or 2; category 3 needs kWh."),
    "outside_period": _excluded("The row lies outside the reporting year."),
    "subtotal": Reason(
        Outcome.EXCLUDED,
        "A total of rows that are counted themselves.",
        "Nothing: its amount is the exact sum of rows above it.",
    ),
    "commodity_unknown": _not_covered(
        "No rule and no confident match says what was bought.", "Add a rule for the account to the mapping."
    ),
    "factor_not_found": _not_covered(
        "No factor pack in use covers what was bought.", "Add a pack, or give a factor of your own."
    ),
    "price_index_missing": _not_covered(
        "No price index reaches from the purchase to the factor's year.", "Add a price index pack."
    ),
    "gwp_not_available": _not_covered(
        "The factor has no gases, so another GWP set cannot be applied.", "Ask for the factor's own GWP set."
    ),
    "gas_not_published": _not_covered(
        "The factor is not published by gas.", "Ask for the whole factor, or use one with gases."
    ),
    "difference_negative": _not_covered(
        "The factor that is taken off is larger than the other.", "Check which is the life cycle's."
    ),
    "method_missing": _not_covered(
        "The category has no method for this kind of quantity yet.", "Give spend, or another category."
    ),
    "unit_does_not_fit": _not_covered(
        "The quantity's dimension is not the factor's.", "Use a unit of the factor's dimension."
    ),
}
"""Every reason why a row has no line, by its stable code."""

NOTICES: Final[dict[str, str]] = {
    "date_from_period": "The date was missing; the last day of the row's stated period is used.",
    "date_from_year": "The date was missing; 30 June of the reporting year is used.",
    "rate_of_earlier_day": "No rate was published on the date; that of the last business day before is used.",
    "deflated_with_cpi": "No industry price index covers the year; the US consumer price index is used.",
    "deflator_of_first_industry": "The commodity has several price indices; the first by code is used.",
    "cpi_of_partial_year": "The consumer price index of the year is the mean of the months published so far.",
    "factor_of_other_region": "The factor stands for another region than the row's.",
    "method_outside_guidance": "The Technical Guidance has no spend-based method for this category; the "
    "line is a screening estimate.",
    "commodity_matched": "The commodity was matched by words, not by a rule.",
    "commodity_decided": "Somebody decided what the text stands for, in the review queue.",
    "own_factor": "The factor was given by the user.",
    "release_unknown": "What share of the gas is released is not known; by the Guidance it is all.",
    "gwp_set_changed": "The factor's gases are weighed in the GWP set that was asked for, not in its own.",
    "row_repaired": "The row was mended after it had been rejected.",
}
"""Every notice that a line may carry, by its stable code."""
