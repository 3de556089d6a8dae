"""Lists over pages: the rows of one, and the links to the page before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from fastapi import Request

from vcci.database.table_lists import TableList
from vcci.edge.page_query import PageQuery
from vcci.edge.pagination import create_paginated_response
from vcci.runtime.service import Service
from vcci.services.paging import Page
from vcci.web.viewer import Viewer
from vcci.web.views import Form

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The rows of a page, and its links by relation: `next` and `prev` where there are any."""

    rows: Page[T]
    links: Mapping[str, str]


def bare_path(request: Request) -> str:
    """Return the address of a page without what says its form: a cursor serves all three."""
    path = request.url.path
    return next((path.removesuffix(form) for form in (Form.JSON, Form.CSV) if path.endswith(form)), path)


async def listed(
    request: Request,
    service: Service,
    viewer: Viewer,
    *,
    asked: PageQuery,
    rows: TableList[T],
    filters: Mapping[str, str] | None = None,
) -> Listed[T]:
    """Return a page of a table's rows; raises the problem of a cursor that is not of this list."""
    tenant_id, given = viewer.principal.tenant_id, {k: v for k, v in (filters or {}).items() if v}
    kept = {name: values for name, values in asked.filters.items() if any(values)}
    paged = replace(asked, url=bare_path(request), filters=kept).of(service, viewer.principal)
    async with service.pool.transaction(tenant_id, kind="page") as tx:
        page = await rows.page(tx, tenant_id, paged.place, filters=given)
    sent = create_paginated_response(
        page,
        paginator=paged.paginator,
        params=paged.asked.params,
        bound_to=paged.bound_to,
        position_of=paged.position_of,
        url=paged.asked.url,
        filters=paged.asked.filters,
    )
    return Listed(page, sent.links)
