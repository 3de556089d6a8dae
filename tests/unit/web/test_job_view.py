"""A job in words: how far, for how long still, and which of its errors are questions."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from vcci.database.job_store import Job
from vcci.web.formats import Format, Numbers
from vcci.web.job_view import QUESTIONS, JobView, span

ERRORS = Path(__file__).parents[3] / "docs" / "errors.md"
ID, THEN = UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC)


def view(state: str = "running", *, numbers: Numbers = Numbers.ENGLISH, **told: Any) -> JobView:
    plain: dict[str, Any] = {
        "task": {},
        "progress": {},
        "outcome": {},
        "history": [],
        "cancel_asked_at": None,
    }
    job = Job(
        id=ID, api_key_id=ID, kind="ledger", state=state, attempts=1, worker_id=None, created_at=THEN,
        started_at=None, finished_at=None, priority=0, fence=1, failures=0, deaths=0, losses=0,
        not_before=None,
        **plain | told,
    )  # fmt: skip
    return JobView(job, Format(numbers))


def test_questions_are_the_codes_that_the_documentation_lists() -> None:
    section = ERRORS.read_text("utf-8").partition("## Questions")[2].partition("\n## ")[0]
    codes = [cell for line in section.splitlines() if line.startswith("| `") for cell in line.split("|")[1:2]]
    assert set(re.findall(r"`(\w+)`", "".join(codes))) == QUESTIONS


@pytest.mark.parametrize(
    ("least_s", "most_s", "text"),
    [
        (0, 0.2, "0 to 1 seconds left"),
        (12.4, 30.2, "12 to 30 seconds left"),
        (20, 20, "20 seconds left"),
        (90, 180, "2 to 3 minutes left"),
        (3_600, 10_800, "1 to 3 hours left"),
    ],
)
def test_time_left_is_an_interval_in_the_larger_unit(least_s: float, most_s: float, text: str) -> None:
    assert span(least_s, most_s) == text


def test_no_time_is_told_before_one_is_known() -> None:
    shown = view(
        progress={"stage": "calculate", "rows_done": 250_000, "rows": 1_000_000, "rows_per_s": 1_234.4}
    )
    assert (shown.percent, shown.time_left) == (25, "not known yet")
    assert (shown.rows, shown.rate) == ("250,000 of 1,000,000 rows", "1,234 rows a second")


def test_numbers_are_in_the_style_of_who_looks() -> None:
    shown = view(numbers=Numbers.GERMAN, progress={"stage": "read", "rows_done": 1_500})
    assert (shown.rows, shown.percent, shown.rate) == ("1.500 rows", None, "")


@pytest.mark.parametrize(
    ("state", "may_end", "may_go_on"),
    [
        ("queued", True, False),
        ("running", True, False),
        ("waiting", True, True),
        ("completed", False, False),
        ("failed", False, True),
        ("cancelled", False, True),
    ],
)
def test_a_state_says_what_can_be_done(state: str, *, may_end: bool, may_go_on: bool) -> None:
    assert (view(state).may_end, view(state).may_go_on) == (may_end, may_go_on)


def test_a_job_that_is_asked_to_stop_is_not_asked_again() -> None:
    assert not view(cancel_asked_at=THEN).may_end


def test_interruptions_are_the_workers_that_were_lost() -> None:
    history = [{"attempt": 1, "code": "job_worker_lost"}, {"attempt": 2, "code": "database_away"}]
    assert view(history=history).interruptions == 1


@pytest.mark.parametrize(("code", "asks"), [("date_order_ambiguous", True), ("file_empty", False)])
def test_only_questions_about_a_file_are_asked(code: str, *, asks: bool) -> None:
    outcome = {"error": {"code": code, "what": "x", "tried": [], "remedy": "y"}}
    assert view("failed", outcome=outcome, task={"file_id": str(ID)}).asks is asks
    assert not view("failed", outcome=outcome).asks
