"""The bridge adds up exactly, and each effect is blamed for what it alone has changed."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vcci.domain.bridge import EFFECTS, Bridge, Group, State
from vcci.engine.bridge import bridge

Inventory = dict[Group, State]

GROUPS = st.builds(
    Group,
    st.sampled_from([1, 2, 4]),
    st.sampled_from(["steel", "paper", "rail"]),
    st.sampled_from(["GBP", "tkm"]),
    st.sampled_from(["GB", "FR"]),
    st.sampled_from(["", "Acme", "Bolt"]),
)
ANY_STATE = st.builds(
    State,
    st.fractions(-100, 10**6, max_denominator=100) | st.just(Fraction(0)),
    st.fractions(-100, 10**6, max_denominator=1000) | st.just(Fraction(0)),
    st.integers(-(10**12), 10**15) | st.just(0),
    st.sampled_from([frozenset({"spend-based"}), frozenset({"average-data"})]),
    st.sampled_from([frozenset({"kg CO2e/USD 2018"}), frozenset({"kg CO2e/USD 2022"})]),
)
ANY = st.dictionaries(GROUPS, ANY_STATE, max_size=8)
SHARES = st.dictionaries(st.just("GBP"), st.fractions(0, 1, max_denominator=100))

STATES = st.builds(
    lambda volume, price, factor: State(
        Fraction(volume), Fraction(volume * price), volume * price * factor, frozenset({"spend-based"})
    ),
    st.integers(1, 10**6),
    st.integers(1, 9),
    st.integers(1, 10**6),
)
WHOLE = st.dictionaries(GROUPS, STATES, min_size=1, max_size=8)
"""Inventories whose amounts are exact to the milligram, so that rounding hides nothing."""


def total(inventory: Inventory) -> int:
    return sum(state.emissions_mg_co2e for state in inventory.values())


def scaled(inventory: Inventory, **times: Fraction | int) -> Inventory:
    return {
        group: replace(state, **{name: getattr(state, name) * by for name, by in times.items()})
        for group, state in inventory.items()
    }


def only(found: Bridge) -> set[str]:
    return {effect.effect for effect in found.effects}


@settings(max_examples=200)
@given(ANY, ANY, SHARES, SHARES)
def test_effects_add_up_to_the_difference_whatever_the_inventories(
    older: Inventory, newer: Inventory, before: dict[str, Fraction], after: dict[str, Fraction]
) -> None:
    found = bridge(older, newer, coverage=(before, after))
    assert sum(effect.emissions_mg_co2e for effect in found.effects) == total(newer) - total(older)
    assert only(found) <= set(EFFECTS)


@given(ANY, SHARES)
def test_nothing_changed_is_no_effect(inventory: Inventory, share: dict[str, Fraction]) -> None:
    assert bridge(inventory, inventory, coverage=(share, share)).effects == ()


@settings(max_examples=200)
@given(ANY, ANY, SHARES, SHARES)
def test_the_way_back_is_the_way_there_with_the_other_sign(
    older: Inventory, newer: Inventory, before: dict[str, Fraction], after: dict[str, Fraction]
) -> None:
    there = bridge(older, newer, coverage=(before, after))
    back = bridge(newer, older, coverage=(after, before))
    assert back.effects == tuple(replace(e, emissions_mg_co2e=-e.emissions_mg_co2e) for e in there.effects)


@given(ANY, ANY, st.randoms(use_true_random=False))
def test_order_of_the_groups_is_irrelevant(older: Inventory, newer: Inventory, random: Any) -> None:
    groups = [*newer]
    random.shuffle(groups)
    assert bridge(older, newer) == bridge(older, {group: newer[group] for group in groups})


@given(WHOLE, st.integers(2, 50))
def test_more_of_everything_is_volume_alone(older: Inventory, times: int) -> None:
    newer = scaled(older, volume=times, amount=times, emissions_mg_co2e=times)
    assert only(bridge(older, newer)) == {"volume"}
    assert bridge(older, newer).of("volume") == total(newer) - total(older)


@given(WHOLE, st.integers(0, 50).filter(lambda times: times != 1))
def test_other_factors_are_the_factor_alone_down_to_zero(older: Inventory, times: int) -> None:
    assert only(bridge(older, scaled(older, emissions_mg_co2e=times))) == {"factor"}


@given(WHOLE, st.integers(2, 50))
def test_other_prices_are_the_price_alone(older: Inventory, times: int) -> None:
    assert only(bridge(older, scaled(older, amount=times, emissions_mg_co2e=times))) == {"price"}


def state(volume: str, amount: str, emissions: int, method: str = "spend-based") -> State:
    return State(Fraction(volume), Fraction(amount), emissions, frozenset({method}))


STEEL, PAPER = Group(1, "steel", "GBP", partner="Acme"), Group(1, "paper", "GBP", partner="Bolt")
OLDER = {STEEL: state("100", "120", 60_000), PAPER: state("50", "60", 12_000)}


def effects(older: Inventory, newer: Inventory) -> list[tuple[str, int]]:
    return [(e.effect, e.emissions_mg_co2e) for e in bridge(older, newer).effects]


@pytest.mark.parametrize(
    "figure",
    [
        (STEEL, state("100", "120", 10_000, "hybrid")),
        (Group(1, "reported", "kg CO2e/kgCO2e", partner="Acme"), state("0.01", "0.01", 10_000, "hybrid")),
    ],
    ids=["of the same group", "counted in another unit"],
)
def test_supplier_calculated_by_another_method_is_method_alone(figure: tuple[Group, State]) -> None:
    group, told = figure
    assert effects(OLDER, {group: told, PAPER: OLDER[PAPER]}) == [("method", -50_000)]


def test_supplier_that_is_new_or_gone_is_no_change_of_method() -> None:
    newer = {
        PAPER: OLDER[PAPER],
        Group(1, "rail", "tkm", partner="New"): state("9", "9", 90, "average-data"),
    }
    assert {effect for effect, _ in effects(OLDER, newer)} == {"volume", "mix"}


def test_factor_that_falls_to_zero_is_the_factor_even_if_no_amount_is_known() -> None:
    assert effects(OLDER, OLDER | {STEEL: state("100", "0", 0)}) == [("factor", -60_000)]


def test_factor_in_other_prices_is_not_torn_from_its_price_index() -> None:
    usd_2018, usd_2022 = frozenset({"kg CO2e/USD 2018"}), frozenset({"kg CO2e/USD 2022"})
    older = {STEEL: replace(OLDER[STEEL], bases=usd_2018)}
    newer = {STEEL: replace(state("100", "150", 63_000), bases=usd_2022)}
    assert effects(older, newer) == [("factor", 3_000)]


def test_swap_of_proportions_is_mix_alone() -> None:
    newer = {STEEL: state("50", "60", 30_000), PAPER: state("100", "120", 24_000)}
    assert only(bridge(OLDER, newer)) == {"mix"}


def test_more_rows_with_lines_of_the_same_purchases_are_data_alone() -> None:
    newer = scaled(OLDER, volume=2, amount=2, emissions_mg_co2e=2)
    found = bridge(OLDER, newer, coverage=({"GBP": Fraction(2, 5)}, {"GBP": Fraction(4, 5)}))
    assert [(e.effect, e.emissions_mg_co2e) for e in found.effects] == [("data", 72_000)]


def test_category_of_one_inventory_alone_is_the_boundary() -> None:
    newer = OLDER | {Group(6, "rail", "pkm"): state("10", "10", 700)}
    assert [(e.category, e.effect, e.emissions_mg_co2e) for e in bridge(OLDER, newer).effects] == [
        (6, "boundary", 700)
    ]
