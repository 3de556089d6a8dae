"""Many small changes count together; growth never does; the threshold is the company's."""

from fractions import Fraction

import pytest

from vcci.domain.base_year import BaseYear, ChangeSince, cumulative_effect

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
