"""The runs of a tenant."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=StrictRoute)
