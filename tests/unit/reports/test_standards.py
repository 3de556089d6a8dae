"""Report views: all that a standard asks for is there, or it is said why not; nothing is made up."""

from dataclasses import replace

import pytest
from tests.support.inventories import TONNE
from tests.support.reports import reported, source

from vcci.domain.category import Category
from vcci.domain.inventory import CategoryStatus, CategoryTotal, GasTotal, IndicatorScore, Interval
from vcci.engine.uncertainty import Share
from vcci.reports.standards import STANDARDS
from vcci.reports.standards.parts import name_of
from vcci.reports.standards.view import Row, Section, StandardReport, requirements
from vcci.services.overview_facts import FactorShare
from vcci.services.quality_by_category import quality_by_category

SOURCES = (
    source(0, 5 * TONNE, method="lifetime-projection"),
    source(1, 7 * TONNE, lines=3),
    source(1, 2 * TONNE + 400_000, method="supplier-specific", is_primary=True, pack="", biogenic_mg_co2=30),
    source(6, -TONNE - 400_000, lines=2, gwp_set=""),
)
"""They add up to the usual inventory; what is of category 0 is stated apart."""


def view(slug: str, **given: object) -> StandardReport:
    return STANDARDS[slug](reported(**given))


def section(report: StandardReport, key: str) -> Section:
    (found,) = [one for one in report.sections if one.key == key]
    return found


def row(report: StandardReport, key: str, label: str) -> Row:
    (found,) = [one for one in section(report, key).rows if one.label == label]
    return found


@pytest.mark.parametrize("slug", STANDARDS)
def test_every_standard_has_all_fifteen_categories_and_they_add_up_to_the_total(slug: str) -> None:
    found = section(view(slug), "categories")
    assert [one.label for one in found.rows] == [name_of(category) for category in Category]
    assert sum(one.mg or 0 for one in found.rows) == found.total_mg == 8 * TONNE
    assert [one.label[:2] for one in found.rows if one.mg is not None] == ["1.", "6."]


@pytest.mark.parametrize("slug", STANDARDS)
def test_every_row_has_a_figure_or_words_or_says_why_not_and_what_to_do(slug: str) -> None:
    for given in ({}, {"by_source": SOURCES}):
        for one in (one for part in view(slug, **given).sections for one in part.rows):
            is_told = one.mg is not None or bool(one.text)
            assert is_told is not one.is_missing, one
            assert bool(one.why) == bool(one.remedy), one


@pytest.mark.parametrize("slug", STANDARDS)
def test_every_requirement_that_is_written_down_has_a_section_with_its_source(slug: str) -> None:
    report = view(slug)
    assert {one.key for one in report.sections} == set(requirements(slug).asks)
    assert all(one.source and one.asks for one in report.sections)


@pytest.mark.parametrize("slug", STANDARDS)
def test_own_scopes_are_said_not_to_be_calculated(slug: str) -> None:
    found = section(view(slug), "own_scopes")
    assert [one.is_missing for one in found.rows] == [True] * 3
    assert {one.mg for one in found.rows} == {None}


def test_what_each_standard_asks_for_beyond_an_inventory_is_missing() -> None:
    for slug, keys in {
        "ghg-protocol": ["base_year"],
        "esrs-e1-6": ["total", "intensity"],
        "ifrs-s2": ["verified", "impracticable", "financed"],
    }.items():
        for key in keys:
            assert all(one.is_missing for one in section(view(slug), key).rows), key


def test_category_that_is_left_out_gives_the_reason_and_is_not_missing() -> None:
    boundary = (CategoryStatus(10, "", "left out", "We sell no intermediate products."),)
    found = row(view("ghg-protocol", boundary=boundary), "included", "10. Processing of sold products")
    assert (found.text, found.is_missing) == ("Left out: We sell no intermediate products.", False)


def test_run_without_sums_by_source_says_so_instead_of_guessing() -> None:
    report = view("ghg-protocol")
    for key in ("biogenic", "methods", "primary"):
        assert {one.why for one in section(report, key).rows} == {
            "A run of this report was stored without its sums by method and pack."
        }


def test_sums_by_source_that_are_not_the_whole_count_as_none() -> None:
    found = section(view("ghg-protocol", by_source=SOURCES[:-1]), "primary")
    assert [one.is_missing for one in found.rows] == [True]


def test_share_of_primary_data_is_by_category_and_of_the_whole() -> None:
    report = view("esrs-e1-6", by_source=SOURCES)
    assert row(report, "primary", "All categories").text == "25.0%"
    assert row(report, "primary", "1. Purchased goods and services").mg == 2 * TONNE + 400_000
    of_credits = row(report, "primary", "6. Business travel")
    assert of_credits.why == "Credits outweigh the emissions, so that there is no share of them."
    assert row(report, "primary", "2. Capital goods").text == "No emissions were calculated."


