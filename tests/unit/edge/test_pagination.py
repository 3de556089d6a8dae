"""What is sent with a page: cursors, links and whether there is more."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vcci.edge.cursors import CursorCodec
from vcci.edge.pagination import (
    CursorPaginator,
    PaginatedResponse,
    PaginationParams,
    create_paginated_response,
)
from vcci.services.paging import Order, OrderColumn, Page

NEWEST = Order("id", (OrderColumn("id", "id", "integer", True),), "emissions_pkey")
PAGINATOR = CursorPaginator(CursorCodec(b"s" * 32), {"id": NEWEST}, "id")
HERE = {"tenant": "a"}


def answered(page: Page[int], **params: Any) -> PaginatedResponse[int]:
    return create_paginated_response(
        page,
        paginator=PAGINATOR,
        params=PaginationParams(**params),
        bound_to=HERE,
        position_of=lambda row: (row,),
        url="/api/v1/emissions",
        filters={"category": "4"},
    )


def test_first_page_leads_to_the_next_and_to_no_page_before() -> None:
    found = answered(Page([9, 8, 7], has_next=True, has_previous=False), limit=3)
    assert set(found.links) == {"self", "first", "next"}
    query = parse_qs(urlsplit(found.links["next"]).query)
    assert (query["category"], query["limit"]) == (["4"], ["3"])
    position = PAGINATOR.position_of(PaginationParams(cursor=query["cursor"][0]), HERE)
    assert position is not None
    assert (position.values, position.is_backward) == ((7,), False)


def test_link_header_names_every_page_but_this_one() -> None:
    found = answered(Page([7], has_next=True, has_previous=True))
    assert [part.split("; ")[1] for part in found.link_header.split(", ")] == [
        'rel="first"',
        'rel="next"',
        'rel="prev"',
    ]


def test_empty_page_has_no_cursors_and_leads_nowhere() -> None:
    found = answered(Page([], has_next=False, has_previous=True))
    assert (found.page_info.start_cursor, found.page_info.end_cursor) == ("", "")
    assert set(found.links) == {"self", "first"}


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_limit_outside_its_bounds_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,000 rows"):
        PaginationParams(limit=limit)


def test_order_that_is_not_served_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no order 'price'; there are id"):
        PAGINATOR.order_of(PaginationParams(sort_by="price"))


def test_order_can_be_turned_round_and_its_cursors_are_not_the_others() -> None:
    turned = PAGINATOR.order_of(PaginationParams(sort_order="asc"))
    assert [column.is_descending for column in turned.columns] == [False]
    assert turned.name != NEWEST.name
