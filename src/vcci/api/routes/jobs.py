"""Work that outlasts its request, and how far it is."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=StrictRoute)
