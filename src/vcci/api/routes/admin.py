"""What those who run the service look at."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/admin", tags=["admin"], route_class=StrictRoute)
