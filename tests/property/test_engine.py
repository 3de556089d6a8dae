"""What holds of the engine whatever the rows: nothing vanishes, sums are exact, one row is as many rows."""

import tempfile
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from benchmarks.batch_definition import calculated
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.support.ledgers import calculator, factor, ledger_frame, ledger_row, write_ledger

from vcci.domain.activity import ActivityData
from vcci.domain.factor import OwnFactor
from vcci.domain.finding import REASONS
from vcci.domain.line import EmissionLine
from vcci.engine.tables import resolved_tables
from vcci.processing import local
from vcci.processing.aggregates import GROUPINGS

CALCULATOR = calculator(
    factor("541511", "0.084"),
    factor("331110", "1.2345678901234567"),
    own={
        "steel": OwnFactor("1.85", "t", "mill declaration 2023"),
        "fee": OwnFactor("0.2", "USD", "made up"),
        "fuel": OwnFactor(
            "", "kg", "made up", gases={"CO2": "2.71", "CH4": "0.00013"}, biogenic_kg_co2="0.2"
        ),
    },
)

PLAIN = st.from_regex(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", fullmatch=True)
NOT_PLAIN = st.sampled_from(
    ["", "-", "1,5", "1e3", "NaN", "inf", "+1", " 1", "1\n", ".5", "5.", "٣", "1_000"]
)
MODEST = st.decimals(Decimal("0.01"), Decimal(1_000_000), places=2)
SUPPLIERS = ("", "Ada", "Bob", "\x00", "Ünïcode & Söhne")

ROWS = st.fixed_dictionaries(
    {
        "quantity": PLAIN | MODEST.map(str) | MODEST.map(str) | NOT_PLAIN,
        "unit": st.sampled_from(["USD", "USD", "GBP", "usd", "EUR", "kg", "t", "lb", "ZZZ", ""]),
        "date": st.sampled_from(
            ["2022-03-01", "2022-03-06", "2015-06-01", "1995-01-01", "2022-02-30", "20x2", "", "2022-03-01T"]
        ),
        "activity": st.sampled_from(
            [
                "naics2017:541511",
                "naics2017:331110",
                "naics2017:000000",
                "own:steel",
                "own:fuel",
                "own:fee",
                "own:",
                "",
            ]
        ),
        "category": st.sampled_from([1, 1, 2, 5, 15, 17, 0, -1]),
        "region": st.sampled_from(["US", "GB", ""]),
        "exclusion": st.sampled_from(["", "", "", "tax"]),
        "problem": st.sampled_from(["", "", "", "row_ragged"]),
        "supplier": st.sampled_from(SUPPLIERS),
        "notices": st.sampled_from(["", "date_from_year"]),
    }
)
LEDGERS = st.lists(ROWS, max_size=30)

whole_runs = settings(max_examples=30, deadline=None)
"""Each example of these is a run over files."""


def run(rows: list[dict[str, Any]], *, chunk_rows: int = 1_000) -> dict[str, Any]:
    given_rows = [ledger_row(**({"row": number} | row)) for number, row in enumerate(rows, start=1)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ledger = write_ledger(given_rows, folder / "activities.parquet")
        done = local.run(
            ledger,
            resolve=lambda keys, dates: resolved_tables(keys, dates, CALCULATOR),
            out=folder,
            chunk_rows=chunk_rows,
        )
        parts = {name: pl.read_parquet(folder / name).sort("row") for name in ("lines", "unlined")}
        aggregates = {name: frame.collect() for name, frame in done.aggregates.items()}
    return {"run": done, "aggregates": aggregates, **parts}


def activity_of(row: dict[str, Any]) -> ActivityData:
    names = ("activity", "quantity", "unit", "date", "region", "category")
    return ActivityData(**{name: row[name] for name in names})


def milligrams(quantity: Decimal, activity: str = "naics2017:331110", unit: str = "GBP") -> int:
    line = CALCULATOR.calculate(ActivityData(activity, format(quantity, "f"), unit, date="2022-03-06"))
    assert isinstance(line, EmissionLine)
    return line.emissions_mg_co2e


@whole_runs
@given(LEDGERS, st.integers(1, 12))
def test_no_row_vanishes_or_is_counted_twice(rows: list[dict[str, Any]], chunk_rows: int) -> None:
    done = run(rows, chunk_rows=chunk_rows)
    numbers = [*done["lines"]["row"], *done["unlined"]["row"]]
    assert sorted(numbers) == list(range(1, len(rows) + 1))
    counts, reasons = done["run"].counts, Counter(done["unlined"]["reason"])
    assert (counts.rows, counts.lines) == (len(rows), done["lines"].height)
    assert set(reasons) <= set(REASONS)
    assert counts.excluded + counts.not_covered + counts.rejected == reasons.total()


@whole_runs
@given(LEDGERS)
def test_a_row_among_many_gets_what_it_gets_alone(rows: list[dict[str, Any]]) -> None:
    done = run(rows)
    batch = dict(done["lines"].select("row", "co2e_mg").rows())
    batch |= dict(done["unlined"].select("row", "reason").rows())
    asked = [(n, row) for n, row in enumerate(rows, 1) if not row["problem"] and not row["exclusion"]]
    for number, row in asked:
        alone = CALCULATOR.calculate(activity_of(row))
        expected = alone.emissions_mg_co2e if isinstance(alone, EmissionLine) else alone.reason
        assert (number, batch[number]) == (number, expected)


@whole_runs
@given(LEDGERS, st.integers(1, 12))
def test_lines_and_reasons_are_those_of_the_definition(rows: list[dict[str, Any]], chunk_rows: int) -> None:
    done = run(rows, chunk_rows=chunk_rows)
    numbered = [ledger_row(**({"row": number} | row)) for number, row in enumerate(rows, start=1)]
    lines, unlined = calculated(ledger_frame(numbered).lazy(), done["run"].tables)
    assert_frame_equal(done["lines"], lines, check_exact=True)
    assert_frame_equal(done["unlined"], unlined, check_exact=True)


@whole_runs
@given(LEDGERS, st.integers(1, 12))
def test_aggregates_are_the_exact_sums_of_the_lines(rows: list[dict[str, Any]], chunk_rows: int) -> None:
    done = run(rows, chunk_rows=chunk_rows)
    total = sum(done["lines"]["co2e_mg"].to_list())
    assert done["run"].total_mg_co2e == total
    for name, by in GROUPINGS.items():
        expected: Counter[Any] = Counter()
        for line in done["lines"].iter_rows(named=True):
            expected[tuple(line[column] for column in by)] += line["co2e_mg"]
        frame = done["aggregates"][name]
        assert dict(zip(frame.select(by).rows(), frame["emissions_mg_co2e"], strict=True)) == dict(expected)


@whole_runs
@given(LEDGERS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_figure(rows: list[dict[str, Any]], chooser: Any) -> None:
    numbered = [row | {"row": number} for number, row in enumerate(rows, start=1)]
    shuffled = chooser.sample(numbered, len(numbered))
    before, after = run(numbered), run(shuffled, chunk_rows=7)
    assert before["lines"].equals(after["lines"])
    assert all(after["aggregates"][n].equals(f) for n, f in before["aggregates"].items())


@settings(deadline=None)
@given(MODEST, st.integers(1, 1_000))
def test_a_multiple_of_an_amount_is_that_multiple_of_its_line(amount: Decimal, times: int) -> None:
    assert abs(milligrams(amount * times) - times * milligrams(amount)) <= times


@settings(deadline=None)
@given(MODEST, MODEST)
def test_two_amounts_together_are_the_sum_of_their_lines(one: Decimal, other: Decimal) -> None:
    assert abs(milligrams(one + other) - milligrams(one) - milligrams(other)) <= 1


@settings(deadline=None)
@given(MODEST)
def test_a_credit_note_takes_back_its_invoice(amount: Decimal) -> None:
    assert abs(milligrams(-amount) + milligrams(amount)) <= 1


@settings(deadline=None)
@given(MODEST)
def test_the_unit_in_which_a_mass_is_written_does_not_matter(mass_lb: Decimal) -> None:
    mass_kg = mass_lb * Decimal("0.45359237")
    units = {"lb": mass_lb, "kg": mass_kg, "t": mass_kg / 1000, "g": mass_kg * 1000}
    answers = [milligrams(mass, "own:steel", unit) for unit, mass in units.items()]
    assert max(answers) - min(answers) <= 1


def test_line_of_a_physical_amount_without_a_date_has_no_day() -> None:
    undated = {"activity": "own:steel", "unit": "kg", "category": 1, "quantity": "2", "date": ""}
    found = run([undated, undated | {"date": "2022-03-01"}])
    assert found["lines"]["day"].to_list() == [None, date(2022, 3, 1)]
    assert found["lines"]["month"].to_list() == [None, date(2022, 3, 1)]
