"""Pages of a list for people who call the API: parameters in, rows with cursors and links out.

Links follow RFC 8288. Every page is found by a position, so the hundredth costs what the first does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import urlencode

from vcci.edge.cursors import CursorCodec
from vcci.services.paging import MOST_ROWS, Order, Page, Position

T = TypeVar("T")

DEFAULT_ROWS: Final = 100

Total = Literal["none", "estimated", "exact"]


@dataclass(frozen=True, slots=True)
class PaginationParams:
    """What a caller asks for; raises `ValueError` for a limit outside 1 to 1,000.

    `page` is the number of a page, from 1, for callers that know no cursors.
    """

    cursor: str | None = None
    limit: int = DEFAULT_ROWS
    sort_by: str = ""
    sort_order: Literal["asc", "desc"] = "desc"
    total: Total = "none"
    page: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no page can be."""
        if not 1 <= self.limit <= MOST_ROWS:
            raise ValueError(f"limit is {self.limit}, but a page has 1 to {MOST_ROWS:,} rows")

    @property
    def offset(self) -> int:
        """The rows before the page that was asked for by its number; a cursor has none."""
        return 0 if self.cursor or self.page is None else (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page lies in its list; cursors of its first and last row, empty for a page without rows."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str
    end_cursor: str
    total_count: int | None = None
    total_is: Total = "none"


@dataclass(frozen=True, slots=True)
class PaginatedResponse(Generic[T]):
    """A page as it is sent."""

    data: Sequence[T]
    page_info: PageInfo
    links: Mapping[str, str]

    @property
    def link_header(self) -> str:
        """The links as RFC 8288 has them."""
        return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in self.links.items() if rel != "self")


@dataclass(frozen=True, slots=True)
class CursorPaginator:
    """Pages one kind of list, in orders that an index serves."""

    codec: CursorCodec
    orders: Mapping[str, Order]
    default_order: str

    def order_of(self, params: PaginationParams) -> Order:
        """Return the order that is asked for, `name` or `-name`; raises `ValueError` for an unknown one."""
        name = params.sort_by or self.default_order
        if name not in self.orders:
            raise ValueError(f"there is no order {name!r}; there are {', '.join(sorted(self.orders))}")
        order = self.orders[name]
        is_descending = order.columns[0].is_descending
        return order if (params.sort_order == "desc") == is_descending else _turned(order)

    def position_of(self, params: PaginationParams, bound_to: Mapping[str, Any]) -> Position | None:
        """Return where the page begins; raises `CursorError` for a cursor of another list."""
        if not params.cursor:
            return None
        return self.codec.unseal(params.cursor, order=self.order_of(params), bound_to=bound_to)


def create_paginated_response(
    page: Page[T],
    *,
    paginator: CursorPaginator,
    params: PaginationParams,
    bound_to: Mapping[str, Any],
    position_of: Callable[[T], tuple[Any, ...]],
    url: str,
    filters: Mapping[str, str | Sequence[str]],
    total: tuple[int, Total] | None = None,
) -> PaginatedResponse[T]:
    """Return a page with its cursors and links; `position_of` gives the values of the order in a row."""
    order = paginator.order_of(params)

    def sealed(row: T, *, is_backward: bool) -> str:
        position = Position(position_of(row), is_backward)
        return paginator.codec.seal(position, order=order, bound_to=bound_to)

    first = sealed(page.rows[0], is_backward=True) if page.rows else ""
    last = sealed(page.rows[-1], is_backward=False) if page.rows else ""
    count, kind = total or (None, "none")
    info = PageInfo(page.has_next and bool(last), page.has_previous and bool(first), first, last, count, kind)
    return PaginatedResponse(page.rows, info, _links(info, params=params, url=url, filters=filters))


def _links(
    info: PageInfo, *, params: PaginationParams, url: str, filters: Mapping[str, str | Sequence[str]]
) -> dict[str, str]:
    asked = {**filters, "limit": str(params.limit), "sort_order": params.sort_order}
    asked |= {"sort_by": params.sort_by} if params.sort_by else {}
    asked |= {"total": params.total} if params.total != "none" else {}

    def link(cursor: str | None) -> str:
        query = asked | ({"cursor": cursor} if cursor else {})
        return f"{url}?{urlencode(query, doseq=True)}"

    links = {"self": link(params.cursor), "first": link(None)}
    links |= {"self": f"{links['self']}&page={params.page}"} if params.page and not params.cursor else {}
    links |= {"next": link(info.end_cursor)} if info.has_next_page else {}
    return links | ({"prev": link(info.start_cursor)} if info.has_previous_page else {})


def _turned(order: Order) -> Order:
    """Return an order the other way round, under a name of its own: its cursors are not the other's."""
    return Order(f"{order.name} reversed", order.reversed().columns, order.index)
