"""Many small changes count together; growth never does; the threshold is the company's."""

from fractions import Fraction

import pytest

from vcci.domain.base_year import BaseYear, ChangeKind, ChangeSince, change_since, cumulative_effect

BASE = BaseYear(2022, 1_000_000, Fraction(10), "Recalculated above 10 %.")


def test_small_changes_reach_the_threshold_together_whatever_their_sign() -> None:
    changes = [ChangeSince("merger", 60_000, True), ChangeSince("better factor", -40_000, True)]
    found = cumulative_effect(BASE, changes)
    assert found.has_to_be_recalculated
    assert found.percent == 10
    assert found.why == ("merger", "better factor")


def test_growth_alone_never_recalculates() -> None:
    assert not cumulative_effect(BASE, [ChangeSince("new shops", 900_000, False)]).has_to_be_recalculated


def test_below_the_threshold_the_base_year_stays() -> None:
    found = cumulative_effect(BASE, [ChangeSince("error", 99_999, True)])
    assert (found.has_to_be_recalculated, found.percent < 10) == (False, True)


def test_base_year_without_emissions_is_refused() -> None:
    with pytest.raises(ValueError, match="no emissions"):
        cumulative_effect(BaseYear(2022, 0, Fraction(10), ""), [])


@pytest.mark.parametrize("kind", ChangeKind)
def test_kind_of_change_tells_whether_it_counts(kind: ChangeKind) -> None:
    is_growth = kind in (ChangeKind.ORGANIC_GROWTH, ChangeKind.SITE)
    found = cumulative_effect(BASE, [change_since(kind, -900_000)])
    assert found.has_to_be_recalculated is not is_growth
    assert found.why == (() if is_growth else (kind.value,))


def test_outsourcing_of_what_was_reported_in_all_scopes_recalculates_nothing() -> None:
    moved = change_since(ChangeKind.OUTSOURCING, 900_000, was_in_all_scopes=True)
    bought = change_since(ChangeKind.ACQUISITION, 900_000, what="Bolt Ltd", was_in_all_scopes=True)
    assert not cumulative_effect(BASE, [moved]).has_to_be_recalculated
    assert cumulative_effect(BASE, [moved, bought]).why == ("Bolt Ltd",)
