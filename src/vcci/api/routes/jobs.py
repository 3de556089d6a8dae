"""Jobs: work that outlasts its request, how far it is, and what it came to."""

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import StreamingResponse

from vcci.api.job_answers import JobAnswer, JobEvents, job_as_json
from vcci.database.job_store import JOBS, job_by_id
from vcci.edge.descriptions import described
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Reader, TheService
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=StrictRoute)

EVENT_STREAM: Final = "text/event-stream"
STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {EVENT_STREAM: {}}, "description": "The events."}
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
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await job_by_id(tx, principal.tenant_id, job_id)
    if found is None:
        raise ProblemError("not_found")
    return Response(orjson.dumps(job_as_json(found)), media_type="application/json")


@router.get("/{job_id}/events", response_class=StreamingResponse, responses=STREAM)
async def stream_events(
    job_id: UUID, service: TheService, principal: Reader, last_event_id: LastEvent = ""
) -> Response:
    """Return the job's progress as Server-Sent Events; `completed` or `failed` is the last."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await job_by_id(tx, principal.tenant_id, job_id)
    if found is None:
        raise ProblemError("not_found")
    events = JobEvents(service, principal.tenant_id, job_id).after(int(last_event_id or 0))
    return StreamingResponse(events, media_type=EVENT_STREAM, headers={"Cache-Control": "no-store"})
