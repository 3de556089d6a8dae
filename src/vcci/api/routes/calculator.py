"""Calculations on request: single ones, batches, and their history. They are in no inventory."""

from fastapi import APIRouter, Response

from vcci.database.calculation_store import add_calculations
from vcci.database.connections import Connection
from vcci.edge.calculated import OUTDATED, calculated
from vcci.edge.permissions import Calculating, TheService, TheWrite
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply
from vcci.services.activity_request import ActivityRequest

router = APIRouter(prefix="/api/v1/calculator", tags=["calculator"], route_class=StrictRoute)


@router.post("/calculate")
async def calculate_one(
    asked: ActivityRequest, service: TheService, principal: Calculating, write: TheWrite
) -> Response:
    """Calculate one activity, and keep it in the history. What has no line has a finding instead."""

    async def store(tx: Connection) -> Reply:
        made = calculated(service, principal, asked)
        await add_calculations(tx, principal.tenant_id, [made.stored])
        return Reply(made.body, outdated=OUTDATED)

    return await write.once(store)
