"""The bridge adds up exactly, and each effect is blamed for what it alone has changed."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vcci.domain.bridge import EFFECTS, Group, State
from vcci.engine.bridge import bridge

GROUPS = st.builds(
    Group,
    st.sampled_from([1, 2, 4]),
    st.sampled_from(["steel", "paper", "rail"]),
    st.sampled_from(["GBP", "tkm"]),
)
STATES = st.builds(
    State,
    st.fractions(0, 10**6, max_denominator=100),
    st.fractions(0, 10**6, max_denominator=1000),
    st.integers(-(10**12), 10**15),
    st.sampled_from([frozenset({"spend-based"}), frozenset({"average-data"})]),
)
INVENTORIES = st.dictionaries(GROUPS, STATES, max_size=8)


def total(inventory: dict[Group, State]) -> int:
    return sum(state.emissions_mg_co2e for state in inventory.values())


@settings(max_examples=150)
@given(INVENTORIES, INVENTORIES)
def test_effects_add_up_to_the_difference_whatever_the_inventories(
    older: dict[Group, State], newer: dict[Group, State]
) -> None:
    found = bridge(older, newer)
    assert sum(effect.emissions_mg_co2e for effect in found.effects) == total(newer) - total(older)
    assert {effect.effect for effect in found.effects} <= set(EFFECTS)


@given(INVENTORIES)
def test_nothing_changed_is_no_effect(inventory: dict[Group, State]) -> None:
    assert bridge(inventory, inventory).effects == ()


@settings(max_examples=100)
@given(INVENTORIES, INVENTORIES)
def test_the_way_back_is_the_way_there_with_the_other_sign(
    older: dict[Group, State], newer: dict[Group, State]
) -> None:
    there, back = bridge(older, newer), bridge(newer, older)
    for effect in EFFECTS:
        assert abs(there.of(effect) + back.of(effect)) <= 3 * len(there.effects or (1,))  # of rounding


def state(volume: str, amount: str, emissions: int, method: str = "spend-based") -> State:
    return State(Fraction(volume), Fraction(amount), emissions, frozenset({method}))


STEEL, PAPER = Group(1, "steel", "GBP"), Group(1, "paper", "GBP")
OLDER = {STEEL: state("100", "120", 60_000), PAPER: state("50", "60", 12_000)}


@pytest.mark.parametrize(
    ("newer", "only"),
    [
        (
            {
                g: state(str(s.volume * 2), str(s.amount * 2), s.emissions_mg_co2e * 2)
                for g, s in OLDER.items()
            },
            "volume",
        ),
        ({STEEL: state("100", "120", 90_000), PAPER: OLDER[PAPER]}, "factor"),
        ({STEEL: state("100", "60", 30_000), PAPER: state("50", "30", 6_000)}, "price"),
        ({STEEL: state("100", "120", 10_000, "hybrid"), PAPER: OLDER[PAPER]}, "method"),
    ],
    ids=["volume", "factor", "price", "method"],
)
def test_what_alone_has_changed_is_the_only_effect(newer: dict[Group, State], only: str) -> None:
    found = bridge(OLDER, newer)
    assert {effect.effect for effect in found.effects} == {only}
    assert found.of(only) == total(newer) - total(OLDER)


def test_swap_of_proportions_is_mix_alone() -> None:
    newer = {STEEL: state("50", "60", 30_000), PAPER: state("100", "120", 24_000)}
    assert {effect.effect for effect in bridge(OLDER, newer).effects} == {"mix"}


def test_category_of_one_inventory_alone_is_the_boundary() -> None:
    newer = OLDER | {Group(6, "rail", "pkm"): state("10", "10", 700)}
    assert [(e.category, e.effect, e.emissions_mg_co2e) for e in bridge(OLDER, newer).effects] == [
        (6, "boundary", 700)
    ]
