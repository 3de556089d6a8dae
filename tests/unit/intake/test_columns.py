"""Columns are found by the mapping's names, else by the names that ledgers use; what fits twice is asked."""

from collections import Counter

import pytest

from vcci.errors import MappingError
from vcci.intake.columns import Fit, fit_columns, fold, header_unit
from vcci.intake.header_words import HEADER_WORDS


def fit(header: str, texts: dict[int, set[str]] | None = None, **accepted: tuple[str, ...]) -> Fit:
    given = texts or {}
    return fit_columns(
        header.split("|"), accepted, texts=lambda index: frozenset(given.get(index, ())), file="l.csv"
    )


def names(found: Fit) -> dict[str, str]:
    return {target: column.name for target, column in found.columns.items()}


LEDGERS = {
    "body_name|expenditure_category|expenditure_code|paid_date|trans_no|amount|supplier_id|supplier_name": {
        "quantity": "amount",
        "supplier_id": "supplier_id",
        "supplier": "supplier_name",
        "account": "expenditure_category",
        "account_code": "expenditure_code",
        "date": "paid_date",
    },
    "FIN.TRANSACTION DATE|MCH.MERCHANT NAME|FIN.TRANSACTION AMOUNT": {
        "quantity": "FIN.TRANSACTION AMOUNT",
        "supplier": "MCH.MERCHANT NAME",
        "date": "FIN.TRANSACTION DATE",
    },
    "Service Cost Centre|Account Detail|Description|HBC ref no|Name|Payment date|Net Amount(£)": {
        "quantity": "Net Amount(£)",
        "supplier": "Name",
        "account": "Account Detail",
        "description": "Description",
        "date": "Payment date",
    },
    "VendorID|Vendor|AccountCode|AccountDescription|DocNo|Amount|Date": {
        "quantity": "Amount",
        "supplier_id": "VendorID",
        "supplier": "Vendor",
        "account": "AccountDescription",
        "account_code": "AccountCode",
        "date": "Date",
    },
    "Buchungsdatum|Lieferant|Sachkonto|Kontobezeichnung|Buchungstext|Nettobetrag|Währung": {
        "quantity": "Nettobetrag",
        "supplier": "Lieferant",
        "account": "Kontobezeichnung",
        "account_code": "Sachkonto",
        "description": "Buchungstext",
        "date": "Buchungsdatum",
        "unit": "Währung",
    },
    "Date de facture|Fournisseur|Libellé|Montant HT (EUR)|Montant TTC (EUR)": {
        "quantity": "Montant HT (EUR)",
        "supplier": "Fournisseur",
        "description": "Libellé",
        "date": "Date de facture",
    },
    "Fecha|Proveedor|Importe|Moneda": {
        "quantity": "Importe",
        "supplier": "Proveedor",
        "date": "Fecha",
        "unit": "Moneda",
    },
}


@pytest.mark.parametrize("header", LEDGERS)
def test_columns_of_real_ledgers_are_found_by_their_names(header: str) -> None:
    found = fit(header)
    assert (names(found), found.questions) == (LEDGERS[header], ())


def test_mapping_names_win_over_guesses_whatever_their_spelling() -> None:
    found = fit("Amount|Betrag_netto|Lieferant", quantity=("BETRAG netto",))
    assert (found.columns["quantity"].index, found.columns["quantity"].points) == (1, 0)


def test_first_accepted_name_that_the_file_has_is_taken() -> None:
    assert fit("B|A", quantity=("X", "A", "B")).columns["quantity"].index == 1


def test_spelling_as_written_tells_columns_apart_that_fold_alike() -> None:
    assert fit("Amount (€)|Amount (£)", quantity=("Amount (£)",)).columns["quantity"].index == 1


def test_target_that_the_mapping_names_is_not_guessed_where_the_file_lacks_it() -> None:
    assert "supplier" not in fit("Amount|Supplier", supplier=("Payee",)).columns
    assert "supplier" not in fit("Amount|Supplier", supplier=()).columns


@pytest.mark.parametrize("header", ["Amount|Value", "Quantity|Amount", "Quantity|Net amount"])
def test_two_amounts_that_fit_equally_well_are_a_question_with_the_lines_that_answer(header: str) -> None:
    (question,) = fit(header).questions
    assert question.code == "column_ambiguous"
    for name in header.split("|"):
        assert f'`quantity: ["{name}"]`' in question.remedy


def test_clearly_better_amount_is_taken() -> None:
    assert names(fit("Gross amount|Amount|Net amount"))["quantity"] == "Net amount"


def test_two_columns_of_one_name_are_told_apart_by_their_place() -> None:
    (question,) = fit("supplier|quantity_kg|quantity_kg").questions
    assert '`quantity: ["#2"]` or `quantity: ["#3"]`' in question.remedy
    assert fit("supplier|quantity_kg|quantity_kg", quantity=("#3",)).columns["quantity"].index == 2


def test_two_columns_of_one_name_that_is_not_needed_do_no_harm() -> None:
    assert fit("Amount|Ref|Ref").questions == ()


def test_file_without_an_amount_is_refused_with_its_headers() -> None:
    with pytest.raises(MappingError, match=r"'Supplier', 'VAT amount'.*--map") as refused:
        fit("Supplier|VAT amount")
    assert refused.value.code == "quantity_column_missing"


UNITS = {
    "quantity_kg": "kg",
    "Amount (GBP)": "GBP",
    "Amount £": "GBP",
    "net_eur": "EUR",
    "amountUSD": "USD",
    "Consumption [kWh]": "kWh",
    "Amount ($)": "",
    "Amount (ex VAT)": "",
    "Total all": "",
    "Amount (ALL)": "ALL",
    "Amount": "",
    "weight_ton": "ton",
}


@pytest.mark.parametrize("header", UNITS)
def test_unit_or_currency_in_a_header_is_stated(header: str) -> None:
    assert header_unit(header) == UNITS[header]


def test_unit_column_is_not_guessed_where_the_header_states_the_currency() -> None:
    assert "unit" not in fit("Amount GBP|Currency").columns
    assert "unit" in fit("Amount GBP|Currency", unit=("Currency",)).columns


def test_type_is_a_capital_column_only_if_its_texts_say_so() -> None:
    assert "capital" in fit("Amount|Type", {1: {"Capital", "Revenue", ""}}).columns
    assert "capital" not in fit("Amount|Type", {1: {"Invoice", "Capital"}}).columns


def test_country_is_a_region_column_only_if_it_holds_codes() -> None:
    assert "region" in fit("Amount|Country", {1: {"GB", "DE", ""}}).columns
    assert "region" not in fit("Amount|Country", {1: {"United Kingdom"}}).columns


def test_no_header_word_stands_for_two_targets() -> None:
    words = Counter(
        fold(name) for tiers in HEADER_WORDS.values() for names in tiers.values() for name in names.split("|")
    )
    assert [word for word, count in words.items() if count > 1] == []
