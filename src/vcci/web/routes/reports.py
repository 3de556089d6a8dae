"""Report views: runs and a standard are chosen; the view says what is there and what is not; files of it."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from vcci.database.report_runs import newest_runs
from vcci.database.run_read import RunRow
from vcci.domain.display import exact_tonnes
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.reports.standards import STANDARDS
from vcci.reports.standards.view import COLUMNS, StandardReport, requirements
from vcci.runtime.report_exports import EXPORTING, MEDIA_TYPES
from vcci.runtime.reported_runs import MOST_RUNS, reported_runs
from vcci.runtime.service import Service
from vcci.web.pages import HEADERS
from vcci.web.viewer import Viewer
from vcci.web.views import Reading, Table, View, pages, shown

router = pages()

HERE: Final = "/reports"
SHOWN_RUNS: Final = 100
"""Runs to choose from, the newest; older ones can be named in the address."""

RUN_COLUMNS: Final = ("id", "title", "year", "digest", "created_at", "is_current", "lines", "total_tco2e")
FILES: Final = {
    "pdf": "PDF",
    "xlsx": "XLSX",
    "zip": "CSV",
    "parquet": "Parquet",
}
"""The files of a view by their endings, as pages call them."""

Runs = Annotated[Sequence[UUID], Query(max_length=MOST_RUNS)]
Paper = Literal["a4", "letter"]


@shown(router, "/reports")
async def reports(*, request: Request, service: TheService, viewer: Reading) -> View:
    """Show the standards and the runs, to choose from."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        runs = await newest_runs(tx, tenant_id, most=SHOWN_RUNS + 1)
    standards = [requirements(slug) for slug in STANDARDS]
    listed = [_run(run) for run in runs[:SHOWN_RUNS]]
    document = {
        "standards": [{"standard": s.slug, "name": s.name, "edition": s.edition} for s in standards],
        "runs": [dict(zip(RUN_COLUMNS, row, strict=True)) for row in listed],
    }
    told = {
        "runs": runs[:SHOWN_RUNS],
        "standards": standards,
        "files": FILES,
        "has_more": len(runs) > SHOWN_RUNS,
        "chosen": request.query_params.getlist("runs"),
    }
    return View("reports", HERE, document, Table(RUN_COLUMNS, listed), told)


def _run(run: RunRow) -> tuple[Any, ...]:
    facts = (str(run.id), run.title, run.year, run.digest, run.created_at.isoformat(), run.is_current)
    return (*facts, run.lines, exact_tonnes(run.total_mg_co2e))


def _file_route(form: str) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def file(
        *, standard: str, service: TheService, viewer: Reading, runs: Runs = (), paper: Paper = "a4"
    ) -> Response:
        if not EXPORTING.has_room:
            told = {"Retry-After": "5"}
            raise ProblemError("too_many_requests", "Several files are being made.", headers=told)
        report = await _report(service, viewer, standard, runs=runs, whole=True)
        body = await EXPORTING.file(report, form, paper=paper)
        named = {"Content-Disposition": f'attachment; filename="{report.slug}.{form}"'}
        return Response(body, media_type=MEDIA_TYPES[form], headers=HEADERS | named)

    return file


for _form in FILES:  # before the page, whose name would take in the ending
    router.add_api_route(f"/reports/{{standard}}.{_form}", _file_route(_form), methods=["GET"])


@shown(router, "/reports/{standard}")
async def report_view(
    request: Request, standard: str, service: TheService, viewer: Reading, runs: Runs = ()
) -> View:
    """Show runs as a standard asks for them, and what is not there."""
    report = await _report(service, viewer, standard, runs=runs, whole=False)
    query = urlencode([("runs", run) for run in request.query_params.getlist("runs")])
    told = {
        "report": report,
        "query": f"?{query}" if query else "",
        "and_paper": f"?{query}&" if query else "?",
        "files": FILES,
    }
    return View("report", HERE, report.as_json(), Table(COLUMNS, report.table()), told)


async def _report(
    service: Service, viewer: Viewer, standard: str, *, runs: Sequence[UUID], whole: bool
) -> StandardReport:
    view = STANDARDS.get(standard)
    if view is None:
        raise ProblemError("not_found", f"There is no report by that name; there are {', '.join(STANDARDS)}.")
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, kind="report") as tx:
        reported = await reported_runs(tx, tenant_id, runs, whole=whole)
    if reported is None:
        raise ProblemError("not_found", "There is no such run.")
    return view(reported)
