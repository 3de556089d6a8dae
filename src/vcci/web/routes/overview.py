"""The overview: what the inventory comes to, of what, how sure that is, and what has changed."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, Field, field_validator

from vcci.database.overview_read import begin_reading, bridge_groups, overview_facts, sums_of_runs
from vcci.database.run_sets import run_set
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service
from vcci.services.overview import narrowed, overview_document
from vcci.services.overview_bridge import bridge_document, sides_of
from vcci.services.overview_facts import OverviewFacts, Selection
from vcci.web.overview_page import Links, categories_table, told_of
from vcci.web.views import Reading, View, pages, shown

router = pages()

PATH: Final = "/overview"
MOST_RUNS: Final = 100


class OverviewQuery(BaseModel):
    """What is shown: runs, else those that no other took the place of; one year; one category.

    `against` is the run that the bridge leads from, else the year before.
    """

    runs: Annotated[list[UUID], Field(max_length=MOST_RUNS)] = []
    year: Annotated[int | None, Field(ge=1, le=9_999)] = None
    category: Annotated[int | None, Field(ge=1, le=15)] = None
    against: UUID | None = None

    @field_validator("year", "category", "against", mode="before")
    @classmethod
    def _nothing_chosen(cls, told: Any) -> Any:
        """Take the empty choice of a form for none."""
        return None if told == "" else told

    @field_validator("runs", mode="before")
    @classmethod
    def _chosen(cls, told: Any) -> Any:
        return [one for one in told if one != ""] if isinstance(told, list) else told


@shown(router, PATH)
async def overview(
    request: Request,
    service: TheService,
    viewer: Reading,
    asked: Annotated[OverviewQuery, Query()],
) -> View:
    """Show the inventory of the tenant."""
    document = narrowed(await kept_document(service, viewer.principal.tenant_id, asked), asked.category)
    links = Links(PATH, asked.model_dump(exclude_defaults=True))
    told = told_of(document, links)
    return View("overview", PATH, document, categories_table(document), told)


async def kept_document(service: Service, tenant_id: UUID, asked: OverviewQuery) -> dict[str, Any]:
    """Return the overview of all categories, kept until something of it changes.

    Raises `ProblemError` for a run that is not the tenant's.
    """

    async def fresh() -> dict[str, Any]:
        return await read_document(service, tenant_id, asked)

    of = asked.model_dump_json(exclude_defaults=True, exclude={"category"})
    body = await service.values.json_or_set(
        cache_type="calculation_results", key=f"overview {of}", fetcher=fresh, owner=str(tenant_id)
    )
    found: dict[str, Any] = orjson.loads(body)
    return found


async def read_document(service: Service, tenant_id: UUID, asked: OverviewQuery) -> dict[str, Any]:
    """Return the same as the books have it now."""
    rows = None
    async with service.pool.transaction(tenant_id, kind="report") as tx:
        await begin_reading(tx)
        current = await run_set(tx, tenant_id) or ()
        named = await run_set(tx, tenant_id, asked.runs) if asked.runs else current
        if named is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/runs")
        if asked.against and await run_set(tx, tenant_id, [asked.against]) is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/against")
        selection = Selection(named, current, asked.year, asked.against)
        sums = await sums_of_runs(tx, tenant_id, selection)
        sides = sides_of(sums)
        if isinstance(sides, str):
            facts = await overview_facts(tx, tenant_id, sums)
        else:
            facts = await overview_facts(tx, tenant_id, sums, also=sides.runs(sums))
            rows = [await bridge_groups(tx, tenant_id, side) for side in (sides.older, sides.newer)]
    return await asyncio.to_thread(_document, facts, sides, rows)


def _document(facts: OverviewFacts, sides: Any, rows: Any) -> dict[str, Any]:
    bridge = {"reason": sides} if rows is None else bridge_document(facts, sides, (rows[0], rows[1]))
    return overview_document(facts, bridge)
