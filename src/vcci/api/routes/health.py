"""Whether the service lives, is ready, and its metrics."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="", tags=["health"], route_class=StrictRoute)
