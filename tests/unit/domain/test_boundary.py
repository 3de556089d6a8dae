"""Words of the boundary: a placement says one thing, and every fact can be asked for."""

from dataclasses import fields
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.boundary import (
    MEMO,
    UNPLACED,
    Approach,
    Consequence,
    Lease,
    LeaseKind,
    LeaseRole,
    Placement,
    Recalculation,
    Rule,
    Significance,
    Situation,
    Source,
    Unplaced,
)
from vcci.domain.category import Category

PERCENT = st.fractions(min_value=-1000, max_value=1000)
THRESHOLD = st.fractions(min_value=Fraction(1, 1000), max_value=1000)


@pytest.mark.parametrize(
    ("placement", "label"),
    [
        (Placement("why", "page", 1), "scope 1"),
        (Placement("why", "page", 2), "scope 2"),
        (Placement("why", "page", 3, Category.INVESTMENTS), "3.15"),
        (Placement("why", "page"), MEMO),
        (Unplaced("why", "page", question="Who pays?"), UNPLACED),
    ],
)
def test_label_says_where_an_emission_is_reported(placement: Placement, label: str) -> None:
    assert placement.label == label


def test_what_is_not_placed_has_no_scope_and_no_category() -> None:
    open_case = Unplaced("why", "page", question="Who pays?")
    assert (open_case.scope, open_case.category) == (None, None)


@pytest.mark.parametrize("kind", get_args(Situation))
def test_every_fact_has_a_question_for_a_person(kind: Any) -> None:
    assert [f.name for f in fields(kind) if not f.metadata["question"].endswith("?")] == []


def test_rule_is_silent_on_facts_that_it_does_not_ask_for() -> None:
    rule = Rule(Category.DOWNSTREAM_LEASED_ASSETS, "why", "page", {"role": (LeaseRole.LESSOR,)})
    leases = [
        Lease(role, approach, LeaseKind.FINANCE, Source.FUEL) for role in LeaseRole for approach in Approach
    ]
    assert [rule.fits(lease) for lease in leases] == [False] * 3 + [True] * 3


@given(effect=PERCENT, threshold=THRESHOLD)
def test_an_effect_counts_the_same_up_and_down(effect: Fraction, threshold: Fraction) -> None:
    up, down = Significance(effect, threshold), Significance(-effect, threshold)
    assert up.is_reached == down.is_reached == (abs(effect) >= threshold)


@pytest.mark.parametrize("threshold", [0, -1])
def test_threshold_that_everything_would_reach_is_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match=f"above zero, not {threshold} %"):
        Significance(Fraction(5), Fraction(threshold))


def test_threshold_has_no_default() -> None:
    with pytest.raises(TypeError):
        Significance(Fraction(5))  # type: ignore[call-arg]


@pytest.mark.parametrize("outcome", Recalculation)
def test_consequence_has_the_words_of_its_outcome(outcome: Recalculation) -> None:
    assert Consequence(outcome, "why", "page").value == outcome.value
