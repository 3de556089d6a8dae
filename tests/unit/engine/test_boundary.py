"""Every situation has one place, and the same emission is never in two categories of one company."""

from dataclasses import fields
from enum import StrEnum
from itertools import product
from typing import Any, get_args

import pytest

from vcci.domain.boundary import (
    MEMO,
    Approach,
    Change,
    Freight,
    Lease,
    LeaseKind,
    LeaseRole,
    Leg,
    Operator,
    Recalculation,
    Situation,
    Source,
)
from vcci.engine.boundary import place, recalculation


def values_of(kind: Any) -> list[Any]:
    return [True, False] if kind is bool else list(kind)


def every(situation: type) -> list[Any]:
    choices = [values_of(field.type) for field in fields(situation)]
    return [situation(*chosen) for chosen in product(*choices)]


EVERY = [one for kind in get_args(Situation) for one in every(kind)]


def test_every_situation_has_exactly_one_place() -> None:
    placed = [place(situation) for situation in EVERY]
    counted = [sum((p.category is not None, bool(p.own_scope), p.label == MEMO)) for p in placed]
    assert set(counted) == {1}
    assert all(p.why.endswith(".") and p.source for p in placed)


@pytest.mark.parametrize("approach", Approach)
@pytest.mark.parametrize("kind", LeaseKind)
def test_an_asset_is_in_the_own_scopes_of_exactly_one_side_of_a_lease(
    approach: Approach, kind: LeaseKind
) -> None:
    sides = [place(Lease(role, kind, approach, Source.FUEL)) for role in LeaseRole]
    assert sorted(bool(side.own_scope) for side in sides) == [False, True]


@pytest.mark.parametrize("leg", Leg)
def test_freight_that_the_company_pays_others_for_is_never_downstream(leg: Leg) -> None:
    placed = place(Freight(leg, Operator.OTHERS, is_paid_by_company=True, source=Source.FUEL))
    assert placed.label in ("3.4", "3.1")


def test_energy_that_was_bought_is_scope_2_where_fuel_is_scope_1() -> None:
    own = [s for s in EVERY if place(s).own_scope in ("1", "2")]
    assert {(s.source, place(s).own_scope) for s in own} == {
        (Source.FUEL, "1"),
        (Source.BOUGHT_ENERGY, "2"),
    }


def test_only_growth_and_what_was_counted_before_leave_the_base_year_alone() -> None:
    left_alone = [change for change in Change if recalculation(change) is Recalculation.NONE]
    assert left_alone == [Change.OUTSOURCED_WITHIN_INVENTORY, Change.ORGANIC]


def test_labels_are_texts_that_a_report_can_show() -> None:
    labels = {place(situation).label for situation in EVERY}
    assert {"scope 1", "scope 2", "scope 1 and 2", "3.1", "3.15", MEMO} <= labels
    assert all(isinstance(choice, StrEnum) for choice in Approach)
