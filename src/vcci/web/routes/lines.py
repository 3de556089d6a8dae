"""Lines of the inventory in pages, by category, supplier and month; and one line, down to its source."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request

from vcci.database.drill_read import sums_by
from vcci.database.emissions_read import ORDERS, Asked, LineRow, line_by_id, lines_page
from vcci.database.ledger_rows import LedgerRow, ledger_rows, run_facts
from vcci.database.line_read import derivation_row
from vcci.domain.derivation import Derivation
from vcci.domain.display import exact_kilograms
from vcci.edge.line_answers import line_as_json
from vcci.edge.page_query import PagedList, PageQuery, page_query
from vcci.edge.pagination import create_paginated_response
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.explained_line import explained
from vcci.services.drill import Narrowed, Sum, sum_of
from vcci.web.drill_pages import (
    NONE,
    Crumb,
    Whose,
    category_in,
    crumbs,
    id_in,
    month_in,
    month_key,
    month_text,
    titled,
    whose,
)
from vcci.web.inventory_runs import OfRuns, RunsAsked
from vcci.web.views import Form, Reading, Table, View, pages, shown

router = pages()

COLUMNS: Final = (
    "line_id", "run_id", "row", "date", "supplier_id", "supplier", "account_code", "account", "description",
    "quantity", "unit", "factor_id", "factor", "mg_co2e_per_unit", "amount", "emissions_mg_co2e",
    "emissions_kg_co2e",
)  # fmt: skip

Paged = Annotated[
    PageQuery, Depends(page_query(ORDERS, filters=("category", "supplier", "month", "run", "runs", "year")))
]
Text = Annotated[str, Query(max_length=50)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of lines with the rows that they were made of, and what all lines of the list come to."""

    rows: Sequence[LineRow]
    ledger: Mapping[UUID, LedgerRow]
    months: Sequence[Sum]
    links: Mapping[str, str]
    category: int | None
    whose: Whose | None
    month: str | None


@shown(router, "/lines")
async def lines(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    of_runs: OfRuns,
    paged: Paged,
    category: Text = "",
    supplier: Text = "",
    month: Text = "",
) -> View:
    """Show the lines of a category, a supplier, a month, or any of them together."""
    asked = (category_in(category) if category else None, supplier, month_in(month))
    listed = await _listed(service, viewer, of_runs, paged=paged, asked=asked)
    return _view(listed, of_runs, paged)


@shown(router, "/categories/{category}/suppliers/{supplier_id}")
async def lines_of_supplier(
    category: str,
    supplier_id: str,
    request: Request,
    *,
    service: TheService,
    viewer: Reading,
    of_runs: OfRuns,
    paged: Paged,
) -> View:
    """Show what a supplier is in a category: its months and its lines."""
    asked = (category_in(category), supplier_id, None)
    listed = await _listed(service, viewer, of_runs, paged=paged, asked=asked)
    return _view(listed, of_runs, paged)


