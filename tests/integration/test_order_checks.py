"""An order that no index serves keeps the service from starting."""

from dataclasses import replace

import pytest
from tests.support.api import running
from tests.support.database import execute

from vcci.database.connection_pool import opened_pool
from vcci.database.emissions_read import DAY, ID, ORDERS
from vcci.database.entry_store import VERSIONS
from vcci.database.order_checks import declared_orders, refuse_orders_without_index
from vcci.errors import ConfigurationError
from vcci.services.paging import Order, OrderColumn

BY_DATE = ORDERS["transaction_date"]
AMOUNT = OrderColumn("amount", "e.amount", "double precision")


async def refusal(url: str, *orders: Order) -> str:
    """Return why orders are refused, empty if they are not."""
    async with opened_pool(url) as pool:
        try:
            await refuse_orders_without_index(pool, orders)
        except ConfigurationError as error:
            return f"{error.code}: {error.what}"
    return ""


async def test_every_order_that_is_declared_is_served_both_ways(url: str) -> None:
    orders = list(declared_orders())
    assert {*ORDERS.values(), *VERSIONS.values()} <= set(orders)
    assert await refusal(url, *orders, *(order.reversed() for order in orders)) == ""


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (replace(BY_DATE, index=""), "there is no such index"),
        (replace(BY_DATE, index="emissions_pkey"), "its columns are"),
        (replace(BY_DATE, columns=(AMOUNT, ID)), "its columns are"),
        (replace(BY_DATE, columns=(DAY, ID.reversed())), "do not all go"),
        (replace(BY_DATE, columns=(replace(DAY, nulls_first=True), ID)), "do not all go"),
        (replace(BY_DATE, columns=(replace(DAY, nulls_first=None), ID)), "may be empty"),
        (replace(BY_DATE, columns=(DAY,)), "no unique index"),
        (Order("to do", (OrderColumn("x", "created_at", "timestamptz"),), "jobs_to_do"), "not all rows"),
    ],
)
async def test_order_that_no_index_serves_is_refused(url: str, order: Order, why: str) -> None:
    assert why in await refusal(url, order)


async def test_order_of_an_index_that_is_not_valid_is_refused(url: str) -> None:
    await execute(
        url, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'vcci.emissions_by_date'::regclass"
    )
    assert "not valid" in await refusal(url, BY_DATE)


async def test_service_does_not_start_without_an_index(url: str) -> None:
    await execute(url, "DROP INDEX vcci.emissions_by_date")
    with pytest.raises(ConfigurationError, match="emissions_by_date"):
        async with running(url):
            pass
