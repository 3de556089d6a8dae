"""Reports over the runs of an inventory."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/reporting", tags=["reporting"], route_class=StrictRoute)