@shown(router, "/lines/{line_id}")
async def line(
    line_id: str,
    request: Request,
    service: TheService,
    *,
    viewer: Reading,
    of_runs: OfRuns,
) -> View:
    """Show how a line came about, from the row as it was read to its milligrams."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await line_by_id(tx, tenant_id, id_in(line_id))
        if found is None:
            raise ProblemError("not_found", "There is no such line.")
        row = found.row
        run = await run_facts(tx, tenant_id, row.run_id)
        source = await derivation_row(tx, tenant_id, run_id=row.run_id, row=row.row_number)
        owner = await whose(tx, tenant_id, str(row.supplier_id) if row.supplier_id else NONE)
    if run is None or source is None:
        raise ProblemError("not_found", "The row of the line is not stored.")
    told = await asyncio.to_thread(explained, source, run, service.library)
    is_shipped = row.pack in await asyncio.to_thread(service.library.names)
    whole = line_as_json(row)
    document = {
        **whole,
        "entry_id": found.entry_id and str(found.entry_id),
        "version": found.version,
        "run": {"id": str(row.run_id), "digest": run.digest, "title": run.title},
        "derivation": asdict(told),
    }
    as_told = {
        "line": row,
        "found": found,
        "run": run,
        "derivation": told,
        "gases": whole["gases_mg_co2e"],
        "factor_page": _factor_page(row) if is_shipped else "",
        "whose": owner,
        "titled": titled,
        "crumbs": crumbs(of_runs, category=row.category, supplier=owner, last=f"Line {row.row_number}"),
    }
    return View("line", "/overview", document, Table(("part", "name", "value"), _parts(told)), as_told)


async def _listed(
    service: Any,
    viewer: Any,
    of_runs: RunsAsked,
    *,
    paged: PageQuery,
    asked: tuple[int | None, str, str | None],
) -> Listed:
    tenant_id = viewer.principal.tenant_id
    category, supplier, month = asked
    async with service.pool.transaction(tenant_id) as tx:
        runs = await of_runs.of(tx, tenant_id)
        found = await whose(tx, tenant_id, supplier) if supplier else None
        narrowed = Narrowed(runs, category, found.ids if found else None, month, of_runs.year)
        plain = replace(paged, url=_without_form(paged.url))  # a cursor is good for all forms of a page
        listing = plain.of(service, viewer.principal, runs=runs)
        page = await lines_page(tx, tenant_id, Asked(runs, narrowed.line_filters(), listing.place))
        ledger = await ledger_rows(tx, tenant_id, page.rows)
        months = await sums_by(tx, tenant_id, narrowed, by="month")
    links = _links(listing, page)
    return Listed(page.rows, ledger, months, links, category, found, month)


def _links(listing: PagedList, page: Any) -> Mapping[str, str]:
    sent = create_paginated_response(
        page,
        paginator=listing.paginator,
        params=listing.asked.params,
        bound_to=listing.bound_to,
        position_of=listing.position_of,
        url=listing.asked.url,
        filters=listing.asked.filters,
    )
    return sent.links


def _without_form(url: str) -> str:
    for form in (Form.JSON, Form.CSV):
        url = url.removesuffix(form)
    return url


def _view(listed: Listed, of_runs: RunsAsked, paged: PageQuery) -> View:
    total = sum_of(listed.months)
    here = Sum(len(listed.rows), sum(row.co2e_mg for row in listed.rows))
    told = {
        "listed": listed,
        "total": total,
        "here_now": here,
        "paged": paged,
        "orders": list(ORDERS),
        "titled": titled,
        "month_text": month_text,
        "month_key": month_key,
        "link": of_runs.link,
        "year": of_runs.year,
        "heading": _heading(listed, of_runs.year),
        "crumbs": _crumbs(listed, of_runs),
    }
    document = {
        "category": listed.category,
        "supplier": listed.whose and listed.whose.as_json(),
        "month": listed.month,
        "year": of_runs.year,
        "total": total.as_json(),
        "page": here.as_json(),
        "months": [{"month": one.of and f"{one.of:%Y-%m}", **one.as_json()} for one in listed.months],
        "lines": [line_as_json(row) | {"row": asdict(listed.ledger[row.id])} for row in listed.rows],
        "links": listed.links,
    }
    table = Table(COLUMNS, [_cells(row, listed.ledger[row.id]) for row in listed.rows])
    return View("lines", "/suppliers" if listed.category is None else "/overview", document, table, told)


def _heading(listed: Listed, year: int | None) -> str:
    parts = [listed.whose.name] if listed.whose else []
    parts += [titled(listed.category)] if listed.category is not None else []
    parts += ["without a date" if listed.month == NONE else listed.month] if listed.month else []
    parts += [str(year)] if year and not listed.month else []
    return f"Lines: {', '.join(parts)}" if parts else "Lines of the inventory"


def _crumbs(listed: Listed, of_runs: RunsAsked) -> list[Crumb]:
    month = {"": "", None: "", NONE: "without a date"}.get(listed.month, listed.month or "")
    is_whole = listed.category is None and listed.whose is None
    last = month or ("Lines" if is_whole or listed.category is None or listed.whose is None else "")
    return crumbs(of_runs, category=listed.category, supplier=listed.whose, last=last)


def _cells(row: LineRow, read: LedgerRow) -> tuple[Any, ...]:
    return (
        *(str(row.id), str(row.run_id), row.row_number, row.transaction_date),
        *(row.supplier_id and str(row.supplier_id), row.supplier),
        *(read.account_code, read.account, read.description, read.quantity, read.unit),
        *(row.factor_id, row.factor_name, row.mg_co2e_per_unit, row.amount, row.co2e_mg),
        exact_kilograms(row.co2e_mg),
    )


def _factor_page(row: LineRow) -> str:
    """Return where the factor is shown; empty for one that was made of several."""
    is_one = row.factor_id.startswith(f"{row.pack}/") and " " not in row.factor_id
    return f"/factors/{quote(row.factor_id)}" if is_one else ""


def _parts(told: Derivation) -> list[tuple[str, str, str]]:
    """Return a derivation as a table: which part, what it is, what it says."""
    named: dict[str, Mapping[str, Any]]
    named = {"read": told.read, "classified": told.classified, "factor": told.factor, "quality": told.quality}
    rows = [(part, name, str(value)) for part, values in named.items() for name, value in values.items()]
    rows += [("pack", name, str(value)) for name, value in (asdict(told.pack) if told.pack else {}).items()]
    rows += [("step", str(number), step) for number, step in enumerate(told.steps, start=1)]
    rows += [("notice", code, meaning) for code, meaning in told.notices]
    return [*rows, ("emissions", "mg CO2e", str(told.emissions_mg_co2e))]
