"""Activities that are given one by one: what the open run books of them, part by part."""

from dataclasses import dataclass
from datetime import date
from math import floor
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import StringConstraints, model_validator

from vcci.domain.activity import ActivityData
from vcci.domain.category import STATED_APART
from vcci.domain.line import EmissionLine
from vcci.domain.selection import FactorKey, Multiplier, Unresolved
from vcci.engine.calculate import Calculator, year_of
from vcci.engine.columnar import LARGEST_COUNTED_SPEND
from vcci.engine.expand import PartOfActivity, expand
from vcci.services.activity_request import BY_METHOD_OR_QUANTITY, MAX_TEXT, WRITABLE, ActivityRequest
from vcci.services.calculations import Answer, CalculatorFor, calculate

ONE_SUPPLIER: Final[dict[str, Any]] = {
    "not": {
        "required": ["supplier_id", "supplier_name"],
        "properties": {"supplier_id": {"type": "string"}, "supplier_name": {"minLength": 1}},
    }
}
"""A supplier is named once."""


class EntryRequest(ActivityRequest, json_schema_extra={**BY_METHOD_OR_QUANTITY, **ONE_SUPPLIER}):
    """An activity for the inventory, with its supplier: one that is known by its id, or a name."""

    supplier_id: UUID | None = None
    supplier_name: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=WRITABLE)] = ""

    @model_validator(mode="after")
    def _names_one_supplier(self) -> Self:
        if self.supplier_id and self.supplier_name:
            raise ValueError("a supplier is named by supplier_id or by supplier_name, not by both")
        return self


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line with what it was made of: the part as an activity of its own, its key and its multiplier."""

    activity: ActivityData
    part: PartOfActivity
    key: FactorKey
    multiplier: Multiplier
    line: EmissionLine

    @property
    def category(self) -> int:
        """The category that the books have it under."""
        return STATED_APART if self.line.is_apart else self.line.category

    @property
    def spend_hundredths(self) -> int:
        """Hundredths of the unit of its quantity, counted as `columnar` counts them for many rows."""
        quantity = float(self.part.quantity)
        return floor(quantity * 100 + 0.5) if abs(quantity) < LARGEST_COUNTED_SPEND else 0

    @property
    def own_notices(self) -> tuple[str, ...]:
        """The notices that are not its multiplier's."""
        return self.line.notices[len(self.multiplier.notices) :]


@dataclass(frozen=True, slots=True)
class Booking:
    """What becomes of an activity: the answer to the caller, and its lines, none if it has a finding."""

    answer: Answer
    day: date | None = None
    lines: tuple[BookedLine, ...] = ()


def booking_of(asked: ActivityRequest, *, calculator_for: CalculatorFor) -> Booking:
    """Calculate an activity, and keep what its lines were made of."""
    answer = calculate([asked], calculator_for=calculator_for)[0]
    if answer.reason:
        return Booking(answer)
    try:
        day = date.fromisoformat(asked.date) if asked.date else None
    except ValueError:
        return Booking(Answer(asked.id, reason="date_not_a_date", tried=(asked.date,)))
    activity, own = asked.in_words_of_the_engine()
    calculator = calculator_for(own)
    parts = _parts(activity, calculator)
    pairs = zip(parts, answer.lines, strict=True)
    return Booking(answer, day, tuple(_booked(activity, pair, calculator) for pair in pairs))


def _parts(activity: ActivityData, calculator: Calculator) -> tuple[PartOfActivity, ...]:
    if not activity.method:
        return (PartOfActivity("", activity.activity, activity.quantity, activity.unit, ""),)
    parts = expand(activity, calculator.resolver.units)
    return () if isinstance(parts, Unresolved) else parts


def _booked(
    whole: ActivityData, pair: tuple[PartOfActivity, EmissionLine], calculator: Calculator
) -> BookedLine:
    part, line = pair
    activity = part.as_activity(whole)
    key = FactorKey(
        activity.category,
        activity.activity,
        activity.region,
        activity.unit,
        activity.price_year or year_of(activity.date),
        calculator.price_basis,
        calculator.gwp_set,
        activity.method,
    )
    multiplier = calculator.multiplier(key)
    if isinstance(multiplier, Unresolved):
        raise TypeError(f"{key} had a multiplier a moment ago")  # the calculator keeps what it resolved
    return BookedLine(activity, part, key, multiplier, line)
