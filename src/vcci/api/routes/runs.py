"""Runs: which there are, what each came to, and how any row of theirs came about."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from vcci.database.line_read import derivation_row
from vcci.database.run_read import RUNS, run_by_id
from vcci.database.run_succession import jobs_of_runs
from vcci.domain.inventory import PackInUse
from vcci.domain.review import decisions_told
from vcci.edge.descriptions import described
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Reader, TheService
from vcci.edge.problems import ProblemError
from vcci.edge.run_answers import bridge_of, document, run_as_json, whole_run_as_json
from vcci.edge.strict_route import StrictRoute
from vcci.services.derivations import derivation_of

router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=StrictRoute)

KEPT: Final = {"Cache-Control": "private, max-age=60", "Cache-Groups": '"runs", "emissions"'}
MOST_ROWS: Final = 2**63 - 1


class RunAnswer(BaseModel):
    """A run: rows are lines, excluded, not covered and rejected, together; totals are of what counts."""

    id: UUID
    digest: str
    title: str
    year: int | None
    rows: int
    lines: int
    excluded: int
    not_covered: int
    rejected: int
    total_kg_co2e: str
    total_mg_co2e: int
    interval_95_kg_co2e: list[str] | None = Field(description="None where no uncertainty is known.")
    created_at: datetime
    is_current: bool = Field(description="Whether no other run took its place.")
    successor_of: UUID | None = Field(description="The run whose place it took.")


class CategoryAnswer(BaseModel):
    """What a category comes to; category 0 is stated apart, in no total."""

    category: int
    lines: int
    emissions_kg_co2e: str
    emissions_mg_co2e: int


class WholeRunAnswer(RunAnswer):
    """A run with its sums by category, what it was calculated with, and its inventory as reports show it."""

    categories: list[CategoryAnswer]
    parameters: dict[str, Any]
    packs: list[dict[str, Any]]
    inventory: dict[str, Any]


class DerivationAnswer(BaseModel):
    """How a row came about, from what was read to its milligrams, or why it has no line."""

    run_digest: str
    row: int
    read: dict[str, str]
    classified: dict[str, str]
    outcome: str
    reason: str
    meaning: str
    remedy: str
    factor: dict[str, str]
    quality: dict[str, int]
    pack: dict[str, Any] | None
    steps: list[str] = Field(description="Each step in words and numbers; the last gives the result.")
    notices: list[list[str]] = Field(description="Codes, each with what it means.")
    emissions_mg_co2e: int | None
    interval_mg_co2e: list[int] | None = Field(description="95 of 100 values lie in it.")


class EffectAnswer(BaseModel):
    """One effect on one category; docs/comparison.md says what each is."""

    category: int
    effect: str
    emissions_mg_co2e: int


class BridgeAnswer(BaseModel):
    """What leads from the run whose place a run took to that one: the effects add up to the difference."""

    run_id: UUID
    takes_place_of: UUID
    older_mg_co2e: int
    newer_mg_co2e: int
    effects: list[EffectAnswer]


Paged = Annotated[PageQuery, Depends(page_query(RUNS.orders))]
RowNumber = Annotated[int, Path(ge=1, le=MOST_ROWS, description="The number of a row, from 1.")]


@router.get("", response_model=PageAnswer[RunAnswer], responses=described(400))
async def list_runs(service: TheService, principal: Reader, paged: Paged) -> Response:
    """Return a page of the runs, the newest first; single activities are in one that stays open."""
    return await list_response(service, principal, paged, rows=RUNS, as_json=run_as_json, headers=KEPT)


@router.get("/{run_id}", response_model=WholeRunAnswer)
async def get_run(run_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return a run, its sums by category, and what it was calculated with."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await run_by_id(tx, principal.tenant_id, run_id)
    if found is None:
        raise ProblemError("not_found")
    content = whole_run_as_json(found)
    return Response(orjson.dumps(content), media_type="application/json", headers=KEPT)


@router.get("/{run_id}/rows/{row}", response_model=DerivationAnswer)
async def explain_row(run_id: UUID, row: RowNumber, service: TheService, principal: Reader) -> Response:
    """Return how a row of a run came about; its line is worked out again, and has to be the same."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        run = await run_by_id(tx, principal.tenant_id, run_id)
        found = await derivation_row(tx, principal.tenant_id, run_id=run_id, row=row)
    if run is None or found is None:
        raise ProblemError("not_found")
    packs = [PackInUse(**pack) for pack in document(run.packs)]
    decisions = decisions_told(document(run.inventory).get("decisions", ()))
    derivation = derivation_of(found, run_digest=run.row.digest, packs=packs, decisions=decisions)
    return Response(orjson.dumps(derivation), media_type="application/json", headers=KEPT)


@router.get("/{run_id}/bridge", response_model=BridgeAnswer)
async def get_bridge(run_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return the bridge from the run whose place a run took, as its job left it among the results."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await run_by_id(tx, principal.tenant_id, run_id)
        job = (await jobs_of_runs(tx, principal.tenant_id, [run_id])).get(run_id)
    if found is None:
        raise ProblemError("not_found")
    bridge = await asyncio.to_thread(bridge_of, service, job)
    if bridge is None:
        raise ProblemError("not_found", "No bridge of this run is kept here.")
    content = {"run_id": str(run_id), **bridge}
    return Response(orjson.dumps(content), media_type="application/json", headers=KEPT)
