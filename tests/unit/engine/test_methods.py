"""The catalogue is whole: every input is known, every part can be there, every category has its methods."""

from fractions import Fraction

import pytest

from vcci.domain.category import STATED_APART, Category, Method
from vcci.domain.finding import NOTICES
from vcci.domain.method import Kind, MethodRow, Product
from vcci.engine.methods import METHODS, ROWS, is_primary, methods_of, row_for
from vcci.engine.methods.inputs import INPUTS
from vcci.engine.numbers import exact_number
from vcci.parameters import load

UNITS = load.units(["EUR", "USD"])


def named(row: MethodRow) -> str:
    return f"{min(row.categories)} {row.method}"


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_every_input_of_a_method_is_known(row: MethodRow) -> None:
    assert {*row.inputs, *row.optional} - set(INPUTS) == set()
    assert {*row.shares, *row.defaults} - set(row.inputs) == set()


def test_every_known_input_is_one_of_a_method() -> None:
    assert {name for row in ROWS for name in row.inputs} == set(INPUTS)


def test_every_kind_is_a_unit_or_one_of_the_four() -> None:
    kinds = {given.kind for given in INPUTS.values()} - set(Kind)
    assert {kind for kind in kinds if UNITS.find(kind) is None} == set()


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_parts_of_a_method_have_names_and_units_of_their_own(row: MethodRow) -> None:
    names = [part.name for part in row.parts]
    assert len(set(names)) == len(names) > 0
    leads = {part: INPUTS[part.amount.lead] for part in row.parts}
    assert all(UNITS.find(part.unit) if part.unit else lead.keeps_unit for part, lead in leads.items())
    assert all(part.unit == "kgCO2e" for part in row.parts if part.reported)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_shares_that_add_up_are_shares(row: MethodRow) -> None:
    assert {INPUTS[name].kind for name in row.shares} <= {Kind.SHARE}


@pytest.mark.parametrize("row", [row for row in ROWS if row.defaults], ids=named)
def test_a_default_is_a_number_with_a_documented_notice(row: MethodRow) -> None:
    assert all(d.notice in NOTICES and exact_number(d.value) is not None for d in row.defaults.values())


def test_a_category_offers_a_method_once() -> None:
    assert len(METHODS) == sum(len(row.categories) for row in ROWS)


@pytest.mark.parametrize("category", Category)
def test_every_category_takes_a_bare_quantity_and_lists_its_best_method_first(category: Category) -> None:
    ranks = [row.rank for row in methods_of(category)]
    assert ranks == sorted(ranks)
    assert row_for(category, Method.AVERAGE_DATA) is not None


def test_only_screening_estimates_are_outside_the_guidance() -> None:
    outside = {(int(c), m) for (c, m), row in METHODS.items() if not row.in_guidance}
    assert outside == {(category, Method.SPEND_BASED) for category in (3, 5, 7, 8)}


def test_what_is_stated_apart_is_found_under_its_own_category_too() -> None:
    apart = {row.method for row in ROWS if row.is_apart}
    assert apart == {Method.LIFETIME_PROJECTION, Method.FINANCED_APART}
    assert all(row_for(STATED_APART, m) is row_for(Category.INVESTMENTS, m) for m in apart)
    assert row_for(STATED_APART, Method.SPEND_BASED) is None


@pytest.mark.parametrize(
    ("category", "method"), [(16, "spend-based"), (-1, "hybrid"), (1, "flight"), (1, ""), (1, "no such")]
)
def test_a_method_that_is_not_offered_is_not_found(category: int, method: str) -> None:
    assert row_for(category, method) is None
    assert not is_primary(category, method)


def test_data_of_partners_are_told_from_averages() -> None:
    assert is_primary(1, "supplier-specific")
    assert not is_primary(1, "average-data")


EVERYTHING = Product(of=("a", "b"), per=("c",), less=("d", "e"), per_sum=("f", "g"), there_and_back=True)


def test_a_product_tells_in_words_what_it_works_out() -> None:
    figures = {"a": "3", "b": "5", "c": "2", "d": "0.25", "e": "0.25", "f": "1", "g": "4"}
    assert EVERYTHING.words(figures) == "3 x 5 x 2 x (1 - 0.25 - 0.25) / 2 / (1 + 4)"
    assert EVERYTHING.of_inputs({name: Fraction(text) for name, text in figures.items()}) == Fraction(3, 2)


def test_a_product_leaves_out_what_is_not_given() -> None:
    product = Product(of=("a", "b"), per=("c",), less=("d",))
    assert product.of_inputs({"a": Fraction(7)}) == 7
    assert product.words({"a": "7"}) == "7"


@pytest.mark.parametrize("zero", [{"c": Fraction(0)}, {"f": Fraction(-4)}])
def test_a_product_cannot_be_divided_by_nothing(zero: dict[str, Fraction]) -> None:
    figures = dict.fromkeys("abcdef", Fraction(1)) | {"g": Fraction(4)} | zero
    with pytest.raises(ZeroDivisionError):
        EVERYTHING.of_inputs(figures)
