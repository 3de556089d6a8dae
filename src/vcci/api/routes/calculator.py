"""Calculations on request: single ones, batches, and their history. They are in no inventory."""

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from vcci.api.calculation_answers import (
    AS_JSON,
    AS_LINES,
    HISTORY_KEPT,
    Batch,
    BatchAnswer,
    CalculationAnswer,
    PastCalculation,
    past_as_json,
)
from vcci.database.calculation_store import HISTORY, add_calculations, calculation_by_id
from vcci.database.connections import Connection
from vcci.edge.calculated import OUTDATED, calculated
from vcci.edge.descriptions import described
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Calculating, Reader, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply
from vcci.services.activity_request import ActivityRequest

router = APIRouter(prefix="/api/v1/calculator", tags=["calculator"], route_class=StrictRoute)

MOST_RECORDS: Final = 50_000

RAIL: Final[dict[str, Any]] = {
    "id": "trip-7",
    "category": 6,
    "method": "distance-based",
    "factor": "desnz2025:25_315_3147_11_1",
    "inputs": {"distance": "120 km", "trips": 46},
}
BOUGHT: Final[dict[str, Any]] = {
    "category": 1,
    "quantity": "1200.50",
    "unit": "USD",
    "factor": "naics2017:541511",
    "date": "2023-05-04",
}


class BatchRequest(BaseModel):
    """Activities, each as `/calculate` takes one; one that is none gets an answer that says so."""

    model_config = ConfigDict(extra="forbid")

    records: list[Any] = Field(min_length=1, max_length=MOST_RECORDS)


Activity = Annotated[ActivityRequest, Body(examples=[RAIL, BOUGHT])]
Records = Annotated[BatchRequest, Body(examples=[{"records": [RAIL, BOUGHT, {"category": 99}]}])]
Paged = Annotated[PageQuery, Depends(page_query(HISTORY.orders))]
LINES: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {AS_LINES.media_type: {}}}}


@router.post("/calculate", response_model=CalculationAnswer, responses=described(409))
async def calculate_one(
    asked: Activity, service: TheService, principal: Calculating, write: TheWrite
) -> Response:
    """Calculate one activity, and keep it in the history. What has no line has a finding instead."""

    async def store(tx: Connection) -> Reply:
        made = calculated(service, principal, asked)
        await add_calculations(tx, principal.tenant_id, [made])
        return Reply(made.reply.encode(), outdated=OUTDATED)

    return await write.once(store)


@router.post("/batch", response_model=BatchAnswer, responses=described(409) | LINES)
async def calculate_batch(
    asked: Records, service: TheService, principal: Calculating, write: TheWrite, request: Request
) -> Response:
    """Calculate many activities; each gets its own result or error, in their order.

    The answer is streamed, and what has been sent is stored. With an Idempotency-Key all of it is stored at
    once, or nothing. `Accept: application/x-ndjson` gives a line for each record.
    """
    form = AS_LINES if request.headers.get("accept") == AS_LINES.media_type else AS_JSON
    batch = Batch(service, principal, asked.records, form)
    if not write.has_key:
        return StreamingResponse(batch.in_parts(), media_type=form.media_type)

    async def store(tx: Connection) -> Reply:
        return Reply(await batch.whole(tx), headers={"Content-Type": form.media_type}, outdated=OUTDATED)

    return await write.once(store)


@router.get("/history", response_model=PageAnswer[PastCalculation], responses=described(400))
async def list_history(service: TheService, principal: Reader, paged: Paged) -> Response:
    """Return a page of the calculations that were asked for, the newest first."""
    return await list_response(
        service, principal, paged, rows=HISTORY, as_json=past_as_json, headers=HISTORY_KEPT
    )


@router.get("/history/{calculation_id}", response_model=PastCalculation)
async def get_past(calculation_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return one calculation as it was asked and answered."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await calculation_by_id(tx, principal.tenant_id, calculation_id)
    if found is None:
        raise ProblemError("not_found")
    content = orjson.dumps(past_as_json(found))
    return Response(content, media_type="application/json", headers=HISTORY_KEPT)
