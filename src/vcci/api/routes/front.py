"""The first page, the description of the API, and a page for each problem."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="", tags=["front"], route_class=StrictRoute)
