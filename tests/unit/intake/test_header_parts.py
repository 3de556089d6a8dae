"""A column whose name is on no list is told by the parts of its name, or not at all."""

import pytest
from benchmarks.columns import guessed, halves, labelled, naive, top1

from vcci.intake.columns import fit_columns, listed_points, points

TOLD = {
    "flight_date": "date",
    "Freight Cost (USD)": "quantity",
    "original_currency": "unit",
    "Betrag in Hauswährung": "quantity",
    "Wareneingangsdatum": "date",
    "Lieferantenbezeichnung": "supplier",
    "CompteNum": "account_code",
    "Leveranciersland": "region",
    "Qté livrée": "quantity",
    "Importe (sin IVA)": "quantity",
}
LEFT_ALONE = (
    *("VAT amount", "MwSt-Betrag", "Cuota IVA", "Due date", "Cost centre description", "Unit price"),
    *("Supplier invoice number", "Rechnungsnummer", "Data source", "Candidate", "Business unit code"),
)


def test_top_guess_is_right_for_four_of_five_headers_that_were_held_out() -> None:
    _, held = halves()
    assert top1(held, guessed) >= 0.8
    assert top1(held, naive) < 0.5


def test_headers_are_200_different_ones_in_at_least_five_languages() -> None:
    headers = labelled()
    assert len({each.header for each in headers}) == len(headers) == 200
    assert len({each.language for each in headers}) >= 5


@pytest.mark.parametrize("header", TOLD)
def test_parts_of_a_name_tell_its_target(header: str) -> None:
    assert guessed(header) == TOLD[header]


@pytest.mark.parametrize("header", LEFT_ALONE)
def test_name_of_another_matter_is_left_alone(header: str) -> None:
    assert guessed(header) == ""


def test_net_amount_leads_any_gross_amount_whichever_is_on_a_list() -> None:
    assert points("Nettosumme", "quantity") > points("Gross amount", "quantity") + 14
    assert points("Rechnungsbetrag brutto", "quantity") < points("Betrag", "quantity") - 14


def test_control_character_parts_no_word_from_its_unit() -> None:
    assert points("quantity_k\0g", "quantity") == 0


def test_point_before_a_space_ends_an_abbreviation_and_not_an_area() -> None:
    assert listed_points("FIN.TRANSACTION DATE", "date") == 100
    assert guessed("Cód. proveedor") == "supplier_id"


def test_hints_that_tie_are_asked_for_only_where_a_run_needs_the_column() -> None:
    header = ["Amount", "Flight date", "Trip date", "Item text", "Order text"]
    found = fit_columns(header, {}, texts=lambda _: frozenset(), file="l.csv")
    assert [question.target for question in found.questions] == ["date"]
    assert "description" not in found.columns
