"""Search finds factors by the words of their titles, by everyday phrases and by codes."""

from tests.support.ledgers import factor

from vcci.domain.factor import EmissionFactor
from vcci.packs.search import search


def titled(code: str, name: str, pack: str = "new") -> EmissionFactor:
    given = factor(code, "0.1", pack=pack)
    return EmissionFactor(given.id, given.activity, name, given.value_kg_co2e, "USD", "US", "AR5", pack)


BREAD = titled("311812", "Commercial Bakeries")
MACHINES = titled("333241", "Food Product Machinery Manufacturing")
COMPUTERS = titled("334111", "Electronic Computer Manufacturing")
TERMINALS = titled("334118", "Computer Terminal and Other Computer Peripheral Equipment Manufacturing")
ALL = [TERMINALS, COMPUTERS, MACHINES, BREAD]


def test_title_with_more_of_the_words_comes_first_then_the_shorter() -> None:
    assert search(ALL, "computer manufacturing") == [COMPUTERS, TERMINALS, MACHINES]


def test_words_are_found_in_any_form() -> None:
    assert search(ALL, "computers") == [COMPUTERS, TERMINALS]


def test_everyday_phrase_finds_its_commodity() -> None:
    assert search(ALL, "bread", phrases={"bread and rolls": "311812"}) == [BREAD]


def test_start_of_a_code_finds_all_beneath_it() -> None:
    assert search(ALL, "3341") == [COMPUTERS, TERMINALS]


def test_words_without_meaning_find_nothing() -> None:
    assert search(ALL, "and of the") == []


def test_factors_of_one_commodity_stay_in_the_order_of_the_packs() -> None:
    older = titled("334111", "Electronic Computer Manufacturing", pack="old")
    assert [f.pack for f in search([COMPUTERS, BREAD, older], "electronic computer")] == ["new", "old"]
