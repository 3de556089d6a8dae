"""One activity and its method -> its parts, each an amount in a unit and the name of its factor.

All arithmetic is exact and is rounded once, to the nearest float64, when an amount is written down. What is
wrong with an input is a finding with the input's name; nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from vcci.domain.activity import ActivityData
from vcci.domain.method import REPORTED, Input, Kind, MethodRow, Part
from vcci.domain.quantity import MONEY, UnitTable
from vcci.domain.selection import Unresolved
from vcci.engine.choose import LESS
from vcci.engine.methods import row_for
from vcci.engine.methods.inputs import INPUTS
from vcci.engine.numbers import exact_number, plain_text

PERCENT: Final = "%"
LARGEST_AMOUNT: Final = 10**18
"""Amounts have at most 18 digits before the point (engine/numbers.py)."""


@dataclass(frozen=True, slots=True)
class PartOfActivity:
    """A part with its amount as plain decimal text; `formula` is the amount in words and in numbers."""

    name: str
    activity: str
    quantity: str
    unit: str
    formula: str
    notices: tuple[str, ...] = ()

    def as_activity(self, whole: ActivityData) -> ActivityData:
        """Return the part as an activity of its own, of which the amount is the quantity."""
        return replace(
            whole, activity=self.activity, quantity=self.quantity, unit=self.unit, inputs={}, factors={}
        )


@dataclass(frozen=True, slots=True)
class Given:
    """An input as it was given.

    `value` is in the unit of its kind, which for any unit or money is `unit`, its own; `in_base` is in the
    base unit of its `dimension` there, and the same as `value` elsewhere.
    """

    text: str
    value: Fraction
    in_base: Fraction
    unit: str = ""
    dimension: str = ""


def expand(activity: ActivityData, units: UnitTable) -> tuple[PartOfActivity, ...] | Unresolved:
    """Return the parts of an activity whose method is named, or the first thing that is wrong with it."""
    row = row_for(activity.category, activity.method)
    if row is None:
        return Unresolved("method_missing", (str(activity.category), activity.method))
    strange = [name for name in activity.inputs if name not in row.inputs]
    if strange:
        return Unresolved("input_unknown", (strange[0], *row.inputs))
    given = _given(row, activity.inputs, units)
    if isinstance(given, Unresolved):
        return given
    if sum((given[name].value for name in row.shares if name in given), Fraction(0)) > 1:
        return Unresolved("share_over_one", row.shares)
    return _parts(row, activity, given)


def _parts(
    row: MethodRow, activity: ActivityData, given: Mapping[str, Given]
) -> tuple[PartOfActivity, ...] | Unresolved:
    wanted = [part for part in row.parts if part.amount.lead in given]
    if not wanted:
        return Unresolved("input_missing", tuple(dict.fromkeys(p.amount.lead for p in row.parts)))
    if unused := _unused(row, wanted, activity=activity):
        return Unresolved("input_unused", unused)
    found = []
    for part in wanted:
        answer = _part(row, part, activity=activity, given=given)
        if isinstance(answer, Unresolved):
            return answer
        found.append(answer)
    return tuple(part for part in found if part.quantity != "0") or tuple(found)


def _unused(row: MethodRow, wanted: Sequence[Part], *, activity: ActivityData) -> tuple[str, ...]:
    """Return an input that no part takes, or a factor that is no part's, with what there is."""
    taken = {name for part in wanted for name in part.amount.names}
    parts = {name for part in row.parts for name in (part.name, part.less) if name}
    idle = [name for name in activity.inputs if name not in taken]
    strange = [name for name in activity.factors if name not in parts]
    if idle:
        return (idle[0], *sorted(taken))
    return (f"factor {strange[0]}", *sorted(parts)) if strange else ()


