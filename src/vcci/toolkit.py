"""The performance toolkit, for applications of others: the parts that the service itself rests on, by name.

Lists by cursor
    CursorPaginator, CursorCodec, PaginationParams, create_paginated_response
Answers kept
    ResponseCacheMiddleware, CacheInvalidator, CacheStrategy
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import HTTPException

from vcci import settings
from vcci.database.query_pages import order_of, query_page, told_by
from vcci.edge.cursors import CursorCodec, CursorError
from vcci.edge.pagination import PageInfo, PaginationParams
from vcci.middleware.freshness import STRATEGIES, CacheStrategy
from vcci.middleware.invalidation import CacheInvalidator as _CacheInvalidator
from vcci.middleware.redis_store import RedisClient, RedisStore
from vcci.middleware.response_cache import ResponseCacheMiddleware
from vcci.runtime.service import service_secret
from vcci.runtime.service_secret import derived
from vcci.services.paging import MOST_ROWS, Order, Position

__all__ = [
    "STRATEGIES",
    "CacheInvalidator",
    "CacheStrategy",
    "CursorCodec",
    "CursorError",
    "CursorPaginator",
    "PageInfo",
    "PaginatedResult",
    "PaginationParams",
    "ResponseCacheMiddleware",
    "create_paginated_response",
]


@dataclass(frozen=True, slots=True)
class PaginatedResult:
    """A page of entities, and where it lies."""

    data: Sequence[Any]
    page_info: PageInfo


class CursorPaginator:
    """Pages SQLAlchemy queries by `cursor_fields`; the primary key is added, so that no two rows tie.

    Cursors are sealed with `secret`, by default that of the service, and are of use only for the query, its
    values and the order that they came from. One that is not gets 400.
    """

    def __init__(
        self,
        cursor_fields: Sequence[str],
        default_limit: int = 100,
        max_limit: int = MOST_ROWS,
        *,
        secret: bytes | None = None,
    ) -> None:
        self._fields = tuple(cursor_fields)
        self._default_limit = default_limit
        self._max_limit = max_limit
        self._secret = secret

    async def paginate(
        self, *, session: Any, query: Any, model_class: type[Any], params: PaginationParams | None = None
    ) -> PaginatedResult:
        """Return a page of a query over a mapped class; `session` is an AsyncSession."""
        asked = params or PaginationParams(limit=self._default_limit)
        order, codec, told = self._order(model_class, asked), self._codec(), told_by(query)
        position = self._position(asked, codec, order=order, told=told)
        limit = min(asked.limit, self._max_limit)
        page = await query_page(session, query, order=order, position=position, limit=limit)

        def sealed(row: Any, *, is_backward: bool) -> str:
            values = tuple(getattr(row, column.name) for column in order.columns)
            return codec.seal(Position(values, is_backward), order=order, bound_to=told)

        first = sealed(page.rows[0], is_backward=True) if page.rows else ""
        last = sealed(page.rows[-1], is_backward=False) if page.rows else ""
        return PaginatedResult(page.rows, PageInfo(page.has_next, page.has_previous, first, last))

    def _order(self, model: type[Any], asked: PaginationParams) -> Order:
        if asked.sort_by and asked.sort_by not in self._fields:
            raise HTTPException(400, f"sort_by is one of {', '.join(self._fields)}")
        fields = dict.fromkeys((*filter(None, [asked.sort_by]), *self._fields))
        return order_of(model, tuple(fields), is_descending=asked.sort_order == "desc")

    def _codec(self) -> CursorCodec:
        if self._secret is None:
            self._secret = derived(service_secret(settings.load()), purpose="cursors")
        return CursorCodec(self._secret)

    def _position(
        self, asked: PaginationParams, codec: CursorCodec, *, order: Order, told: Mapping[str, Any]
    ) -> Position | None:
        try:
            return codec.unseal(asked.cursor, order=order, bound_to=told) if asked.cursor else None
        except CursorError as error:
            raise HTTPException(400, f"The cursor is of no use here: {error}.") from None


def create_paginated_response(
    *, data: Sequence[Any], page_info: PageInfo, base_url: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a page as it is sent, with links that keep the other parameters."""
    kept = {name: value for name, value in params.items() if value is not None and name != "cursor"}

    def link(cursor: str | None) -> str:
        query = urlencode(kept | ({"cursor": cursor} if cursor else {}), doseq=True)
        return f"{base_url}?{query}" if query else base_url

    links = {"self": link(params.get("cursor")), "first": link(None)}
    links |= {"next": link(page_info.end_cursor)} if page_info.has_next_page else {}
    links |= {"prev": link(page_info.start_cursor)} if page_info.has_previous_page else {}
    return {"data": data, "page_info": asdict(page_info), "links": links}


class CacheInvalidator(_CacheInvalidator):
    """Drops stored responses from a cache that processes share in Redis."""

    def __init__(self, redis_client: RedisClient, cache_prefix: str = "vcci") -> None:
        super().__init__(RedisStore(redis_client, prefix=cache_prefix))
