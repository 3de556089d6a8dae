"""Percentiles are exact to 1 %, and trackers add up."""

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.monitoring.latency import HIGHEST, LOWEST, RELATIVE_ERROR, Latencies, LatencyTracker

TIMES = st.floats(min_value=2.0**-20, max_value=2.0**20 - 1)
ANY_TIMES = st.floats(min_value=0, max_value=1e9)


def recorded(times: list[float]) -> LatencyTracker:
    tracker = LatencyTracker()
    for seconds in times:
        tracker.record(seconds)
    return tracker


@given(st.lists(TIMES, min_size=1), st.floats(min_value=0.001, max_value=100))
def test_a_percentile_is_within_the_stated_error_of_the_exact_one(times: list[float], percent: float) -> None:
    exact = sorted(times)[max(1, math.ceil(len(times) * percent / 100)) - 1]
    assert recorded(times).percentile_s(percent) == pytest.approx(exact, rel=RELATIVE_ERROR)
    assert RELATIVE_ERROR <= 0.01


@given(st.lists(ANY_TIMES), st.lists(ANY_TIMES))
def test_trackers_that_are_merged_are_as_one_that_recorded_all(
    ours: list[float], theirs: list[float]
) -> None:
    merged = recorded(ours)
    merged.merge(recorded(theirs))
    assert merged == recorded(ours + theirs)


@given(st.lists(ANY_TIMES))
def test_a_tracker_comes_back_whole_from_json(times: list[float]) -> None:
    tracker = recorded(times)
    again = LatencyTracker.from_plain(json.loads(json.dumps(tracker.as_plain())))
    assert again == tracker
    assert again.count == len(times)
    assert (again.p50_s, again.p95_s, again.p99_s) == (tracker.p50_s, tracker.p95_s, tracker.p99_s)


@given(st.lists(TIMES, min_size=1))
def test_least_and_greatest_are_exact_and_the_mean_is_to_the_nanosecond(times: list[float]) -> None:
    tracker = recorded(times)
    assert (tracker.min_s, tracker.max_s, tracker.count) == (min(times), max(times), len(times))
    assert tracker.mean_s == pytest.approx(statistics.fmean(times), abs=1e-9, rel=1e-12)


@given(st.lists(ANY_TIMES))
def test_percentiles_rise_and_stay_between_the_least_and_the_greatest(times: list[float]) -> None:
    tracker = recorded(times)
    told = [tracker.percentile_s(percent) for percent in (0, 1, 50, 95, 99, 100)]
    assert told == sorted(told)
    assert all(tracker.min_s <= seconds <= tracker.max_s for seconds in told)


def test_memory_is_bounded_whatever_is_recorded() -> None:
    tracker = recorded([2.0 ** (power / 100) for power in range(-10_000, 10_000)] + [0.0])
    assert len(tracker.as_plain()["counts"]) <= HIGHEST - LOWEST + 2
    assert HIGHEST - LOWEST + 2 <= 2_561


@pytest.mark.parametrize("seconds", [-0.001, math.nan, math.inf])
def test_what_is_no_time_is_refused_and_changes_nothing(seconds: float) -> None:
    tracker = LatencyTracker()
    with pytest.raises(ValueError, match="no time"):
        tracker.record(seconds)
    assert tracker == LatencyTracker()


def test_an_empty_tracker_tells_zeros() -> None:
    empty = LatencyTracker()
    assert [empty.count, empty.p99_s, empty.min_s, empty.max_s, empty.mean_s] == [0] * 5


def test_names_beyond_the_bound_share_a_tracker() -> None:
    latencies = Latencies()
    for number in range(Latencies.MOST + 100):
        latencies["GET", str(number)].record(0.1)
    assert len(latencies) == Latencies.MOST + 1
    assert latencies[Latencies.BEYOND].count == 100
