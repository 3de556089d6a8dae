"""The suppliers of a tenant."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1", tags=["suppliers"], route_class=StrictRoute)
