"""What may be counted twice is shown with both sides, and only where both are there."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vcci.engine.double_counting import DOUBLE_COUNTING, LineGroup, line_groups, suspicions


def group(category: int, emissions: int, **told: Any) -> LineGroup:
    usual: dict[str, Any] = {
        "method": "spend-based",
        "supplier": "Acme",
        "unit": "GBP",
        "lines": 1,
    }
    return LineGroup(category=category, emissions_mg_co2e=emissions, **usual | told)


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("freight_paid_and_unpaid", group(4, 70), group(9, 30)),
        ("lease_on_both_sides", group(8, 70), group(13, 30)),
        ("energy_by_money_and_meter", group(3, 30, method="average-data", unit="kWh"), group(1, 70)),
        (
            "account_by_money_and_meter",
            group(3, 30, method="average-data", unit="kWh", supplier="", account="Power"),
            group(1, 70, account="Power"),
        ),
        ("supplier_figure_and_spend", group(1, 70, method="supplier-specific", unit="kg"), group(1, 30)),
    ],
)
def test_both_sides_of_a_suspicion_are_named(code: str, one: LineGroup, other: LineGroup) -> None:
    (found,) = suspicions([one, other])
    assert (found.code, found.one, found.other, found.at_most_mg_co2e) == (code, (one,), (other,), 30)


@pytest.mark.parametrize(
    "lines",
    [
        [group(4, 70), group(9, 30, supplier="Other")],
        [group(4, 70, supplier=""), group(9, 30, supplier="")],
        [group(1, 70), group(2, 30)],
        [group(1, 70, method="supplier-specific"), group(2, 30)],
        [group(4, 70), group(9, 30), group(9, -30, unit="EUR")],
        [],
    ],
)
def test_one_side_alone_or_another_name_is_no_suspicion(lines: list[LineGroup]) -> None:
    assert suspicions(lines) == []


METER = group(3, 30, method="average-data", unit="kWh", months=frozenset({"2024-02", "2024-03"}))


@pytest.mark.parametrize(
    ("months", "found"),
    [({"2024-03", "2024-04"}, 1), ({"2024-04"}, 0), (set(), 1)],
    ids=["overlap", "another month", "unknown"],
)
def test_energy_is_counted_twice_only_in_the_same_months(months: set[str], found: int) -> None:
    assert len(suspicions([METER, group(1, 70, months=frozenset(months))])) == found


def test_yearly_figure_of_a_supplier_covers_the_spend_of_that_year_alone() -> None:
    figure = group(1, 70, method="supplier-specific", months=frozenset({"2024-12"}))
    this, next_ = (group(1, 30, months=frozenset({month})) for month in ("2024-01", "2025-01"))
    (found,) = suspicions([figure, this, next_])
    assert found.other == (this,)


def test_frame_of_lines_becomes_groups_with_their_months() -> None:
    columns = ("category", "method", "supplier", "unit", "account", "month", "rows", "co2e_mg")
    same = (1, "spend-based", "Acme", "GBP", "Power")
    rows = [
        (*same, date(2024, 2, 1), 2, 30),
        (*same, date(2024, 3, 1), 1, 40),
        (3, *same[1:], date(2024, 2, 1), 1, 5),
        (3, *same[1:], None, 1, 6),
    ]
    bought, undated = line_groups(pl.DataFrame(rows, schema=columns, orient="row"))
    assert bought == group(1, 70, lines=3, account="Power", months=frozenset({"2024-02", "2024-03"}))
    assert undated == group(3, 11, lines=2, account="Power")


def test_name_in_other_capitals_is_the_same_supplier() -> None:
    (found,) = suspicions([group(4, 70, supplier="ACME  Ltd "), group(9, 30, supplier="Acme Ltd")])
    assert found.at_most_mg_co2e == 30


def test_every_code_is_in_the_documentation_in_its_own_words() -> None:
    page = (Path(__file__).parents[3] / "docs" / "comparison.md").read_text(encoding="utf-8")
    rows = [f"| `{code}` | {told[0]} | {told[1]} |" for code, told in DOUBLE_COUNTING.items()]
    assert [row for row in rows if row not in page] == []


def test_every_code_says_what_it_is_and_what_to_do() -> None:
    assert all(meaning.endswith(".") and remedy.endswith(".") for meaning, remedy in DOUBLE_COUNTING.values())
