"""What holds of every method whatever its inputs: alone or in a batch, in any unit, split or together."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.ledgers import DAYS, calculator, ledger_row, write_ledger

from vcci.domain.activity import ActivityData
from vcci.domain.category import Method
from vcci.domain.factor import OwnFactor
from vcci.domain.finding import REASONS
from vcci.domain.line import EmissionLine
from vcci.domain.method import Input, Kind, MethodRow
from vcci.domain.selection import Unresolved
from vcci.engine.columnar import GASES
from vcci.engine.expand import PartOfActivity, expand
from vcci.engine.methods import METHODS
from vcci.engine.methods.inputs import INPUTS
from vcci.engine.numbers import MOST_DECIMALS, plain_decimal, plain_text
from vcci.engine.tables import resolved_tables
from vcci.parameters import load
from vcci.processing import local
from vcci.services.calculations import calculate

UNITS = load.units(DAYS)
DIMENSIONS: dict[str, list[str]] = {}
for _unit in {unit.symbol: unit for unit in UNITS.units.values()}.values():
    DIMENSIONS.setdefault(_unit.dimension, []).append(_unit.symbol)
PHYSICAL = sorted(dimension for dimension in DIMENSIONS if dimension != "money")
GASES_OF_FACTOR = {"CO2": "2.4", "CH4": "0.0123456789", "N2O": "0.0876543211"}


def _own(dimension: str, value: str) -> OwnFactor:
    unit = "USD" if dimension == "money" else DIMENSIONS[dimension][0]
    return OwnFactor(
        value, unit, "made up", gases_kg_co2e=GASES_OF_FACTOR, gwp_set="AR5", biogenic_kg_co2="0.3"
    )


OWN = {dimension: _own(dimension, "2.5") for dimension in DIMENSIONS}
OWN |= {f"burnt {d}": replace(_own(d, "1.1"), gases_kg_co2e={}, gwp_set="") for d in DIMENSIONS}
CALCULATOR = calculator(own=OWN)

MODEST = st.decimals(Decimal("0.01"), Decimal(50), places=2).map(lambda number: format(number, "f"))
PERCENT = st.integers(1, 100).map(lambda number: f"{number} %")
ROWS = st.sampled_from(sorted(METHODS.items()))
OTHER_UNITS: dict[str, tuple[str, Decimal | int]] = {
    "km": ("m", 1_000),
    "m": ("km", Decimal("0.001")),
    "kWh": ("MWh", Decimal("0.001")),
    "MWh": ("kWh", 1_000),
    "GJ": ("MJ", 1_000),
    "t": ("kg", 1_000),
    "kg": ("g", 1_000),
    "m3": ("L", 1_000),
    "L": ("m3", Decimal("0.001")),
    "tCO2e": ("kgCO2e", 1_000),
    "kgCO2e": ("gCO2e", 1_000),
    "kW": ("W", 1_000),
    "week": ("day", 7),
    "%": ("", Decimal("0.01")),
}


def needed(row: MethodRow, names: set[str]) -> set[str]:
    """Return `names` with all that the parts need whose first input is among them."""
    parts = [part.amount.names for part in row.parts if part.amount.lead in names]
    more = {name for of in parts for name in of if name not in row.optional} - set(row.defaults)
    return names if more <= names else needed(row, names | more)


@st.composite
def texts_of(draw: st.DrawFn, asked: Input, shared: Mapping[str, str]) -> str:
    if asked.kind == Kind.SHARE:
        return draw(PERCENT)
    number = draw(MODEST)
    if asked.kind == Kind.NUMBER:
        return number
    fixed = UNITS.find(asked.kind)
    if asked.kind == Kind.MONEY:
        return f"{number} {shared[Kind.MONEY]}"
    units = DIMENSIONS[fixed.dimension if fixed else shared[Kind.ANY]]
    return f"{number} {draw(st.sampled_from(units))}"


@st.composite
def activities(draw: st.DrawFn) -> ActivityData:
    """Return an activity of any method, with all that it needs and factors that fit."""
    (category, method), row = draw(ROWS)
    chosen = draw(st.sets(st.sampled_from([part.amount.lead for part in row.parts]), min_size=1))
    may_be_there = sorted({*row.optional, *row.defaults, *chosen} & set(row.inputs))
    names = needed(row, chosen | draw(st.sets(st.sampled_from(may_be_there))))
    money, dimension = draw(st.sampled_from(sorted(DAYS))), draw(st.sampled_from(PHYSICAL))
    shared: dict[str, str] = {Kind.MONEY: money, Kind.ANY: dimension}
    inputs = {name: draw(texts_of(INPUTS[name], shared)) for name in sorted(names)}
    inputs |= {name: f"{draw(st.integers(1, 25))} %" for name in row.shares if name in inputs}
    taken = {n for part in row.parts if part.amount.lead in inputs for n in part.amount.names}
    inputs = {name: text for name, text in inputs.items() if name in taken}
    day = draw(st.sampled_from(["2022-03-01", "2022-03-06"]))
    activity = ActivityData(category=category, method=method, inputs=inputs, date=day)
    parts = expand(activity, UNITS)
    assume(not isinstance(parts, Unresolved) or parts.reason != "share_over_one")
    return with_factors(activity)


def with_factors(activity: ActivityData) -> ActivityData:
    named = {}
    for part in parts_of(activity):
        unit = UNITS.find(part.unit)
        assert unit is not None
        named[part.name] = f"own:{unit.dimension}"
        if activity.method == Method.LIFE_CYCLE_LESS_COMBUSTION:
            named["combustion"] = f"own:burnt {unit.dimension}"
    return replace(activity, factors=named)


def parts_of(activity: ActivityData) -> tuple[PartOfActivity, ...]:
    parts = expand(activity, UNITS)
    assert isinstance(parts, tuple), (activity, parts)
    return parts


def lines_of(activity: ActivityData) -> tuple[EmissionLine, ...]:
    lines = CALCULATOR.lines(activity)
    assert isinstance(lines, tuple), (activity, lines)
    return lines


def milligrams(activity: ActivityData) -> dict[str, int]:
    return {line.part: line.emissions_mg_co2e for line in lines_of(activity)}


def in_batch(asked: list[ActivityData]) -> pl.DataFrame:
    """Return the lines of every part of the activities, as a run over a file makes them."""
    parts = [(activity, part) for activity in asked for part in parts_of(activity)]
    rows = [
        ledger_row(
            number,
            activity=part.activity,
            quantity=part.quantity,
            unit=part.unit,
            category=int(activity.category),
            asked_method=activity.method,
            date=activity.date,
            region="",
            notices=";".join(part.notices),
        )
        for number, (activity, part) in enumerate(parts, start=1)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ledger = write_ledger(rows, folder / "activities.parquet")
        local.run(ledger, resolve=lambda k, d: resolved_tables(k, d, CALCULATOR), out=folder, chunk_rows=5)
        lines = pl.read_parquet(folder / "lines").sort("row")
    assert lines["row"].to_list() == list(range(1, len(rows) + 1))
    return lines


@settings(max_examples=25, deadline=None)
@given(st.lists(activities(), min_size=1, max_size=12))
def test_parts_in_a_batch_get_what_they_get_alone(asked: list[ActivityData]) -> None:
    alone = [line for activity in asked for line in lines_of(activity)]
    gases = [(g.get("CO2"), g.get("CH4"), g.get("N2O")) for g in (line.gases_mg_co2e for line in alone)]
    expected = [
        (line.emissions_mg_co2e, *of_gases, line.biogenic_mg_co2)
        for line, of_gases in zip(alone, gases, strict=True)
    ]
    assert in_batch(asked).select("co2e_mg", *GASES.values()).rows() == expected


@settings(deadline=None)
@given(activities())
def test_whatever_is_complete_has_a_line_for_each_part(activity: ActivityData) -> None:
    row = METHODS[activity.category, activity.method]  # type: ignore[index]
    wanted = [part.name for part in row.parts if part.amount.lead in activity.inputs]
    assert [line.part for line in lines_of(activity)] == wanted
    assert all(line.is_apart == row.is_apart for line in lines_of(activity))


@settings(deadline=None)
@given(st.lists(activities(), max_size=8), st.integers(0, 8), st.randoms(use_true_random=False))
def test_neither_order_nor_splitting_changes_a_figure(
    asked: list[ActivityData], at: int, chooser: Any
) -> None:
    whole = {number: milligrams(activity) for number, activity in enumerate(asked)}
    fresh = calculator(own=OWN)
    for number in chooser.sample(list(whole), len(whole)):
        backwards = dict(reversed(asked[number].inputs.items()))
        lines = fresh.lines(replace(asked[number], inputs=backwards))
        assert isinstance(lines, tuple)
        assert {line.part: line.emissions_mg_co2e for line in lines} == whole[number]
    totals = [sum(of_parts.values()) for of_parts in whole.values()]
    assert sum(totals[:at]) + sum(totals[at:]) == sum(totals)


def in_another_unit(text: str) -> str:
    number, _, unit = text.partition(" ")
    other, times = OTHER_UNITS.get(unit, (unit, 1))
    return f"{Decimal(number) * times:f} {other}".strip()


@settings(deadline=None)
@given(activities())
def test_the_unit_in_which_an_input_is_written_does_not_matter(activity: ActivityData) -> None:
    rewritten = {name: in_another_unit(text) for name, text in activity.inputs.items()}
    before, after = milligrams(activity), milligrams(replace(activity, inputs=rewritten))
    assert before.keys() == after.keys()
    assert all(abs(before[part] - after[part]) <= 1 for part in before)


@settings(deadline=None)
@given(activities(), st.integers(1, 20))
def test_a_multiple_of_an_input_is_that_multiple_of_its_lines(activity: ActivityData, times: int) -> None:
    row = METHODS[activity.category, activity.method]  # type: ignore[index]
    before = milligrams(activity)
    for name in {part.amount.lead for part in row.parts} & set(activity.inputs):
        if INPUTS[name].kind == Kind.SHARE:
            continue
        number, _, unit = activity.inputs[name].partition(" ")
        more = dict(activity.inputs) | {name: f"{Decimal(number) * times:f} {unit}".strip()}
        after = milligrams(replace(activity, inputs=more))
        grown = {part.name for part in row.parts if name in part.amount.names}
        expected = {part: mg * times if part in grown else mg for part, mg in before.items()}
        assert all(abs(after[part] - mg) <= times for part, mg in expected.items())


@settings(deadline=None)
@given(activities(), st.decimals(0, 100, places=4), st.decimals(0, 100, places=4))
def test_a_larger_factor_never_makes_a_smaller_line(
    activity: ActivityData, one: Decimal, other: Decimal
) -> None:
    found = []
    for value in sorted((one, other)):
        bare = {
            name: replace(own, value=f"{value:f}", gases_kg_co2e={}, gwp_set="") for name, own in OWN.items()
        }
        zero = {name: replace(own, value="0") for name, own in bare.items() if name.startswith("burnt")}
        lines = calculator(own=bare | zero).lines(activity)
        assert isinstance(lines, tuple)
        found.append([line.emissions_mg_co2e for line in lines])
    assert all(smaller <= larger for smaller, larger in zip(*found, strict=True))


TEXTS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"-?[0-9]{1,18}(\.[0-9]{1,18})? ?%?", fullmatch=True),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["0", "1", "-1", "1e9", "999999999999999999", "0.000000000000000001", "NaN", "٣"]),
        st.sampled_from(["", " ", "\t", "\u00a0"]),
        st.sampled_from(["km", "kg", "t", "kWh", "EUR", "USD", "%", "kgCO2e", "piece", "day", "m2", "?"]),
    ),
)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.data())
def test_any_text_in_any_input_gives_lines_or_a_finding(row: Any, data: st.DataObject) -> None:
    (category, method), of = row
    names = st.sampled_from([*of.inputs, "no such input", ""])
    inputs = data.draw(st.dictionaries(names, TEXTS) | st.fixed_dictionaries(dict.fromkeys(of.inputs, TEXTS)))
    factor = data.draw(
        st.sampled_from(["", "reported", "own:energy", "own:mass", "own:mass#CO2", "own: less "])
    )
    found = CALCULATOR.lines(ActivityData(factor, category=category, method=method, inputs=inputs))
    assert found.reason in REASONS if isinstance(found, Unresolved) else found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "category", "method", "quantity", "unit", "inputs", "factor", "factors", "date", "region")


@settings(max_examples=300, deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON | TEXTS | st.integers(1, 15)))
def test_any_request_gives_lines_or_a_finding(request: Any) -> None:
    (found,) = calculate([request], calculator_for=lambda own: calculator(own=dict(own)))
    assert (found.reason in REASONS) != bool(found.lines)
    assert json.loads(json.dumps(found.as_json())) == found.as_json()


@given(st.fractions(-(10**30), 10**30) | st.floats(-1e30, 1e30).map(Fraction))
def test_an_amount_reads_as_the_float_that_it_was_written_from(value: Fraction) -> None:
    text = plain_text(value)
    whole, _, decimals = text.partition(".")
    assert abs(Fraction(text) - Fraction(repr(float(value)))) <= Fraction(1, 2 * 10**MOST_DECIMALS)
    assert len(decimals) <= MOST_DECIMALS
    if abs(value) >= 1:  # no float has more decimals then
        assert float(text) == float(value)
    if len(whole.lstrip("-")) <= 18:
        assert plain_decimal(text) == float(text)
