"""What every list takes and gives: the parameters of a page as a dependency, and the page as an answer.

Paged = Annotated[PageQuery, Depends(page_query(ORDERS, filters=("category",)))]

paged = asked.of(service, principal)
async with service.pool.transaction(principal.tenant_id) as tx:
    page = await rows_page(tx, principal.tenant_id, paged.place)  # reads paged.place, returns page_at(...)
return page_response(paged, page, as_json=row_as_json)
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from vcci.database.table_lists import TableList
from vcci.domain.access import Principal
from vcci.edge.cursors import CursorCodec, CursorError
from vcci.edge.pagination import (
    DEFAULT_ROWS,
    CursorPaginator,
    PageInfo,
    PaginationParams,
    Total,
    create_paginated_response,
)
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service
from vcci.services.paging import MOST_ROWS, Order, Page, Place

T = TypeVar("T")

MOST_PAGES: Final = 100
"""Pages that may be asked for by number: each is counted off from the first row, so late ones are dear."""

Cursor = Annotated[str | None, Query(description="Where to go on: a cursor of an earlier page.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of the page.")]
Direction = Annotated[
    Literal["asc", "desc"] | None, Query(description="The way of the order; without it, the order's own.")
]
Counted = Annotated[
    Total, Query(description="Whether to count the list, too; `total_is` says what the count is.")
]
PageNumber = Annotated[
    int | None,
    Query(ge=1, le=MOST_PAGES, description="A page by its number, for older clients; a cursor goes before."),
]


class PageAnswer(BaseModel, Generic[T]):
    """A page of a list; the same links are in the Link header (RFC 8288)."""

    data: list[T]
    page_info: PageInfo
    links: dict[str, str] = Field(description="self and first, and next and prev where there are any")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What a caller asks of a list; `filters` are those of the list's that were given, as they were given."""

    params: PaginationParams
    orders: Mapping[str, Order]
    url: str
    filters: Mapping[str, Sequence[str]]

    def of(self, service: Service, principal: Principal, **depends_on: Any) -> "PagedList":
        """Return the list that is read; raises the problem of a cursor that is not of this very list.

        A cursor is bound to tenant, address, order and filters, and to whatever else the list depends on.
        """
        codec = CursorCodec(service.cursor_secret)
        paginator = CursorPaginator(codec, self.orders, next(iter(self.orders)))
        told = {"tenant": principal.tenant_id, "url": self.url, "filters": self.filters, **depends_on}
        try:
            position = paginator.position_of(self.params, told)
        except CursorError as error:
            raise ProblemError("cursor_refused", f"{error}.", pointer="/cursor") from None
        order = paginator.order_of(self.params)
        place = Place(order, position, self.params.limit, self.params.offset)
        return PagedList(self, paginator, told, place)


@dataclass(frozen=True, slots=True)
class PagedList:
    """A list as one request reads it: `place` says which rows."""

    asked: PageQuery
    paginator: CursorPaginator
    bound_to: Mapping[str, Any]
    place: Place

    def position_of(self, row: Any) -> tuple[Any, ...]:
        """Return where a row stands: its attributes of the names of the order's columns."""
        return tuple(getattr(row, column.name) for column in self.place.order.columns)


def page_query(
    orders: Mapping[str, Order], *, filters: Collection[str] = ()
) -> Callable[..., Awaitable[PageQuery]]:
    """Return the dependency of a list: its orders, the default first, and the names of its filters."""
    default = next(iter(orders))
    described = Query(description="What to sort by.", json_schema_extra={"enum": list(orders)})

    async def asked(
        request: Request,
        *,
        cursor: Cursor = None,
        limit: Limit = DEFAULT_ROWS,
        sort_by: Annotated[str, described] = default,
        sort_order: Direction = None,
        total: Counted = "none",
        page: PageNumber = None,
    ) -> PageQuery:
        if sort_by not in orders:
            detail = f"There are the orders {', '.join(orders)}."
            raise ProblemError("order_unknown", detail, pointer="/sort_by")
        own_way: Literal["asc", "desc"] = "desc" if orders[sort_by].columns[0].is_descending else "asc"
        params = PaginationParams(cursor, limit, sort_by, sort_order or own_way, total, page)
        given = request.query_params
        return PageQuery(
            params,
            orders,
            request.url.path,
            {name: given.getlist(name) for name in filters if name in given},
        )

    return asked


async def list_response(
    service: Service,
    principal: Principal,
    asked: PageQuery,
    *,
    rows: TableList[T],
    as_json: Callable[[T], Any],
    filters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page of a table's rows, counted if that is asked for."""
    paged, tenant_id, given = asked.of(service, principal), principal.tenant_id, filters or {}
    async with service.pool.transaction(tenant_id, kind="page") as tx:
        page = await rows.page(tx, tenant_id, paged.place, filters=given)
        is_counted = asked.params.total != "none"
        total = await rows.count(tx, tenant_id, filters=given) if is_counted else None
    return page_response(paged, page, as_json=as_json, total=total, headers=headers)


def page_response(
    paged: PagedList,
    page: Page[T],
    *,
    as_json: Callable[[T], Any],
    total: tuple[int, Total] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page as it is sent; `as_json` tells a row in plain values, `headers` go beside Link."""
    sent = create_paginated_response(
        page,
        paginator=paged.paginator,
        params=paged.asked.params,
        bound_to=paged.bound_to,
        position_of=paged.position_of,
        url=paged.asked.url,
        filters=paged.asked.filters,
        total=total,
    )
    content = {
        "data": [as_json(row) for row in sent.data],
        "page_info": asdict(sent.page_info),
        "links": sent.links,
    }
    told = {"Link": sent.link_header, **(headers or {})}
    return Response(orjson.dumps(content), media_type="application/json", headers=told)
