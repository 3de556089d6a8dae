"""Reports of the inventory: sums by period, categories and dimensions, as JSON or as files."""

import asyncio
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field

from vcci.api.report_jobs import ReportJobs
from vcci.database.report_read import MOST_GROUPS, factor_shares, report_groups, undated_sum
from vcci.database.run_sets import run_set
from vcci.domain.access import Principal
from vcci.edge.descriptions import described
from vcci.edge.permissions import Reader, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.reports.table_files import FILE_OF, MEDIA_TYPES
from vcci.runtime.report_files import table_schema
from vcci.runtime.service import Service
from vcci.services.emission_reports import Dimension, EmissionReport
from vcci.services.report_requests import ReportFormat, ReportJobRequest, ReportRequest

router = APIRouter(prefix="/api/v1/reporting", tags=["reporting"], route_class=StrictRoute)

KEPT: Final = {
    "Cache-Control": "private, max-age=60",
    "Cache-Groups": '"emissions", "runs", "suppliers"',
}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()}}
}
EXAMPLE: Final[dict[str, Any]] = {
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
    "scope3_categories": [1, 4, 6],
    "group_by": ["category", "quarter"],
    "format": "json",
}
LINES_EXAMPLE: Final[dict[str, Any]] = {
    "content": "lines",
    "format": "parquet",
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
}


class Figures(BaseModel):
    """A sum; what is stated apart is in no total."""

    lines: int
    emissions_kg_co2e: str
    emissions_mg_co2e: int
    apart_lines: int
    apart_kg_co2e: str
    interval_95_kg_co2e: list[str] | None


class GroupAnswer(Figures):
    """The sum of a group, with the dimensions that were asked for."""

    category: int | None = None
    supplier: dict[str, str | None] | None = Field(
        default=None, description="One that was merged counts there."
    )
    month: str | None = Field(default=None, examples=["2024-05"])
    quarter: str | None = Field(default=None, examples=["2024-Q2"])
    year: str | None = None
    region: str | None = None


class ReportAnswer(BaseModel):
    """A report; the groups add up to the total, to the milligram."""

    start_date: date | None
    end_date: date | None
    runs: list[UUID]
    group_by: list[Dimension]
    total: Figures
    undated_left_out: Figures | None = Field(description="Lines without a date, where a period is asked for.")
    groups: list[GroupAnswer]


class ReportQueued(BaseModel):
    """A report that was queued; `links` has the addresses of the job, of its events, and of its file."""

    job_id: UUID
    links: dict[str, str]


@router.get("/emissions", response_model=ReportAnswer, responses=described(404) | FILES)
async def read_report(
    service: TheService, principal: Reader, asked: Annotated[ReportRequest, Query()]
) -> Response:
    """Return sums of the inventory; anybody with the same address gets the same report."""
    answer = await _report(service, principal, asked)
    answer.headers.update(KEPT)
    return answer


@router.post("/emissions", response_model=ReportAnswer, responses=described(404) | FILES)
async def make_report(
    service: TheService, principal: Reader, asked: Annotated[ReportRequest, Body(examples=[EXAMPLE])]
) -> Response:
    """Return sums of the inventory; the same as by GET, for requests that are long."""
    return await _report(service, principal, asked)


@router.post("/jobs", status_code=202, response_model=ReportQueued, responses=described(404, 409))
async def queue_report(
    service: TheService,
    principal: Reader,
    write: TheWrite,
    asked: Annotated[ReportJobRequest, Body(examples=[LINES_EXAMPLE])],
) -> Response:
    """Queue a report, or a file of every line; it may have any number of groups or lines."""
    return await ReportJobs(service, principal).queue(asked, write)


async def _report(service: Service, principal: Principal, asked: ReportRequest) -> Response:
    """Return the report: as JSON it is kept until something of it changes, a file is written each time."""
    tenant_id = principal.tenant_id
    if asked.format is not ReportFormat.JSON:
        return await asyncio.to_thread(_file, await _made(service, tenant_id, asked), asked.format)

    async def fresh() -> dict[str, Any]:
        report = await _made(service, tenant_id, asked)
        return await asyncio.to_thread(report.as_json)

    key = asked.model_dump_json(exclude_defaults=True)
    body = await service.values.json_or_set(
        cache_type="calculation_results", key=key, fetcher=fresh, owner=str(tenant_id)
    )
    return Response(body, media_type="application/json")


async def _made(service: Service, tenant_id: UUID, asked: ReportRequest) -> EmissionReport:
    async with service.pool.transaction(tenant_id, kind="report") as tx:
        runs = await run_set(tx, tenant_id, asked.runs)
        if runs is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/runs")
        told = asked.asked(runs)
        groups = await report_groups(tx, tenant_id, told)
        undated = await undated_sum(tx, tenant_id, told) if told.period else None
        shares = await factor_shares(tx, tenant_id, told) if asked.with_interval else []
    if len(groups) > MOST_GROUPS:
        detail = f"The report would have more than {MOST_GROUPS:,} groups."
        raise ProblemError("request_invalid", detail, pointer="/group_by")
    return EmissionReport(told, groups, undated, shares)


def _file(report: EmissionReport, form: ReportFormat) -> Response:
    columns, rows = report.table()
    headers = {"Content-Disposition": f'attachment; filename="emissions.{form}"'}
    body = FILE_OF[form](table_schema(columns), rows)
    return Response(body, media_type=MEDIA_TYPES[form], headers=headers)
