"""Jobs: work that outlasts its request, how far it is, what it came to; called off, and taken up again."""

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import FileResponse, StreamingResponse

from vcci.api.report_jobs import JSON, ReportJobs
from vcci.database.connections import Connection
from vcci.database.job_store import JOBS, Job, call_off_job, job_by_id, take_up_again
from vcci.domain.access import Principal
from vcci.edge.descriptions import described
from vcci.edge.job_answers import JobAnswer, JobEvents, job_as_json
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Editor, Reader, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply
from vcci.reports.table_files import MEDIA_TYPES
from vcci.runtime.service import Service

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=StrictRoute)

EVENT_STREAM: Final = "text/event-stream"
STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {EVENT_STREAM: {}}, "description": "The events."}
}
RESULT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in (*MEDIA_TYPES.values(), JSON)}}
}
ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": JobAnswer, "description": "It is worked on, and asked to stop."}
}
Paged = Annotated[PageQuery, Depends(page_query(JOBS.orders))]
LastEvent = Annotated[
    str, Header(pattern="^[0-9]{0,9}$", description="The id of the last event that was seen.")
]


@router.get("", response_model=PageAnswer[JobAnswer], responses=described(400))
async def list_jobs(service: TheService, principal: Reader, paged: Paged) -> Response:
    """Return a page of the jobs, the newest first."""
    return await list_response(service, principal, paged, rows=JOBS, as_json=job_as_json)


@router.get("/{job_id}", response_model=JobAnswer)
async def get_job(job_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return a job as it stands."""
    found = await _job(service, principal, job_id)
    return Response(orjson.dumps(job_as_json(found)), media_type=JSON)


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=STREAM)
async def stream_events(
    job_id: UUID, service: TheService, principal: Reader, last_event_id: LastEvent = ""
) -> Response:
    """Return the job's progress as Server-Sent Events; `completed`, `failed` or `cancelled` ends them."""
    await _job(service, principal, job_id)
    events = JobEvents(service, principal.tenant_id, job_id).after(int(last_event_id or 0))
    return StreamingResponse(events, media_type=EVENT_STREAM, headers={"Cache-Control": "no-store"})


@router.get("/{job_id}/result", response_class=FileResponse, responses=described(404, 409) | RESULT)
async def get_result(job_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return the file of a report's job, once that is completed."""
    return await ReportJobs(service, principal).result(await _job(service, principal, job_id))


@router.post("/{job_id}/cancel", response_model=JobAnswer, responses=described(404, 409) | ACCEPTED)
async def cancel_job(job_id: UUID, principal: Editor, write: TheWrite) -> Response:
    """Call a job off: at once, or, with 202, after the chunk that it is at."""
    tenant_id = principal.tenant_id

    async def call_off(tx: Connection) -> Reply:
        state = await call_off_job(tx, tenant_id, job_id)
        found = await _found(tx, principal, job_id)
        if state is None:
            raise _refused(found, "called off")
        return Reply(job_as_json(found), 200 if found.is_over else 202)

    return await write.once(call_off)


@router.post("/{job_id}/resume", response_model=JobAnswer, responses=described(404, 409))
async def resume_job(job_id: UUID, principal: Editor, write: TheWrite) -> Response:
    """Let a job that failed, was cancelled or waits go on after its last chunk, now."""
    tenant_id = principal.tenant_id

    async def again(tx: Connection) -> Reply:
        is_queued = await take_up_again(tx, tenant_id, job_id)
        found = await _found(tx, principal, job_id)
        if not is_queued:
            raise _refused(found, "taken up again")
        return Reply(job_as_json(found))

    return await write.once(again)


async def _job(service: Service, principal: Principal, job_id: UUID) -> Job:
    async with service.pool.transaction(principal.tenant_id) as tx:
        return await _found(tx, principal, job_id)


async def _found(tx: Connection, principal: Principal, job_id: UUID) -> Job:
    found = await job_by_id(tx, principal.tenant_id, job_id)
    if found is None:
        raise ProblemError("not_found")
    return found


def _refused(job: Job, done: str) -> ProblemError:
    return ProblemError("conflict", f"A job that is {job.state} cannot be {done}.", more={"state": job.state})
