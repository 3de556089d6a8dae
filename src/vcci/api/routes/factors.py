"""Emission factors of the packs in use."""

from fastapi import APIRouter

from vcci.edge.strict_route import StrictRoute

router = APIRouter(prefix="/api/v1/factors", tags=["factors"], route_class=StrictRoute)
