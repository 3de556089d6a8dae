"""Files of ledgers: uploaded, run, mended."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/intake/files", tags=["intake"], route_class=StrictRoute)
