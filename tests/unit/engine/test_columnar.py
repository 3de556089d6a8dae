"""The one definition for many rows: what becomes a line, what does not and why, and what is summed."""

from fractions import Fraction
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from tests.support.ledgers import calculator, factor, ledger_row

from vcci.domain.factor import OwnFactor
from vcci.engine import columnar
from vcci.engine.tables import resolved_tables

CALCULATOR = calculator(
    factor("541511", "0.084"), own={"steel": OwnFactor("1.85", "t", "mill declaration 2023")}
)
STEEL = {"activity": "own:steel", "unit": "kg"}


def ledger(*rows: dict[str, Any]) -> Any:
    given = [ledger_row(number, **row) for number, row in enumerate(rows, start=1)]
    return nw.from_native(pl.DataFrame(given, schema_overrides={"category": pl.Int8}))


def outcomes(*rows: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines and the unlined rows of a ledger."""
    frame = ledger(*rows)
    keys, dates = (nw.to_native(f(frame)) for f in (columnar.distinct_keys, columnar.distinct_dates))
    tables = resolved_tables(keys, dates, CALCULATOR)
    joined = columnar.outcomes(
        frame, multipliers=nw.from_native(tables.multipliers), rates=nw.from_native(tables.rates)
    )
    lines, unlined = nw.to_native(columnar.lines(joined)), nw.to_native(columnar.unlined(joined))
    return lines.sort("row"), unlined.sort("row")


def test_a_line_is_the_amount_times_the_multiplier_in_whole_milligrams() -> None:
    lines, _ = outcomes({"quantity": "12.345678"})
    assert lines["co2e_mg"].to_list() == [1_037_037]  # 12.345678 USD x 84,000 mg = 1,037,036.952


def test_money_is_brought_to_the_factors_currency_by_the_rate_of_its_date() -> None:
    lines, _ = outcomes({"unit": "GBP", "quantity": "1"}, {"unit": "GBP", "date": "2022-03-06"})
    exactly = [Fraction("1.1162") / Fraction("0.8335"), Fraction("1.0929") / Fraction("0.8253")]
    assert lines["amount"].to_list() == [float(exactly[0]), 100 * float(exactly[1])]
    assert lines["rate_notices"].to_list() == [None, "rate_of_earlier_day"]


def test_the_order_of_the_two_products_is_part_of_the_definition() -> None:
    lines, _ = outcomes({"unit": "GBP", "quantity": "70000000050.01"})
    assert lines["co2e_mg"].to_list() == [7_874_332_339_158_940]  # quantity x (rate x multiplier) ends in 942


def test_a_credit_note_is_a_negative_line_but_a_physical_quantity_is_never_negative() -> None:
    lines, unlined = outcomes({"quantity": "-1"}, STEEL | {"quantity": "-1"}, STEEL | {"quantity": "1"})
    assert lines.select("row", "co2e_mg").rows() == [(1, -84_000), (3, 1_850)]
    assert unlined.select("row", "reason").rows() == [(2, "quantity_negative")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"problem": "row_ragged", "quantity": ""}, "row_ragged"),
        ({"quantity": "", "exclusion": "tax"}, "quantity_missing"),
        ({"quantity": "1e3"}, "quantity_not_a_number"),
        ({"quantity": "1,5"}, "quantity_not_a_number"),
        ({"quantity": "12\n"}, "quantity_not_a_number"),
        ({"quantity": "inf"}, "quantity_not_a_number"),
        ({"exclusion": "tax", "unit": "ZZZ"}, "tax"),
        ({"unit": "ZZZ", "activity": ""}, "unit_unknown"),
        ({"activity": ""}, "commodity_unknown"),
        ({"category": 17}, "category_unknown"),
        ({"unit": "GBP", "date": "2022-06-01"}, "date_outside_rates"),
        ({"date": "2022-13-01"}, "date_not_a_date"),
        ({"quantity": "-20000000000000"}, "quantity_too_large"),
        ({"quantity": "999999999999999999.999999999999999999"}, "quantity_too_large"),
    ],
)
def test_a_row_without_a_line_has_the_first_reason_that_applies(row: dict[str, Any], reason: str) -> None:
    lines, unlined = outcomes(row)
    assert (lines.height, unlined["reason"].to_list()) == (0, [reason])


def test_only_rows_that_may_have_a_line_ask_for_a_multiplier() -> None:
    frame = ledger({}, {"unit": "EUR", "exclusion": "tax"}, {"unit": "GBP", "problem": "row_ragged"})
    keys = nw.to_native(columnar.distinct_keys(frame))
    assert keys.rows() == [(1, "naics2017:541511", "US", "USD", "2022", "")]
    assert nw.to_native(columnar.distinct_dates(frame)).rows() == [("USD", "2022-03-01")]


def test_spend_is_counted_in_hundredths_and_unbelievable_amounts_are_left_out() -> None:
    _, unlined = outcomes(
        {"exclusion": "tax", "quantity": "-12.34"}, {"quantity": "1000000000000000"}, {"quantity": "x"}
    )
    assert unlined["spend_hundredths"].to_list() == [-1_234, 0, 0]


def test_the_spend_of_a_row_that_is_rejected_for_its_size_is_not_believed() -> None:
    lines, unlined = outcomes({"quantity": "20000000000000"}, {"quantity": "999999999999999"}, {})
    assert unlined.select("row", "reason", "spend_hundredths").rows() == [
        (1, "quantity_too_large", 0),
        (2, "quantity_too_large", 0),
    ]
    assert lines["spend_hundredths"].to_list() == [10_000]


def test_totals_are_sums_of_integers_by_the_columns_asked_for() -> None:
    lines, _ = outcomes({"supplier": "A"}, {"supplier": "B"}, {"supplier": "A", "category": 2})
    added = columnar.contributions(nw.from_native(lines), by=("supplier",))
    totals = nw.to_native(columnar.totals(added, by=("supplier",))).sort("supplier")
    assert totals.rows() == [
        ("A", 2, 16_800_000, 20_000, 20_000),
        ("B", 1, 8_400_000, 10_000, 10_000),
    ]


def test_lines_with_notices_of_their_own_are_counted() -> None:
    lines, _ = outcomes({}, {"notices": "date_from_year"}, {"unit": "GBP", "date": "2022-03-06"})
    counts = nw.to_native(columnar.noticed(nw.from_native(lines), by=("notices", "rate_notices")))
    assert set(counts.rows()) == {(None, "rate_of_earlier_day", 1), ("date_from_year", None, 1)}
