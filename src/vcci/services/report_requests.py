"""What reports are asked for with, at once or by a job; and the task of such a job."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vcci.services.days import Day
from vcci.services.emission_reports import Dimension, Period, ReportAsked
from vcci.services.json_values import NO_BOOLEAN, YesOrNo

REPORT: Final = "report"
"""The kind of a job that makes a file of a report."""


class ReportFormat(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


class ReportContent(StrEnum):
    """What a report by a job has: sums, or every line."""

    SUMS = "sums"
    LINES = "lines"


FORMATS_OF_LINES: Final = (ReportFormat.CSV, ReportFormat.PARQUET)


class ReportRequest(BaseModel):
    """What a report is of: without runs those that no other took the place of, without categories all."""

    model_config = ConfigDict(extra="forbid")

    start_date: Day | None = Field(
        default=None, description="The first day. With a period, lines without a date fall out."
    )
    end_date: Day | None = Field(default=None, description="The last day.")
    scope3_categories: Annotated[
        list[Annotated[int, Field(ge=0, le=15), NO_BOOLEAN]], Field(max_length=16)
    ] = []
    runs: Annotated[list[UUID], Field(max_length=100)] = []
    group_by: Annotated[list[Dimension], Field(max_length=3)] = []
    format: ReportFormat = ReportFormat.JSON
    with_interval: YesOrNo = Field(
        default=False,
        description="Give the 95 % interval of each sum, too. Unless the sums are of all days, and by"
        " category or region alone, it reads all lines, and is slower.",
    )

    @model_validator(mode="after")
    def _is_a_period_by_dimensions(self) -> Self:
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise ValueError("the period ends before it begins")
        if len(set(self.group_by)) < len(self.group_by):
            raise ValueError("a dimension stands twice in group_by")
        return self

    def asked(self, runs: Sequence[UUID]) -> ReportAsked:
        """Return what is asked for of these runs."""
        period = Period(self.start_date, self.end_date)
        return ReportAsked(runs, period, self.scope3_categories, self.group_by)


class ReportJobRequest(ReportRequest):
    """What a report by a job is of. Lines are written as CSV or Parquet, and are not grouped."""

    content: ReportContent = ReportContent.SUMS

    @model_validator(mode="after")
    def _is_of_lines_or_sums(self) -> Self:
        if self.content is ReportContent.SUMS:
            return self
        if self.format not in FORMATS_OF_LINES:
            raise ValueError(f"lines are written as {' or '.join(FORMATS_OF_LINES)}")
        if self.group_by or self.with_interval:
            raise ValueError("lines are neither grouped nor given an interval")
        return self


class ReportTask(BaseModel):
    """The task of a job: the report, and the folder of its file, from the service's data folder on.

    `chunk_rows` are read before they are written: what the job takes of memory.
    """

    model_config = ConfigDict(frozen=True)

    out: str
    request: ReportJobRequest
    chunk_rows: int = 20_000

    @property
    def name(self) -> str:
        """Return what the file is called by whoever fetches it."""
        stem = "lines" if self.request.content is ReportContent.LINES else "emissions"
        return f"{stem}.{self.request.format}"