def _part(
    row: MethodRow, part: Part, *, activity: ActivityData, given: Mapping[str, Given]
) -> PartOfActivity | Unresolved:
    names = part.amount.names
    missing = [name for name in names if name not in given and name not in row.optional]
    if missing:
        return Unresolved("input_missing", (missing[0],))
    here = {name: given[name] for name in names if name in given}
    lead, *others = here.values()
    if mixed := _mixed(others):
        return Unresolved("input_unit_does_not_fit", mixed)
    try:
        amount = part.amount.of_inputs({n: g.value if g is lead else g.in_base for n, g in here.items()})
    except ZeroDivisionError:
        return Unresolved("divisor_zero", names)
    if part.is_share and amount > lead.value:
        return Unresolved("share_over_one", names)
    if abs(amount) >= LARGEST_AMOUNT:
        return Unresolved("quantity_too_large", (part.name,))
    words = part.amount.words({name: name.replace("_", " ") for name in here})
    numbers = part.amount.words({name: g.text for name, g in here.items()})
    unit = part.unit or lead.unit
    return PartOfActivity(
        part.name,
        activity=_factor(part, activity),
        quantity=plain_text(amount),
        unit=unit,
        formula=f"{part.name}: {words} = {numbers} = {plain_text(amount)} {unit}",
        notices=_notices(row, names, activity.inputs),
    )


def _factor(part: Part, activity: ActivityData) -> str:
    if part.reported:
        return REPORTED
    named = activity.factor_of(part.name)
    return f"{named}{LESS}{activity.factor_of(part.less)}" if part.less else named


def _mixed(others: Sequence[Given]) -> tuple[str, ...]:
    """Return the units of inputs that are set against each other without being comparable."""
    dimensions = {g.unit if g.dimension == MONEY else g.dimension for g in others if g.dimension}
    return tuple(g.text for g in others if g.dimension) if len(dimensions) > 1 else ()


def _notices(row: MethodRow, names: tuple[str, ...], inputs: Mapping[str, str]) -> tuple[str, ...]:
    used = (default.notice for name, default in row.defaults.items() if name in names and name not in inputs)
    return tuple(used)


def _given(row: MethodRow, inputs: Mapping[str, str], units: UnitTable) -> dict[str, Given] | Unresolved:
    found = {}
    for name, text in ({name: d.value for name, d in row.defaults.items()} | dict(inputs)).items():
        answer = _read(INPUTS[name], " ".join(text.split()), units)
        if isinstance(answer, Unresolved):
            return answer
        found[name] = answer
    return found


def _read(asked: Input, text: str, units: UnitTable) -> Given | Unresolved:
    number, _, unit = text.partition(" ")
    is_percent = unit == PERCENT or (number.endswith(PERCENT) and not unit)
    value = exact_number(number.removesuffix(PERCENT) if is_percent else number)
    if value is None:
        return Unresolved("input_not_a_number", (asked.name, text))
    if value < 0 and asked.kind != Kind.MONEY:
        return Unresolved("input_negative", (asked.name, text))
    if asked.kind not in (Kind.NUMBER, Kind.SHARE):
        return _measured(asked, text, value=value, unit="" if number.endswith(PERCENT) else unit, units=units)
    if (unit and not is_percent) or (is_percent and asked.kind == Kind.NUMBER):
        return Unresolved("input_unit_does_not_fit", (asked.name, text, asked.kind))
    value = value / 100 if is_percent else value
    if asked.kind == Kind.SHARE and value > 1:
        return Unresolved("share_over_one", (asked.name, text))
    return Given(text, value, value)


def _measured(asked: Input, text: str, *, value: Fraction, unit: str, units: UnitTable) -> Given | Unresolved:
    if not unit:
        return Unresolved("unit_missing", (asked.name, text))
    found = units.find(unit)
    if found is None:
        return Unresolved("unit_unknown", (unit,))
    if asked.keeps_unit:
        if (found.dimension == MONEY) != (asked.kind == Kind.MONEY):
            return Unresolved("input_unit_does_not_fit", (asked.name, text, asked.kind))
        return Given(text, value, value * Fraction(found.per_base), found.symbol, found.dimension)
    wanted = units.find(asked.kind)
    if wanted is None or wanted.dimension != found.dimension:
        return Unresolved("input_unit_does_not_fit", (asked.name, text, asked.kind))
    value = value * Fraction(found.per_base) / Fraction(wanted.per_base)
    return Given(text, value, value)
