"""Every situation has one place, and the same emission is never in two categories of one company."""

from dataclasses import fields, is_dataclass
from fractions import Fraction
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain import boundary as words
from vcci.domain.boundary import (
    Approach,
    BiogenicCo2,
    Bought,
    Change,
    Franchise,
    FranchiseRole,
    Freight,
    Held,
    Holding,
    Journey,
    Lease,
    LeaseKind,
    LeaseRole,
    Leg,
    Life,
    Operator,
    Placement,
    Purchase,
    Recalculation,
    Significance,
    Situation,
    Source,
    Stage,
    Travel,
    Unplaced,
)
from vcci.domain.category import Category
from vcci.engine.boundary import CHANGES, RULES, place, place_told, recalculation, values_of

FUEL, POWER = Source.FUEL, Source.BOUGHT_ENERGY
OTHERS, COMPANY, LEASED = Operator.OTHERS, Operator.COMPANY, Operator.LEASED


def every(kind: Any) -> list[Any]:
    return [kind(*chosen) for chosen in product(*map(values_of, fields(kind)))]


EVERY = [one for kind in get_args(Situation) for one in every(kind)]
EVERY_RULE = [rule for rules in RULES.values() for rule in rules]


def freight(leg: Leg, *, operator: Operator = OTHERS, paid: bool = False) -> str:
    return place(Freight(leg, operator, paid, FUEL)).label


def test_exactly_one_rule_fits_every_combination_of_facts() -> None:
    fitting = [sum(rule.fits(one) for rule in RULES[type(one)]) for one in EVERY]
    assert (set(fitting), len(EVERY)) == ({1}, 236)


def test_every_rule_is_needed() -> None:
    unused = [rule for kind, rules in RULES.items() for rule in rules if not any(map(rule.fits, every(kind)))]
    assert unused == []


@pytest.mark.parametrize("kind", RULES)
def test_rules_ask_only_for_facts_and_values_that_there_are(kind: Any) -> None:
    known = {fact.name: set(values_of(fact)) for fact in fields(kind)}
    asked = [(name, set(values)) for rule in RULES[kind] for name, values in rule.when.items()]
    assert [name for name, values in asked if not values <= known[name]] == []


def test_every_situation_is_placed_or_leaves_a_question() -> None:
    for placed in map(place, EVERY):
        assert placed.why.endswith(".")
        assert " p. " in placed.source or " pp. " in placed.source
        assert (placed.category is not None) == (placed.scope == 3)
        assert isinstance(placed, Unplaced) == (placed.label == words.UNPLACED)
        assert not isinstance(placed, Unplaced) or placed.question.endswith("?")


def test_every_category_and_scope_has_a_situation() -> None:
    placed = [place(one) for one in EVERY]
    assert {p.category for p in placed} == {*Category, None}
    assert {p.scope for p in placed} == {1, 2, 3, None}


def test_every_kind_of_situation_has_its_rules() -> None:
    assert set(RULES) == set(get_args(Situation))
    assert all(map(is_dataclass, RULES))


@pytest.mark.parametrize(
    ("role", "kind", "labels"),
    [
        (LeaseRole.LESSEE, LeaseKind.FINANCE, ["scope 1", "scope 1", "scope 1"]),
        (LeaseRole.LESSEE, LeaseKind.OPERATING, ["scope 1", "3.8", "3.8"]),
        (LeaseRole.LESSOR, LeaseKind.FINANCE, ["3.13", "3.13", "3.13"]),
        (LeaseRole.LESSOR, LeaseKind.OPERATING, ["3.13", "scope 1", "scope 1"]),
    ],
)
def test_leases_are_placed_as_tables_a1_and_a2_do(
    role: LeaseRole, kind: LeaseKind, labels: list[str]
) -> None:
    assert [place(Lease(role, approach, kind, FUEL)).label for approach in Approach] == labels


def test_what_is_bought_is_in_categories_1_to_3() -> None:
    assert [place(Purchase(bought)).label for bought in Bought] == [*["3.1"] * 4, "3.2", *["3.3"] * 4]


def test_waste_and_sold_products_are_placed_by_their_stage() -> None:
    labels = [place(Stage(life)).label for life in Life]
    assert labels == ["3.5", "3.5", "scope 1", "3.10", "3.11", "3.11", "3.12", "3.12"]


def test_co2_of_biomass_is_beside_the_scopes() -> None:
    assert place(BiogenicCo2()).label == words.MEMO


@pytest.mark.parametrize("approach", Approach)
@pytest.mark.parametrize("kind", LeaseKind)
def test_an_asset_is_in_the_own_scopes_of_exactly_one_side_of_a_lease(
    approach: Approach, kind: LeaseKind
) -> None:
    sides = [place(Lease(role, approach, kind, FUEL)).scope for role in LeaseRole]
    assert sorted(scope or 0 for scope in sides) == [1, 3]


