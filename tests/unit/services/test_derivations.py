"""A derivation shows numbers that give each other, and refuses those that do not."""

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.line import MAX_LINE_MG_CO2E, quantised_mg
from vcci.domain.quality import INDICATORS
from vcci.errors import AccountingError
from vcci.services.derivations import FoundRow, derivation_of

NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"


def found(quantity: str = "99.99", rate: float = 1.25, multiplier: float = 240_000.0, **row: Any) -> FoundRow:
    asked = {"category": 1, "activity": "naics2017:337214", "region": "GB", "unit": "GBP", "asked_method": ""}
    activity = asked | {"row": 7, "date": "2022-03-05", "quantity": quantity, "notices": "", "exclusion": ""}
    of_factor = {"factor_id": "f", "factor_name": "Furniture", "factor_value": "0.24", "factor_unit": "kg"}
    key = {
        **asked, **of_factor, "year": "2022", "factor_currency": "USD", "mg_co2e_per_unit": multiplier,
        "factor_year": 2022, "factor_region": "US", "gwp_set": "AR5", "method": "spend-based", "pack": "p",
        "notices": "own_factor", "steps": "0.24 kg CO2e per USD", "ln_sigma": None,
        **{f"dq_{name}": None for name in INDICATORS},
    }  # fmt: skip
    amount = float(quantity) * rate
    line = {"amount": amount, "co2e_mg": quantised_mg(amount, multiplier)}
    of_day = {"rate": rate, "published": "2022-03-04", "rate_notices": "rate_of_earlier_day"}
    return FoundRow(activity | row, line, key, of_day)


def told(row: FoundRow) -> Any:
    return derivation_of(row, run_digest="d", packs=())


@given(
    st.decimals("-1000000", "1000000", places=2).map(str),
    st.floats(0.001, 1000),
    st.floats(0.001, 1e9),
)
def test_shown_numbers_give_each_other_down_to_the_stored_milligram(
    quantity: str, rate: float, multiplier: float
) -> None:
    shown = told(found(quantity, rate, multiplier))
    given_, by, amount = re.findall(NUMBER, re.sub("of 2022-03-04", "", shown.steps[-3]))
    assert float(given_) * float(by) == float(amount)
    left, right, product = re.findall(NUMBER, shown.steps[-2])[:3]
    assert float(left) * float(right) == float(product)
    assert math.floor(float(product) + 0.5) == shown.emissions_mg_co2e


def test_steps_read_as_a_person_would_work_it_out() -> None:
    assert told(found("100", 1.25, 240_000.0)).steps == (
        "0.24 kg CO2e per USD",
        "100 GBP x 1.25 USD per GBP of 2022-03-04 = 125.0 USD",
        "125.0 x 240000.0 = 30000000.0 mg CO2e",
        "30000000.0 + 0.5, floored = 30000000 mg CO2e",
    )


def test_notices_of_row_rate_and_factor_are_told_once_in_words() -> None:
    shown = told(found(notices="commodity_matched;own_factor"))
    assert [code for code, _ in shown.notices] == ["commodity_matched", "own_factor", "rate_of_earlier_day"]
    assert shown.classified["how"] == "by words or likeness, since no rule speaks of it"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("line", {"co2e_mg": 1}),
        ("line", {"amount": 3.0}),
        ("rate", {"rate": 2.0}),
        ("activity", {"quantity": "100"}),
        ("activity", {"unit": "EUR"}),
        ("activity", {"date": "2021-03-05"}),
        ("multiplier", {"mg_co2e_per_unit": 5.0}),
    ],
)
def test_any_number_that_was_changed_is_refused(part: str, change: dict[str, Any]) -> None:
    row = found()
    changed: Any = {part: {**getattr(row, part), **change}}
    with pytest.raises(AccountingError) as refused:
        told(replace(row, **changed))
    assert refused.value.code == "line_does_not_recompute"


def test_row_without_a_line_says_why_and_what_to_do() -> None:
    row = replace(found(), line={}, multiplier={}, rate={}, reason="date_not_a_date")
    shown = told(row)
    assert (shown.outcome, shown.meaning, shown.remedy) == (
        "rejected",
        "The date cannot be read.",
        "Write YYYY-MM-DD.",
    )
    assert shown.emissions_mg_co2e is None
    assert shown.steps == ()


def test_largest_line_is_shown_with_all_its_digits() -> None:
    shown = told(found("999999999999", 1.0, 999_999.0))
    assert shown.emissions_mg_co2e is not None
    assert shown.emissions_mg_co2e < MAX_LINE_MG_CO2E
    assert str(shown.emissions_mg_co2e) in shown.steps[-1]
