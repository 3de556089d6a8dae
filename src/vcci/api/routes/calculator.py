"""Calculations on request: single ones, batches, and their history. They are in no inventory."""

from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Response

from vcci.database.calculation_store import StoredCalculation, add_calculation
from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.edge.permissions import Calculating, TheService, TheWrite
from vcci.edge.strict_route import StrictRoute
from vcci.edge.write_once import Reply
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import calculate

router = APIRouter(prefix="/api/v1/calculator", tags=["calculator"], route_class=StrictRoute)


@router.post("/calculate")
async def calculate_one(
    asked: ActivityRequest, service: TheService, principal: Calculating, write: TheWrite
) -> Response:
    """Calculate one activity, and keep it in the history."""
    answer = calculate([asked], calculator_for=service.calculator_for)[0]
    content = {"calculation_id": str(new_id()), **answer.as_json()}

    async def store(tx: Connection) -> Reply:
        stored = StoredCalculation(
            content["calculation_id"],
            datetime.now(UTC),
            principal.key_id,
            asked.category,
            None if answer.reason else answer.total_mg_co2e,
            asked.model_dump_json(exclude_defaults=True),
            orjson.dumps(content).decode(),
        )
        await add_calculation(tx, principal.tenant_id, stored)
        return Reply(content, outdated=frozenset({"calculations"}))

    return await write.once(store)
