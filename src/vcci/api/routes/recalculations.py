"""Recalculations: what other factors or options touch of the runs that count, and new runs beside them."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from vcci.edge.descriptions import described
from vcci.edge.permissions import Editor, TheService, TheWrite
from vcci.edge.recalculations import RECALCULATIONS, RecalculationRequest, RecalculationWrite
from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix=RECALCULATIONS, tags=["runs"], route_class=StrictRoute)


class TouchedRunAnswer(BaseModel):
    """A run that is touched: by how many keys and exchange rates, of how many of its rows.

    The emissions are those of the touched lines in the run as it is. `job_id` is null in a dry run.
    """

    run_id: UUID
    title: str
    keys: int
    rates: int
    lines: int
    rows_without_line: int
    emissions_mg_co2e: int
    share_percent: float | None = Field(description="Of the run's emissions; null where they are none.")
    job_id: UUID | None
    links: dict[str, str]


class NotExaminedAnswer(BaseModel):
    """A run of which it is not known whether it is touched, and why."""

    run_id: UUID
    title: str
    code: str
    why: str


class RecalculationsAnswer(BaseModel):
    """The runs that reports count: those that are touched, those that are not, and those not examined."""

    runs: list[TouchedRunAnswer]
    untouched: list[UUID]
    not_examined: list[NotExaminedAnswer]


Asked = Annotated[RecalculationRequest, Body(examples=[{"price_basis": "basic", "dry_run": True}])]

NOTHING_QUEUED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": RecalculationsAnswer, "description": "Nothing was queued."}
}


@router.post(
    "",
    status_code=202,
    response_model=RecalculationsAnswer,
    responses=described(409) | NOTHING_QUEUED,
)
async def recalculate(asked: Asked, service: TheService, principal: Editor, write: TheWrite) -> Response:
    """Queue a new run of each uploaded file whose run is touched; it takes the place of the older one."""
    return await RecalculationWrite(service, principal).recalculate(asked, write)
