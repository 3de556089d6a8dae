"""What may be counted twice is shown with both sides, and only where both are there."""

from pathlib import Path
from typing import Any

import pytest

from vcci.engine.double_counting import DOUBLE_COUNTING, LineGroup, suspicions


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
        [],
    ],
)
def test_one_side_alone_or_another_name_is_no_suspicion(lines: list[LineGroup]) -> None:
    assert suspicions(lines) == []


def test_every_code_is_in_the_documentation_in_its_own_words() -> None:
    page = (Path(__file__).parents[3] / "docs" / "comparison.md").read_text(encoding="utf-8")
    rows = [f"| `{code}` | {told[0]} | {told[1]} |" for code, told in DOUBLE_COUNTING.items()]
    assert [row for row in rows if row not in page] == []


def test_every_code_says_what_it_is_and_what_to_do() -> None:
    assert all(meaning.endswith(".") and remedy.endswith(".") for meaning, remedy in DOUBLE_COUNTING.values())
