"""Several runs as one: what adds up is added, what does not is left out, one alone stays as it was."""

from dataclasses import replace
from typing import Any

from tests.support.inventories import TONNE, inventory, suppliers
from tests.support.reports import source

from vcci.domain.inventory import CategoryStatus, Interval, RowCounts
from vcci.reports.inventory import inventory_json
from vcci.services.combined_runs import DIFFERS, Combining
from vcci.services.reported import Reported, inventory_from, inventory_of_sums, reported_run

INTERVAL = Interval(TONNE, 2 * TONNE, TONNE, 0)


def combined(*given: dict[str, Any]) -> Reported:
    combining = Combining()
    for number, told in enumerate(given):
        shown = inventory(**({"run_digest": f"{number}" * 64} | told))
        combining.add(shown, reported_run(shown))
    return combining.whole()


def test_one_run_is_as_it_was() -> None:
    given = {"interval": INTERVAL, "run_digest": "a" * 64}
    assert combined(given).inventory == inventory(**given)


def test_totals_of_two_runs_add_up_in_every_table() -> None:
    shown = combined({"interval": INTERVAL}, {"suppliers": suppliers(7 * TONNE, 0, TONNE)}).inventory
    assert shown.total_mg_co2e == 16 * TONNE
    for table in (shown.categories, shown.suppliers, shown.factors, shown.years):
        assert sum(row.emissions_mg_co2e for row in table) == 16 * TONNE
    assert [(row.supplier, row.lines, row.emissions_mg_co2e) for row in shown.suppliers] == [
        ("Supplier 1", 2, 13 * TONNE),
        ("Supplier 2", 2, 2 * TONNE),
        ("Supplier 3", 1, TONNE),
    ]
    assert shown.counts == RowCounts(24, 12, 4, 4, 4)


def test_what_does_not_add_up_is_left_out() -> None:
    shown = combined({"interval": INTERVAL, "year": 2023}, {"interval": INTERVAL}).inventory
    assert (shown.interval, shown.quality, shown.year) == (None, (), None)
    assert {row.interval for row in shown.categories} == {None}


def test_parameters_that_differ_say_so() -> None:
    shown = combined({}, {"parameters": {"year": "2024", "packs": "other"}}).inventory
    assert shown.parameters == {"year": "2024", "packs": DIFFERS}


def test_pack_of_both_runs_is_listed_once_and_biogenic_carbon_is_added_where_it_is_told() -> None:
    sources = (source(1, TONNE, biogenic_mg_co2=5), source(2, TONNE))
    shown = combined({"by_source": sources}, {"by_source": sources}).inventory
    assert len(shown.packs) == 1
    assert [(row.lines, row.biogenic_mg_co2) for row in shown.by_source] == [(2, 10), (2, None)]


def test_run_without_sources_makes_the_whole_one_without() -> None:
    whole = (source(1, 9 * TONNE + 400_000, lines=4), source(6, -TONNE - 400_000, lines=2))
    assert combined({"by_source": whole}).has_sources
    assert combined({"by_source": whole}, {"by_source": whole}).has_sources
    assert not combined({"by_source": whole}, {}).has_sources


def test_category_is_calculated_if_any_run_has_it_and_reasons_are_kept() -> None:
    one = {"boundary": (CategoryStatus(1, "", "calculated"), CategoryStatus(8, "", "left out", "No leases."))}
    two = {"boundary": (CategoryStatus(1, "", "no data"), CategoryStatus(8, "", "no data"))}
    statuses = {row.category: row for row in combined(one, two).inventory.boundary}
    assert (statuses[1].status, statuses[8].status, statuses[8].reason) == (
        "calculated",
        "left out",
        "No leases.",
    )
    assert statuses[2].status == "no data"


def test_digest_of_several_runs_does_not_depend_on_their_order() -> None:
    a, b = {"run_digest": "a" * 64}, {"run_digest": "b" * 64}
    assert combined(a, b).inventory.run_digest == combined(b, a).inventory.run_digest


def test_stored_document_reads_back_as_the_same_inventory() -> None:
    import json

    shown = replace(inventory(interval=INTERVAL), by_source=(source(1, TONNE),))
    assert inventory_from(json.loads(inventory_json(shown))) == shown
    assert inventory_from({"run_digest": "open", "title": "Single activities"}) is None


def test_run_that_keeps_sums_alone_says_what_these_tell() -> None:
    shown = inventory_of_sums(
        "open",
        "Single activities",
        counts=RowCounts(3, 3, 0, 0, 0),
        categories=[(6, 1, 5), (0, 1, 99), (1, 1, 7)],
        suppliers=[("A", 1, 5), ("", 1, 7)],
        years=[(2024, 2, 12)],
    )
    assert shown.total_mg_co2e == 12
    assert [row.category for row in shown.categories] == [1, 6]
    assert [row.supplier for row in shown.suppliers] == ["", "A"]
    assert [row.status for row in shown.boundary].count("calculated") == 2
