"""What is told of a job on its way, and what follows from a failure."""

import pytest

from vcci.concurrency.retries import RetryBudget
from vcci.errors import DatabaseError, InputError
from vcci.runtime.job_failures import DIED, MOST_DEATHS, Failure, failure_of, wait_s
from vcci.runtime.job_progress import Pace, shown

AWAY = Failure("database_away", "Away.", "Wait.")
BUSY = Failure("database_busy", "Busy.", "Wait.")


def paced(*rows: int) -> Pace:
    """A stage of which each second so many rows were done in all."""
    pace = Pace()
    for second, done in enumerate(rows):
        pace.step("store", done, now_s=float(second))
    return pace


def test_nothing_is_told_of_the_time_left_before_three_rates_are_known() -> None:
    assert paced(10, 20, 30).told(100) == {}
    assert paced(10, 20, 30, 40).told(100) == {"rows_per_s": 10.0, "least_s_left": 6.0, "most_s_left": 6.0}


def test_time_left_lies_between_the_fastest_and_the_slowest_of_the_last_steps() -> None:
    told = paced(10, 20, 60, 80).told(180)
    assert (told["least_s_left"], told["most_s_left"]) == (2.5, 10.0)


RECORDED = (
    *(0.0, 0.414, 0.683, 0.894, 1.179, 1.283, 1.611, 1.834, 1.975, 2.131, 2.326, 2.607, 2.869, 3.09, 3.336),
    *(3.483, 3.58, 3.763, 3.89, 4.086, 4.277),
)
"""Seconds at which a report of 400,000 lines on a busy machine told of its pages of 20,000 lines."""


def test_time_left_held_what_was_left_in_a_recorded_stage() -> None:
    pace, rows, held = Pace(), 20_000 * (len(RECORDED) - 1), []
    for number, now_s in enumerate(RECORDED):
        pace.step("lines", 20_000 * number, now_s=now_s)
        told, left_s = pace.told(rows), RECORDED[-1] - now_s
        if "most_s_left" in told:
            held.append(told["least_s_left"] - 0.1 <= left_s <= told["most_s_left"] + 0.1)
    assert (len(held), held.count(False)) == (17, 1)


def test_time_goes_on_between_steps_and_is_not_told_while_the_stage_stands_still() -> None:
    pace = paced(10, 20, 30, 40)
    assert [pace.told(100, now_s=3.0 + waited)["most_s_left"] for waited in (0.0, 0.5, 2.0)] == [
        6.0,
        5.5,
        4.0,
    ]
    assert pace.told(100, now_s=5.1) == {"rows_per_s": 10.0}


def test_where_an_attempt_goes_on_from_counts_for_no_rate() -> None:
    assert paced(0, 60_000, 60_010, 60_020, 60_030).told(60_130)["most_s_left"] == 10.0


def test_another_stage_begins_anew() -> None:
    pace = paced(10, 20, 30, 40)
    pace.step("publish", 0, now_s=9.0)
    assert pace.told(100) == {}


def test_progress_reads_as_one_line() -> None:
    told = {"stage": "store", "rows_done": 40_000, "rows": 100_000, **paced(10, 20, 30, 40).told(100)}
    assert shown(told) == "store, 40,000 of 100,000 rows, 10 rows/s, 6 to 6 s left"
    assert shown({}) == ""


def waited(failure: Failure, failures: int, deaths: int = 0, *, chance: float = 1.0) -> float | None:
    return wait_s(failure, failures=failures, deaths=deaths, chance=chance, budget=RetryBudget())


def test_waits_double_up_to_half_a_minute_and_end() -> None:
    waits = [waited(BUSY, failures) for failures in range(8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, None]
    assert waited(BUSY, 3, chance=0.25) == 1.0


def test_after_an_outage_of_the_database_no_job_waits_long() -> None:
    empty = RetryBudget(reserve=0)
    waits = [wait_s(AWAY, failures=n, deaths=0, chance=1.0, budget=empty) for n in range(8)]
    assert waits == [0.5, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, None]


def test_death_is_tried_again_at_once_and_not_too_often() -> None:
    assert [waited(DIED, 0, deaths) for deaths in range(MOST_DEATHS)] == [0.0, 0.0, None]


def test_without_budget_a_job_waits_the_longest_and_is_not_given_up() -> None:
    budget = RetryBudget(reserve=1)
    waits = [wait_s(BUSY, failures=0, deaths=0, chance=0.0, budget=budget) for _ in range(3)]
    assert waits == [0.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("error", "code", "may_pass"),
    [
        (ConnectionResetError("x"), "database_away", True),
        (KeyError("secret"), "job_broke_down", False),
        (DatabaseError("X.", remedy="Y.", code="database_busy"), "database_busy", True),
        (InputError("X.", remedy="Y.", code="file_empty"), "file_empty", False),
    ],
)
def test_errors_are_told_apart_by_whether_they_may_pass(error: Exception, code: str, may_pass: bool) -> None:
    failure = failure_of(error)
    assert (failure.code, failure.may_pass) == (code, may_pass)
    assert "secret" not in failure.what
