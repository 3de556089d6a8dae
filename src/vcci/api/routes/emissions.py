"""The lines of the inventory: read in pages, given one by one, and corrected."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Response

from vcci.api.entry_writes import entry_write
from vcci.database.emissions_read import FILTERS, ORDERS, Asked, line_by_id, lines_page
from vcci.database.entry_store import VERSIONS, versions_page
from vcci.database.line_counts import count_lines
from vcci.database.run_sets import run_set
from vcci.edge.descriptions import described
from vcci.edge.line_answers import (
    KEPT,
    EntryAnswer,
    LineAnswer,
    OneLineAnswer,
    VersionAnswer,
    line_as_json,
    line_response,
    version_as_json,
)
from vcci.edge.page_query import PageAnswer, PageQuery, page_query, page_response
from vcci.edge.permissions import Editor, Reader, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.services.days import Day
from vcci.services.entries import EntryRequest

router = APIRouter(prefix="/api/v1/emissions", tags=["emissions"], route_class=StrictRoute)

MOST_RUNS: Final = 100

EXAMPLE: Final[dict[str, Any]] = {
    "category": 6,
    "method": "distance-based",
    "factor": "desnz2025:25_315_3147_11_1",
    "inputs": {"distance": "120 km", "trips": 46},
    "date": "2025-03-14",
    "supplier_name": "Example Railways",
}


async def line_filters(
    *,
    category: Annotated[int | None, Query(ge=0, le=15, description="0: stated apart, in no total")] = None,
    supplier_id: UUID | None = None,
    from_date: Annotated[
        Day | None, Query(description="The first day; lines without a date fall out.")
    ] = None,
    to_date: Annotated[Day | None, Query(description="The last day.")] = None,
) -> dict[str, Any]:
    """Return the filters that are given."""
    told = {"category": category, "supplier_id": supplier_id, "from_date": from_date, "to_date": to_date}
    return {name: value for name, value in told.items() if value is not None}


Filters = Annotated[dict[str, Any], Depends(line_filters)]
Runs = Annotated[
    list[UUID],
    Query(
        default_factory=list,
        max_length=MOST_RUNS,
        description="Of which runs; without, those that no other has replaced.",
    ),
]
Activity = Annotated[EntryRequest, Body(examples=[EXAMPLE])]
Paged = Annotated[PageQuery, Depends(page_query(ORDERS, filters=("run", *FILTERS)))]


@router.get("", response_model=PageAnswer[LineAnswer], responses=described(400, 404))
async def list_lines(
    service: TheService, principal: Reader, paged: Paged, filters: Filters, run: Runs
) -> Response:
    """Return a page of the lines of the inventory."""
    tenant_id = principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        runs = await run_set(tx, tenant_id, run)
        if runs is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/run")
        lines = paged.of(service, principal, runs=runs)
        page = await lines_page(tx, tenant_id, Asked(runs, filters, lines.place))
        total = None
        if paged.params.total != "none":
            is_exact = paged.params.total == "exact"
            total = await count_lines(tx, tenant_id, runs, filters=filters, is_exact=is_exact)
    return page_response(lines, page, as_json=line_as_json, total=total, headers=KEPT)


@router.get("/{line_id}", response_model=OneLineAnswer, responses={304: {"description": "Not changed"}})
async def get_line(
    line_id: UUID,
    service: TheService,
    principal: Reader,
    if_none_match: Annotated[str, Header(description="The ETag of a version that is known.")] = "",
) -> Response:
    """Return one line with what it was multiplied by."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await line_by_id(tx, principal.tenant_id, line_id)
    if found is None:
        raise ProblemError("not_found")
    answer = line_response(found)
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if known & {answer.headers["ETag"], "*"}:
        return Response(status_code=304, headers={"ETag": answer.headers["ETag"], **KEPT})
    return answer


@router.post("", status_code=201, response_model=EntryAnswer, responses=described(409))
async def add_activity(asked: Activity, service: TheService, principal: Editor, write: TheWrite) -> Response:
    """Calculate one activity, and book its lines into the tenant's open run."""
    return await write.once(entry_write(principal, asked, service.calculator_for).add)


@router.put("/{line_id}", response_model=EntryAnswer, responses=described(409, 412, 428))
async def correct_activity(
    line_id: UUID,
    asked: Activity,
    service: TheService,
    principal: Editor,
    write: TheWrite,
    if_match: Annotated[str, Header(description="The ETag of the version that is corrected.")] = "",
) -> Response:
    """Replace the activity that a line is of, with all of its lines; what it was is kept as a version."""
    if not if_match:
        raise ProblemError("version_missing")
    entry = entry_write(principal, asked, service.calculator_for)
    return await write.once(lambda tx: entry.correct(tx, line_id, if_match))


@router.get("/{line_id}/versions", response_model=PageAnswer[VersionAnswer], responses=described(400))
async def list_versions(
    line_id: UUID,
    service: TheService,
    principal: Reader,
    paged: Annotated[PageQuery, Depends(page_query(VERSIONS))],
) -> Response:
    """Return the versions of a line's activity that corrections took the place of, the last first."""
    versions = paged.of(service, principal)
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await line_by_id(tx, principal.tenant_id, line_id)
        if found is None:
            raise ProblemError("not_found")
        page = await versions_page(tx, principal.tenant_id, found.entry_id, place=versions.place)
    return page_response(versions, page, as_json=version_as_json, headers=KEPT)
