"""A job as its page shows it: in which state, how far, for how long still, and where what it came to is."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from vcci.database.job_store import Job, JobState
from vcci.edge.job_answers import JobProgress, job_as_json
from vcci.web.formats import Format

QUESTIONS: Final = frozenset(
    {
        "question",
        "several_questions",
        "encoding_ambiguous",
        "delimiter_ambiguous",
        "header_ambiguous",
        "tables_ambiguous",
        "sheet_ambiguous",
        "column_ambiguous",
        "currency_missing",
        "decimal_ambiguous",
        "date_order_ambiguous",
    }
)
"""Codes of errors that ask something: docs/errors.md, Questions."""

TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        JobState.COMPLETED: "good",
        JobState.FAILED: "bad",
        JobState.CANCELLED: "warn",
        JobState.WAITING: "warn",
    }
)
"""How a state is set off; its word is always there too."""

OPEN: Final = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING})
TAKEN_UP: Final = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.WAITING})
LOST: Final = "job_worker_lost"
MINUTE_S: Final = 60
HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class JobView:
    """A job for people; texts are in words that need no key."""

    job: Job
    form: Format

    @property
    def tone(self) -> str:
        """How its state is set off."""
        return TONES.get(self.job.state, "")

    @property
    def progress(self) -> JobProgress:
        """How far it is."""
        return JobProgress.model_validate(self.job.progress)

    @property
    def may_end(self) -> bool:
        """Say whether it can be called off, and was not yet."""
        return self.job.state in OPEN and self.job.cancel_asked_at is None

    @property
    def may_go_on(self) -> bool:
        """Say whether it can be taken up again."""
        return self.job.state in TAKEN_UP

    @property
    def asks(self) -> bool:
        """Say whether it ended with questions that only a person may settle."""
        return bool(self.error) and self.error["code"] in QUESTIONS and bool(self.file_id)

    @property
    def error(self) -> dict[str, Any]:
        """Why it failed; empty unless it did."""
        found: dict[str, Any] = self.job.outcome.get("error") or {}
        return found

    @property
    def outcome(self) -> dict[str, Any] | None:
        """What it came to, with all that there can be; None without an outcome, or with an error."""
        found: dict[str, Any] | None = job_as_json(self.job)["outcome"]
        return found

    @property
    def file_id(self) -> str:
        """The uploaded file that it works on; empty without one."""
        return str(self.job.task.get("file_id") or "")

    @property
    def verifies(self) -> str:
        """The run that it verifies; empty unless it is a verification."""
        return str(self.job.task.get("run_id") or "")

    @property
    def older_run(self) -> str:
        """The run whose place its run is to take; empty without one."""
        return str((self.job.task.get("older") or {}).get("run_id") or "")

    @property
    def percent(self) -> int | None:
        """The share of its stage that is done, 0 to 100; None where the rows are not known."""
        told = self.progress
        return min(100, 100 * told.rows_done // told.rows) if told.rows else None

    @property
    def rows(self) -> str:
        """Rows that are done, of how many; empty before any are."""
        told = self.progress
        if told.rows:
            return f"{self.form.count(told.rows_done)} of {self.form.count(told.rows)} rows"
        return f"{self.form.count(told.rows_done)} rows" if told.rows_done else ""

    @property
    def rate(self) -> str:
        """Rows per second in the last steps; empty where they are not known."""
        rate = self.progress.rows_per_s
        return "" if rate is None else f"{self.form.count(round(rate))} rows a second"

    @property
    def time_left(self) -> str:
        """How long its stage will still take, as an interval; says so where nobody knows."""
        told = self.progress
        if self.job.is_over:
            return ""
        if told.least_s_left is None or told.most_s_left is None:
            return "not known yet"
        return span(told.least_s_left, told.most_s_left)

    @property
    def interruptions(self) -> int:
        """How often its worker was lost, and another went on."""
        return sum(one.get("code") == LOST for one in self.job.history)

    @property
    def summary(self) -> str:
        """Where it stands, in a sentence for those who hear the page."""
        if self.job.is_over or not self.progress.stage:
            return f"The job is {self.job.state}."
        words = (f"The job is {self.job.state}: {self.progress.stage}", self.rows)
        return ", ".join(filter(None, words)) + "."


def span(least_s: float, most_s: float) -> str:
    """Return an interval of seconds in words, in the larger unit of the two."""
    least, most = max(0.0, least_s), max(1.0, most_s)
    for unit_s, name in ((HOUR_S, "hours"), (MINUTE_S, "minutes")):
        if most >= 2 * unit_s:
            return _words(f"{least / unit_s:.0f}", f"{most / unit_s:.0f}", name)
    return _words(f"{least:.0f}", f"{most:.0f}", "seconds")


def _words(least: str, most: str, unit: str) -> str:
    return f"{most} {unit} left" if least == most else f"{least} to {most} {unit} left"
