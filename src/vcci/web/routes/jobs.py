"""Jobs: which there are, how far each is, what it came to; called off, and taken up again."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from vcci.database.api_keys import key_by_id
from vcci.database.connections import Connection
from vcci.database.intake_store import file_by_id
from vcci.database.job_store import JOBS, Job, JobState, call_off_job, job_by_id, take_up_again
from vcci.database.tenants import Role
from vcci.edge.job_answers import job_as_json
from vcci.edge.page_query import PageQuery, page_query
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.job_kinds import KINDS
from vcci.runtime.service import Service
from vcci.web.job_view import JobView
from vcci.web.listed import listed
from vcci.web.pages import page
from vcci.web.viewer import Viewer
from vcci.web.views import Editing, Reading, Table, View, pages, see_other, shown

router = pages()

HERE: Final = "/jobs"
COLUMNS: Final = (
    *("id", "kind", "state", "attempts", "stage", "rows_done", "rows"),
    *("created_at", "finished_at"),
)
ATTEMPTS: Final = ("attempt", "code", "what", "at")

Paged = Annotated[PageQuery, Depends(page_query(JOBS.orders, filters=("state", "kind")))]
State = Annotated[JobState | Literal[""], Query()]
Kind = Annotated[str, Query(max_length=50)]


@shown(router, "/jobs")
async def jobs(
    request: Request, service: TheService, viewer: Reading, paged: Paged, state: State = "", kind: Kind = ""
) -> View:
    """List the jobs of the tenant, the newest first."""
    if kind and kind not in KINDS:
        raise ProblemError("request_invalid", f"There are the kinds {', '.join(KINDS)}.")
    found = await listed(
        request, service, viewer, asked=paged, rows=JOBS, filters={"state": state, "kind": kind}
    )
    told = {
        "jobs": [JobView(job, viewer.form) for job in found.rows.rows],
        "links": found.links,
        "state": state,
        "kind": kind,
        "states": list(JobState),
        "kinds": list(KINDS),
    }
    document = {"jobs": [job_as_json(job) for job in found.rows.rows], "links": dict(found.links)}
    return View("jobs", HERE, document, Table(COLUMNS, map(_row, found.rows.rows)), told)


@router.get("/jobs/{job_id}/progress")
async def progress(job_id: UUID, service: TheService, viewer: Reading) -> Response:
    """Return the part of a job's page that changes while it goes on."""
    return page("job-progress", viewer=viewer, view=JobView(await _job(service, viewer, job_id), viewer.form))


@shown(router, "/jobs/{job_id}")
async def job_page(
    job_id: UUID,
    request: Request,
    service: TheService,
    viewer: Reading,
) -> View:
    """Show a job: how far it is, what it came to or why it failed, and its attempts."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        job = await _found(tx, tenant_id, job_id)
        file_id = job.task.get("file_id")
        file = await file_by_id(tx, tenant_id, UUID(file_id)) if file_id else None
        key = await key_by_id(tx, tenant_id, job.api_key_id)
    document = job_as_json(job) | {"history": job.history, "asked_by": key and key.name}
    told = {"view": JobView(job, viewer.form), "file": file, "asked_by": key.name if key else ""}
    rows = [[one.get(name) for name in ATTEMPTS] for one in job.history]
    return View("job", HERE, document, Table(ATTEMPTS, rows), told)


@router.post("/jobs/{job_id}/cancel")
async def cancel(job_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Call a job off: at once, or after the chunk that it is at."""
    async with service.pool.transaction(viewer.principal.tenant_id, role=Role.LOADER) as tx:
        if await call_off_job(tx, viewer.principal.tenant_id, job_id) is None:
            await _refuse(tx, viewer, job_id, done="called off")
    return see_other(f"{HERE}/{job_id}")


@router.post("/jobs/{job_id}/resume")
async def resume(job_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Let a job that failed, was cancelled or waits go on after its last chunk."""
    async with service.pool.transaction(viewer.principal.tenant_id, role=Role.LOADER) as tx:
        if not await take_up_again(tx, viewer.principal.tenant_id, job_id):
            await _refuse(tx, viewer, job_id, done="taken up again")
    return see_other(f"{HERE}/{job_id}")


async def _job(service: Service, viewer: Viewer, job_id: UUID) -> Job:
    async with service.pool.transaction(viewer.principal.tenant_id) as tx:
        return await _found(tx, viewer.principal.tenant_id, job_id)


async def _found(tx: Connection, tenant_id: UUID, job_id: UUID) -> Job:
    found = await job_by_id(tx, tenant_id, job_id)
    if found is None:
        raise ProblemError("not_found", "There is no such job.")
    return found


async def _refuse(tx: Connection, viewer: Viewer, job_id: UUID, *, done: str) -> None:
    found = await _found(tx, viewer.principal.tenant_id, job_id)
    raise ProblemError("conflict", f"A job that is {found.state} cannot be {done}.")


def _row(job: Job) -> list[Any]:
    told = job_as_json(job)
    told |= told["progress"]
    return [told[name] for name in COLUMNS]
