"""Merging suppliers that are one: chosen on the pages of suppliers, and confirmed here."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Query, Request, Response

from vcci.database.connections import Connection
from vcci.database.drill_read import merged_into
from vcci.database.supplier_store import SUPPLIERS as LIST
from vcci.database.supplier_store import SupplierRow, supplier_by_id
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.edge.supplier_writes import SupplierWrite
from vcci.edge.write_once import Reply, Write
from vcci.services.activity_request import WRITABLE
from vcci.services.paging import Place
from vcci.web.drill_pages import SUPPLIERS
from vcci.web.views import Editing, Table, View, pages, see_other, shown

router = pages()

PATH: Final = f"{SUPPLIERS}/merge"
MOST_AT_ONCE: Final = 10
MOST_FOUND: Final = 20

Chosen = Annotated[list[UUID], Query(default_factory=list, max_length=MOST_AT_ONCE)]


@shown(router, PATH)
async def choose(
    request: Request,
    service: TheService,
    viewer: Editing,
    *,
    supplier: Chosen,
    name: Annotated[str, Query(max_length=200, pattern=WRITABLE)] = "",
) -> View:
    """Show the suppliers that were chosen, and others whose names begin alike."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        chosen = [await _found(tx, tenant_id, one) for one in dict.fromkeys(supplier)]
        merged = await merged_into(tx, tenant_id, [one.id for one in chosen])
        found = await _named(tx, tenant_id, name) if name else []
    told = {
        "chosen": chosen,
        "merged": merged,
        "name": name,
        "others": [one for one in found if one.id not in {two.id for two in chosen}],
        "is_full": len(chosen) >= MOST_AT_ONCE,
        "crumbs": [],
    }
    document = {"chosen": [_as_json(one) for one in chosen], "found": [_as_json(one) for one in found]}
    table = Table(("id", "name", "status"), [(str(one.id), one.name, one.status) for one in chosen])
    return View("supplier-merge", SUPPLIERS, document, table, told)


@router.post(PATH)
async def merge(
    request: Request,
    service: TheService,
    viewer: Editing,
    supplier: Annotated[list[UUID], Form(max_length=MOST_AT_ONCE)],
    into: Annotated[UUID, Form()],
) -> Response:
    """Merge the suppliers into one of them; lines stay as they were booked, and count there."""
    others = [one for one in dict.fromkeys(supplier) if one != into]
    if not others:
        raise ProblemError("conflict", "Two suppliers are needed to be merged.")
    writing = SupplierWrite(viewer.principal.tenant_id, SUPPLIERS)

    async def all_of_them(tx: Connection) -> Reply:
        replies = [await writing.merge(tx, one, into=into) for one in others]
        return replies[-1]

    await Write(service, viewer.principal, request).once(all_of_them)
    return see_other(f"{SUPPLIERS}/{into}")


async def _found(tx: Connection, tenant_id: UUID, supplier_id: UUID) -> SupplierRow:
    found = await supplier_by_id(tx, tenant_id, supplier_id)
    if found is None:
        raise ProblemError("not_found", "There is no such supplier.")
    if found.merged_into is not None:
        raise ProblemError("conflict", f"{found.name} was merged already.")
    return found


async def _named(tx: Connection, tenant_id: UUID, name: str) -> list[SupplierRow]:
    """Return suppliers whose name begins so, without those that were merged."""
    place = Place(LIST.orders["name"], None, MOST_FOUND)
    page = await LIST.page(tx, tenant_id, place, filters={"name": name})
    return [one for one in page.rows if one.merged_into is None]


def _as_json(row: SupplierRow) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "source_key": row.source_key, "status": row.status}
