"""Keys of the API: made, listed, revoked."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], route_class=StrictRoute)