@pytest.mark.parametrize("leg", Leg)
def test_freight_that_the_company_pays_others_for_is_never_downstream(leg: Leg) -> None:
    assert freight(leg, paid=True) in {"3.3", "3.4", "3.5"}


@pytest.mark.parametrize("leg", [Leg.TO_CUSTOMER, Leg.STORED_AFTER, Leg.RETAIL])
def test_who_pays_decides_on_freight_after_the_sale(leg: Leg) -> None:
    assert [freight(leg, paid=paid) for paid in (True, False)] == ["3.4", "3.9"]


@pytest.mark.parametrize("leg", [Leg.FROM_SUPPLIER, Leg.STORED_BEFORE])
def test_inbound_freight_with_others_is_upstream_whoever_pays(leg: Leg) -> None:
    assert [freight(leg, paid=paid) for paid in (True, False)] == ["3.4", "3.4"]


@pytest.mark.parametrize("leg", Leg)
def test_vehicles_decide_before_the_leg(leg: Leg) -> None:
    assert [freight(leg, operator=operator) for operator in (COMPANY, LEASED)] == ["scope 1", "3.8"]


@pytest.mark.parametrize(
    ("leg", "paid", "label"),
    [
        (Leg.BETWEEN_SUPPLIERS, True, "3.4"),
        (Leg.BETWEEN_SUPPLIERS, False, "3.1"),
        (Leg.FUEL_TO_COMPANY, False, "3.3"),
        (Leg.BETWEEN_OWN_SITES, True, "3.4"),
        (Leg.WASTE_TO_TREATMENT, True, "3.5"),
    ],
)
def test_freight_with_others_goes_by_its_leg(leg: Leg, paid: bool, label: str) -> None:
    assert freight(leg, paid=paid) == label


def test_transport_between_own_sites_that_others_pay_is_asked_about() -> None:
    asked = place(Freight(Leg.BETWEEN_OWN_SITES, OTHERS, False, FUEL))
    assert isinstance(asked, Unplaced)
    assert asked.question == "Who pays for this transport, and is it part of a purchase or of a sale?"


def test_recycling_is_counted_by_who_buys_and_recovery_by_who_discards() -> None:
    stages = [place(Stage(life)).label for life in (Life.OWN_WASTE_RECYCLED, Life.RECYCLED_AT_END)]
    assert [place(Purchase(Bought.RECYCLED_MATERIAL)).label, *stages] == ["3.1", "3.5", "3.12"]


def test_co_product_is_seen_from_both_ends() -> None:
    seen_by_maker = [freight(Leg.TO_CUSTOMER), place(Stage(Life.PROCESSING)).label]
    seen_by_buyer = [place(Purchase(Bought.CO_PRODUCT)).label, freight(Leg.FROM_SUPPLIER)]
    assert (seen_by_maker, seen_by_buyer) == (["3.9", "3.10"], ["3.1", "3.4"])


@pytest.mark.parametrize(
    ("bought", "part"),
    [(Bought.FUEL, "A"), (Bought.ENERGY, "B"), (Bought.LOSSES, "C"), (Bought.ENERGY_SOLD_ON, "D")],
)
def test_energy_is_in_a_part_of_category_3(bought: Bought, part: str) -> None:
    placed = place(Purchase(bought))
    assert (placed.label, placed.why.startswith(f"Part {part}:")) == ("3.3", True)


@pytest.mark.parametrize(
    ("held", "labels"),
    [
        (Held.CONTROLLED, ["scope 1", "scope 1", "scope 1"]),
        (Held.OPERATED, ["scope 1", "3.15", "scope 1"]),
        (Held.OPERATED_FOR_OTHERS, ["scope 1", words.UNPLACED, words.UNPLACED]),
        (Held.OWNED, ["3.15", "scope 1", "scope 1"]),
        (Held.SHARED, ["3.15", "3.15", "scope 1"]),
        (Held.PROJECT, ["3.15", "3.15", "3.15"]),
        (Held.LENT, ["3.15", "3.15", "3.15"]),
    ],
)
def test_approach_decides_whether_an_entity_is_an_investment(held: Held, labels: list[str]) -> None:
    assert [place(Holding(held, approach, FUEL)).label for approach in Approach] == labels


@pytest.mark.parametrize("role", FranchiseRole)
def test_franchise_is_a_category_only_outside_the_own_boundary(role: FranchiseRole) -> None:
    assert [place(Franchise(role, within, POWER)).label for within in (True, False)] == ["scope 2", "3.14"]


