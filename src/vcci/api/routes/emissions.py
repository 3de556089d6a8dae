"""The lines of the inventory."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from vcci.database.emissions_read import line_by_id
from vcci.edge.permissions import Reader, TheService
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/emissions", tags=["emissions"], route_class=StrictRoute)


@router.get("/{line_id}")
async def get_line(line_id: UUID, service: TheService, principal: Reader) -> Any:
    """Return one line with what it was multiplied by."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        line = await line_by_id(tx, principal.tenant_id, line_id)
    if line is None:
        raise ProblemError("not_found")
    return line