def test_biogenic_carbon_is_told_as_far_as_factors_tell_it() -> None:
    report = view("ghg-protocol", by_source=SOURCES)
    found = row(report, "biogenic", "1. Purchased goods and services")
    assert (found.mg, found.text) == (30, "of 1 lines; the factors of 3 lines do not tell it")
    assert row(report, "biogenic", "6. Business travel").is_missing
    assert section(report, "biogenic").unit == "t CO2"


def test_methods_are_told_with_pack_publisher_and_gwp_set() -> None:
    found = row(view("ifrs-s2", by_source=SOURCES), "approach", "1. Purchased goods and services")
    assert found.text == (
        "spend-based, epa-v1.3 (US EPA, version 1.3.0), AR5: 7.000000000 t CO2e, 3 lines;"
        " supplier-specific, given by the user, AR5: 2.000400000 t CO2e, 1 line."
    )


def test_gwp_sets_add_up_to_the_total_and_what_is_not_told_is_missing() -> None:
    found = section(view("esrs-e1-6", by_source=SOURCES), "gwp")
    assert [(one.label, one.mg) for one in found.rows if not one.is_missing] == [
        ("GWP values of AR5", 9 * TONNE + 400_000)
    ]
    assert [one.why for one in found.rows if one.is_missing] == [
        "The factors of -1.000400000 t CO2e do not tell their GWP set."
    ]


def test_what_may_be_told_beside_it_is_told_where_it_is_known() -> None:
    given = {
        "gases": (GasTotal("CO2", 5 * TONNE), GasTotal("", 3 * TONNE)),
        "interval": Interval(6 * TONNE, 11 * TONNE, 8 * TONNE, 2 * TONNE),
        "quality": (IndicatorScore("time", 215, 4 * TONNE),),
    }
    report = view("ghg-protocol", **given)
    assert row(report, "optional", "CO2, as CO2e").mg == 5 * TONNE
    assert row(report, "optional", "Uncertainty of the total").text == (
        "95 % interval 6.000000000 to 11.000000000 t CO2e; it is not known for 25.0% of the total."
    )
    assert row(report, "quality", "Time").text.startswith("2.15 (1 best, 5 worst), by emissions; 50.0%")
    bare = view("ghg-protocol")
    assert row(bare, "optional", "By gas").is_missing
    assert row(bare, "optional", "Uncertainty of the total").is_missing
    assert row(bare, "quality", "All indicators").is_missing


@pytest.mark.parametrize("slug", STANDARDS)
def test_data_quality_is_told_by_category_where_factors_of_all_its_lines_are_known(slug: str) -> None:
    shown = reported()
    share = Share("f", shown.inventory.categories[0].emissions_mg_co2e, None)
    lines = shown.inventory.categories[0].lines
    factor = FactorShare(1, "spend-based", (2, None, 3, None, None), lines, 8 * TONNE, share)
    report = STANDARDS[slug](replace(shown, quality=quality_by_category(shown.inventory, [factor])))
    assert row(report, "quality", "1. Purchased goods and services").text == (
        "1 best, 5 worst, by emissions: technology 2.00 (100.0% of it assessed),"
        " geography 3.00 (100.0% of it assessed)."
    )
    assert row(report, "quality", "6. Business travel").why.endswith("without its sums by factor.")
    assert row(report, "quality", "2. Capital goods").text == "No emissions were calculated."
    assert row(view(slug), "quality", "By category").is_missing


def test_rows_that_are_in_no_total_are_listed_with_what_they_mean() -> None:
    texts = {one.label: one.text for one in section(view("ghg-protocol"), "rows").rows}
    assert texts["Excluded: A tax, duty, levy or fine, not a purchase."] == "2 rows, 50.00 GBP."
    assert texts["All rows"].startswith("12 rows: 6 with lines, 2 excluded")


def test_empty_inventory_has_every_row_and_no_figure() -> None:
    nothing = {"categories": (), "suppliers": (), "total_mg_co2e": 0, "spend": (), "packs": ()}
    report = view("ghg-protocol", **nothing)
    assert len(section(report, "categories").rows) == 15
    assert {one.mg for part in report.sections for one in part.rows} == {None}


def test_json_and_table_of_a_report_say_the_same() -> None:
    report = view("ghg-protocol", by_source=SOURCES, categories=(CategoryTotal(1, "x", 6, 8 * TONNE),))
    told = report.as_json()
    rows = [
        (part["title"], one["asked"], one["figure_mg"]) for part in told["sections"] for one in part["rows"]
    ]
    assert rows == [one[:3] for one in report.table()]
    assert told["total_tco2e"] == "8.000000000"
