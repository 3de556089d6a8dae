"""Suppliers, under two addresses: that of their own, and that of intake."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vcci.database.supplier_store import SUPPLIERS, supplier_by_id
from vcci.edge.descriptions import described
from vcci.edge.page_query import PageAnswer, PageQuery, list_response, page_query
from vcci.edge.permissions import Editor, Reader, TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.edge.supplier_writes import SupplierWrite, supplier_as_json
from vcci.edge.versions import etag_of
from vcci.services.activity_request import WRITABLE
from vcci.services.supplier_request import SupplierRequest

PREFIXES: Final = {"suppliers": "/api/v1/suppliers", "intake": "/api/v1/intake/suppliers"}
MOST_SUPPLIERS: Final = 10_000
KEPT: Final = {"Cache-Control": "private, max-age=60", "Cache-Groups": '"suppliers"'}

EXAMPLE: Final[dict[str, Any]] = {
    "supplier_name": "Example Steelworks",
    "duns_number": "15-048-3782",
    "country": "DEU",
    "annual_spend_usd": "125000.00",
    "industry_code": "331110",
}


class SupplierAnswer(BaseModel):
    """A supplier; one that was merged says into which, and is counted there."""

    id: UUID
    supplier_name: str
    source_key: str = Field(description="What ledgers know it by.")
    duns_number: str | None
    lei_code: str | None
    country: str | None
    industry_code: str
    annual_spend_usd: str | None
    status: str
    merged_into: UUID | None
    version: int
    created_at: datetime
    changed_at: datetime | None


class SuppliersRequest(BaseModel):
    """Suppliers, each as one by itself is given; one that is none gets a result that says so."""

    model_config = ConfigDict(extra="forbid")

    suppliers: list[Any] = Field(min_length=1, max_length=MOST_SUPPLIERS)


class SupplierResult(BaseModel):
    """What became of one: created, existing, conflict or invalid; `index` is its place from 0."""

    index: int
    result: str
    supplier_id: UUID | None = None
    errors: list[str] = []


class SupplierResults(BaseModel):
    """The results, in the order of the request."""

    results: list[SupplierResult]


class MergeRequest(BaseModel):
    """The supplier that another is the same as."""

    model_config = ConfigDict(extra="forbid")

    into: UUID


async def supplier_filters(
    *,
    name: Annotated[
        str, Query(max_length=200, pattern=WRITABLE, description="How the name begins, in any case.")
    ] = "",
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$")] = "",
    status: Annotated[str, Query(pattern="^(active|inactive|pending|merged)?$")] = "",
) -> dict[str, str]:
    """Return the filters that are given."""
    told = {"name": name, "country": country, "status": status}
    return {filtered: value for filtered, value in told.items() if value}


async def supplier_write(request: Request, principal: Editor) -> SupplierWrite:
    """Return the write of a request, which knows the address that the request came to."""
    prefix = next(one for one in PREFIXES.values() if request.url.path.startswith(one))
    return SupplierWrite(principal.tenant_id, prefix)


Given = Annotated[SupplierRequest, Body(examples=[EXAMPLE])]
Many = Annotated[SuppliersRequest, Body(examples=[{"suppliers": [EXAMPLE, {"supplier_name": ""}]}])]
Merge = Annotated[MergeRequest, Body(examples=[{"into": "01a211dd-d020-7536-b40b-3ef4e98d1b14"}])]
Filters = Annotated[dict[str, str], Depends(supplier_filters)]
Paged = Annotated[PageQuery, Depends(page_query(SUPPLIERS.orders, filters=tuple(SUPPLIERS.filters)))]
Writing = Annotated[SupplierWrite, Depends(supplier_write)]
IfMatch = Annotated[str, Header(description="The ETag of the version that is corrected.")]

shared = APIRouter(route_class=StrictRoute)


@shared.get("", response_model=PageAnswer[SupplierAnswer], responses=described(400))
async def list_suppliers(service: TheService, principal: Reader, paged: Paged, filters: Filters) -> Response:
    """Return a page of the suppliers."""
    return await list_response(
        service, principal, paged, rows=SUPPLIERS, as_json=supplier_as_json, filters=filters, headers=KEPT
    )


@shared.post("", status_code=201, response_model=SupplierAnswer, responses=described(409) | {200: {}})
async def add_supplier(asked: Given, writing: Writing, write: TheWrite) -> Response:
    """Add a supplier; 200 with the one that is there, where it says the same."""
    return await write.once(lambda tx: writing.add(tx, asked))


@shared.post("/bulk", response_model=SupplierResults, responses=described(409))
async def add_suppliers(asked: Many, writing: Writing, write: TheWrite) -> Response:
    """Add many suppliers; each has its own result, in order."""
    return await write.once(lambda tx: writing.add_many(tx, asked.suppliers))


@shared.get("/{supplier_id:uuid}", response_model=SupplierAnswer)
async def get_supplier(supplier_id: UUID, service: TheService, principal: Reader) -> Response:
    """Return one supplier."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        found = await supplier_by_id(tx, principal.tenant_id, supplier_id)
    if found is None:
        raise ProblemError("not_found")
    headers = {"ETag": etag_of(found.version), **KEPT}
    content = orjson.dumps(supplier_as_json(found))
    return Response(content, media_type="application/json", headers=headers)


@shared.put("/{supplier_id:uuid}", response_model=SupplierAnswer, responses=described(409, 412, 428))
async def correct_supplier(
    supplier_id: UUID, asked: Given, writing: Writing, write: TheWrite, if_match: IfMatch = ""
) -> Response:
    """Put what is said of a supplier in the place of what was; its version rises."""
    if not if_match:
        raise ProblemError("version_missing")
    return await write.once(lambda tx: writing.correct(tx, supplier_id, asked, if_match=if_match))


@shared.post("/{supplier_id:uuid}/merge", response_model=SupplierAnswer, responses=described(409))
async def merge_supplier(supplier_id: UUID, asked: Merge, writing: Writing, write: TheWrite) -> Response:
    """Merge a supplier into another; its lines stay as they were booked, and reports count them there."""
    return await write.once(lambda tx: writing.merge(tx, supplier_id, into=asked.into))


router = APIRouter()
for tag, prefix in PREFIXES.items():
    router.include_router(shared, prefix=prefix, tags=[tag])
