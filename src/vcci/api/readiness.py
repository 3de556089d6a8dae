"""What the first request of its kind would have to load, loaded before any: it would hold up all others."""

import asyncio
from typing import Final

import anyio
import fastapi.routing
from fastapi import FastAPI

from vcci.edge.permissions import routes_of
from vcci.edge.problem_pages import error_pages
from vcci.runtime.recalculation import load_readers
from vcci.runtime.service import Service
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import calculate
from vcci.web.pages import load_pages

NOWHERE: Final = ActivityRequest.model_validate(
    {"category": 1, "quantity": "1", "unit": "EUR", "factor": "nowhere:0", "date": "2024-01-02"}
)
"""An activity that no pack has: to say so, each of them is looked into."""


async def make_ready(routes: FastAPI, service: Service) -> None:
    """Load packs, pages and whatever else is loaded when it is first needed; takes about a second."""
    await anyio.Path().exists()  # loads what anyio needs beneath answers that are streamed, or files
    await asyncio.to_thread(_load, routes, service)


def _load(routes: FastAPI, service: Service) -> None:
    calculate([NOWHERE], calculator_for=service.calculator_for)
    for name in service.library.unmarked_names():
        if service.library.is_of_factors(name):
            service.library.factors(name)
    load_readers()
    load_pages()
    error_pages()
    read_source = getattr(fastapi.routing, "_extract_endpoint_context", None)
    for route in routes_of(routes):
        if read_source is not None and route.dependant.call is not None:
            read_source(route.dependant.call)
