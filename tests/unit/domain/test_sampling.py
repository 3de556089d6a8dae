"""Every n-th member is drawn, from a start within the first interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.sampling import sampling_interval, systematic_sample


def test_interval_is_how_many_there_are_for_each_one_drawn() -> None:
    assert sampling_interval(100, 20) == 5


@given(st.integers(1, 200), st.integers(1, 200))
def test_sample_has_the_size_asked_for_and_no_member_twice(population: int, sample: int) -> None:
    if sample > population:
        with pytest.raises(ValueError, match="cannot be drawn"):
            sampling_interval(population, sample)
        return
    drawn = systematic_sample(range(population), sample=sample, start=0)
    assert len(set(drawn)) == sample


def test_start_outside_the_first_interval_is_refused() -> None:
    assert systematic_sample("abcdef", sample=2, start=2) == ("c", "f")
    with pytest.raises(ValueError, match="first interval"):
        systematic_sample("abcdef", sample=2, start=3)
