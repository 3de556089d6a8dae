"""What is booked of an activity that is given by itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from vcci.runtime.factors import calculator_for
from vcci.services.entries import Booking, EntryRequest, booking_of

TWO_PARTS = {
    "category": 5,
    "method": "supplier-specific",
    "inputs": {"scope_1": "120 kgCO2e", "scope_2": "30 kgCO2e"},
}
FUEL = {"value": "0.5", "unit": "L", "source": "made up"}


def booked(**given: Any) -> Booking:
    return booking_of(EntryRequest.model_validate(given), calculator_for=calculator_for(()))


def test_each_line_has_its_part_and_multiplies_to_what_it_says() -> None:
    booking = booked(**TWO_PARTS)
    assert [(one.part.name, one.part.quantity) for one in booking.lines] == [
        ("scope 1", "120"),
        ("scope 2", "30"),
    ]
    for one in booking.lines:
        assert one.line.amount * one.multiplier.mg_co2e_per_unit == one.line.emissions_mg_co2e


def test_activity_without_a_method_is_its_own_part() -> None:
    (one,) = booked(category=6, factor=FUEL, quantity="8", unit="L", date="2025-03-14").lines
    assert (one.part.quantity, one.part.unit, one.key.year) == ("8", "L", 2025)
    assert one.multiplier.notices + one.own_notices == one.line.notices


def test_day_that_does_not_exist_is_a_finding() -> None:
    booking = booked(category=6, factor=FUEL, quantity="8", unit="L", date="2025-02-30")
    assert (booking.answer.reason, booking.lines) == ("date_not_a_date", ())


def test_supplier_is_named_once() -> None:
    given = {"supplier_id": "01a211c6-67f7-70cd-801d-62a6dab94858", "supplier_name": "Alpha"}
    with pytest.raises(ValidationError, match="not by both"):
        EntryRequest.model_validate({**TWO_PARTS, **given})
