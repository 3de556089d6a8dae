"""An inventory says how its ledger was read, and what was left out of it."""

from pathlib import Path

from tests.support.database import calculated
from tests.support.ledgers import ledger_row

from vcci.domain.display import coverage_percents
from vcci.domain.finding import Outcome
from vcci.domain.mapping import Conventions, DateOrder, Mapping
from vcci.services.ports import LedgerRead
from vcci.services.reporting import how_read


def read(mapping: Mapping, **found: str) -> LedgerRead:
    return LedgerRead(1, "digest", ({"name": "spend.csv", "sha256": "digest", "found": found},), mapping)


def test_columns_conventions_and_defaults_are_told() -> None:
    mapping = Mapping(
        columns={"supplier": ("Vendor", "Payee")},
        conventions=Conventions(date_order=DateOrder.DMY),
        currency="GBP",
    )
    assert how_read(read(mapping)) == {
        "column for supplier": "Vendor or Payee",
        "date order": "day-month-year",
        "currency": "GBP",
    }


def test_what_was_found_beside_the_rows_is_told() -> None:
    assert how_read(read(Mapping(), subtotals="2", left_out="notes.pdf")) == {
        "left out with spend.csv": "notes.pdf",
        "totals among the rows of spend.csv": "2",
    }


def test_totals_by_category_supplier_and_year_are_of_the_same_lines(tmp_path: Path) -> None:
    rows = [
        ledger_row(1, category=1, supplier="A", date="2022-03-01"),
        ledger_row(2, category=2, supplier="B", date="2015-06-01"),
        ledger_row(3, category=1, supplier="A", exclusion="tax"),
    ]
    inventory = calculated(tmp_path / "run", rows).inventory
    tables = (inventory.categories, inventory.suppliers, inventory.years, inventory.factors)
    assert {sum(row.emissions_mg_co2e for row in table) for table in tables} == {inventory.total_mg_co2e}
    assert [sum(row.lines for row in table) for table in tables] == [2, 2, 2, 2]


def test_physical_quantities_are_counted_in_rows_and_never_as_money(tmp_path: Path) -> None:
    rows = [
        ledger_row(1, unit="kg", quantity="7"),
        ledger_row(2, quantity="8"),
        ledger_row(3, unit="GBP", exclusion="tax"),
    ]
    inventory = calculated(tmp_path / "run", rows).inventory
    spend = {
        (share.outcome.value, share.unit): (share.rows, share.spend_hundredths) for share in inventory.spend
    }
    assert spend == {
        ("not covered", "kg"): (1, 0),
        ("line", "USD"): (1, 800),
        ("excluded", "GBP"): (1, 10_000),
    }


def test_credits_take_off_spend_but_never_turn_coverage_over_a_hundred_percent(tmp_path: Path) -> None:
    rows = [
        ledger_row(1, quantity="300"),
        ledger_row(2, quantity="-100"),
        ledger_row(3, quantity="-100", activity="naics2017:999999"),
    ]
    inventory = calculated(tmp_path / "run", rows).inventory
    lines = next(share for share in inventory.spend if share.outcome == Outcome.LINE)
    assert (lines.spend_hundredths, lines.turnover_hundredths) == (20_000, 40_000)
    assert coverage_percents(inventory) == {"USD": "80.0%"}