def test_travel_goes_by_the_vehicle_then_by_the_journey() -> None:
    by_vehicle = [place(Travel(Journey.BUSINESS, o, FUEL)).label for o in (COMPANY, LEASED, OTHERS)]
    by_journey = [place(Travel(journey, OTHERS, FUEL)).label for journey in Journey]
    assert by_vehicle == ["scope 1", "3.8", "3.6"]
    assert by_journey == ["3.6", "3.6", "3.7", "3.7", "3.9"]


def test_only_what_the_minimum_boundary_leaves_out_is_optional() -> None:
    optional = [next(iter(rule.when.values())) for rule in EVERY_RULE if rule.is_optional]
    assert optional == [
        (Leg.WASTE_TO_TREATMENT,),
        (Bought.FRANCHISOR_SERVICES,),
        (Life.INDIRECT_USE,),
        (Journey.HOTEL,),
        (Journey.TELEWORK,),
        (Journey.SHOPPING,),
        (Held.LENT, Held.FOR_CLIENTS),
    ]


def test_energy_that_was_bought_is_scope_2_where_fuel_is_scope_1() -> None:
    own = [
        (one.source, place(one).scope)
        for one in EVERY
        if place(one).scope in (1, 2) and hasattr(one, "source")
    ]
    assert set(own) == {(FUEL, 1), (POWER, 2)}


def test_kind_of_lease_is_not_asked_for_under_operational_control() -> None:
    told = {"role": LeaseRole.LESSEE, "approach": Approach.OPERATIONAL_CONTROL, "source": FUEL}
    assert place_told(Lease, told).label == "scope 1"


def test_payer_is_not_asked_for_where_the_company_drives_itself() -> None:
    told = {"leg": Leg.TO_CUSTOMER, "operator": COMPANY, "source": FUEL}
    assert place_told(Freight, told) == place(Freight(Leg.TO_CUSTOMER, COMPANY, True, FUEL))


def test_next_question_is_the_first_that_changes_the_place() -> None:
    asked = place_told(Freight, {"leg": Leg.TO_CUSTOMER, "operator": OTHERS})
    assert isinstance(asked, Unplaced)
    assert asked.question == "Does the company pay for it, directly or through an intermediary?"
    assert asked.why == "What is told leaves open: 3.4, 3.9."


@given(st.sampled_from(EVERY), st.data())
def test_facts_told_in_part_never_contradict_the_whole(one: Any, data: st.DataObject) -> None:
    names = [fact.name for fact in fields(one)]
    known = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    told = place_told(type(one), {name: getattr(one, name) for name in known})
    whole = place(one)
    assert isinstance(told, Unplaced) or (told.label, told.is_optional) == (whole.label, whole.is_optional)
    assert known != set(names) or told == whole


@given(st.sampled_from(EVERY))
def test_answering_each_question_in_turn_ends_at_the_place(one: Any) -> None:
    by_question = {fact.metadata["question"]: fact.name for fact in fields(one)}
    told: dict[str, object] = {}
    answer: Placement = place_told(type(one), told)
    while isinstance(answer, Unplaced) and answer.question in by_question:
        told[by_question[answer.question]] = getattr(one, by_question[answer.question])
        answer = place_told(type(one), told)
    assert answer.label == place(one).label


def test_only_real_changes_and_what_is_counted_already_leave_the_base_year_alone() -> None:
    left_alone = {c for c in Change if recalculation(c).recalculation is Recalculation.NO_RECALCULATION}
    assert left_alone == {
        Change.OUTSOURCED_WITHIN_INVENTORY,
        Change.REAL_CHANGE,
        Change.CATEGORY_OWN_YEAR,
        Change.ORGANIC,
    }


def test_every_change_has_its_rule_with_a_page() -> None:
    assert set(CHANGES) == set(Change)
    assert [c for c, rule in CHANGES.items() if not (rule.why.endswith(".") and " p. " in rule.source)] == []


@pytest.mark.parametrize(
    ("effect", "outcome"),
    [
        (Fraction(-10), Recalculation.RECALCULATE),
        (Fraction(10), Recalculation.RECALCULATE),
        (Fraction(999, 100), Recalculation.NO_RECALCULATION),
    ],
)
def test_threshold_of_the_company_decides_once_it_is_told(effect: Fraction, outcome: Recalculation) -> None:
    told = recalculation(Change.STRUCTURE, Significance(effect, Fraction(10)))
    assert told.recalculation is outcome
    assert told.why.endswith("the company's threshold.")


@given(effect=st.fractions())
def test_growth_never_recalculates_whatever_its_size(effect: Fraction) -> None:
    told = recalculation(Change.ORGANIC, Significance(effect, Fraction(1, 100)))
    assert told == recalculation(Change.ORGANIC)


@pytest.mark.parametrize("change", [c for c, rule in CHANGES.items() if rule.may_recalculate])
def test_without_significance_nothing_is_decided(change: Change) -> None:
    assert recalculation(change).recalculation is Recalculation.RECALCULATE_IF_SIGNIFICANT
