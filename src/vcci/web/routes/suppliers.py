"""The league table of suppliers, and the page of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from vcci.database.connections import Connection
from vcci.database.drill_read import largest_lines, sums_by
from vcci.database.emissions_read import LineRow
from vcci.database.league_read import league_page, trend_of, weights_of
from vcci.database.ledger_rows import LedgerRow, ledger_rows
from vcci.domain.category import Category
from vcci.domain.display import exact_kilograms, percent
from vcci.edge.line_answers import line_as_json
from vcci.edge.permissions import TheService
from vcci.services.activity_request import WRITABLE
from vcci.services.drill import Narrowed, Sum, sum_of
from vcci.services.league import (
    NOTHING,
    OWN_WAY,
    Direction,
    LeagueAsked,
    Page,
    Ranked,
    Sort,
    Trends,
    Weight,
    score_text,
    trends,
    weight_as_json,
)
from vcci.web.drill_pages import SUPPLIERS, crumbs, month_key, month_text, titled, whose
from vcci.web.inventory_runs import OfRuns, RunsAsked
from vcci.web.views import Reading, Table, View, pages, shown

router = pages()

ROWS: Final = 50
MOST_ROWS: Final = 1_000
MOST_PAGES: Final = 100_000
MOST_LINES: Final = 20
"""Of the largest lines of a supplier."""

MOST_SORTED: Final = 20_000
"""Lines that are looked at to find the largest while somebody waits."""

COLUMNS: Final = (
    "rank", "supplier_id", "supplier", "emissions_mg_co2e", "emissions_kg_co2e", "share_percent",
    "quality_score", "primary_data_kg_co2e", "lines",
)  # fmt: skip


async def league_asked(
    *,
    name: Annotated[str, Query(max_length=200, pattern=WRITABLE)] = "",
    category: Annotated[str, Query(pattern="^([0-9]|1[0-5])?$")] = "",
    sort: Sort = Sort.EMISSIONS,
    direction: Annotated[str, Query(pattern="^(asc|desc)?$")] = "",
    rows: Annotated[int, Query(ge=1, le=MOST_ROWS)] = ROWS,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> LeagueAsked:
    """Return what is asked of the table; its runs are still to come."""
    way = Direction(direction) if direction else OWN_WAY[sort]
    return LeagueAsked((), int(category) if category else None, name.strip(), sort, way, rows, page)


Asked = Annotated[LeagueAsked, Depends(league_asked)]


@shown(router, SUPPLIERS)
async def suppliers(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    of_runs: OfRuns,
    asked: Asked,
) -> View:
    """Show the suppliers of the inventory; the page adds up to the total."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        asked = replace(asked, runs=await of_runs.of(tx, tenant_id), year=of_runs.year)
        narrowed = Narrowed(asked.runs, asked.category, year=asked.year)
        months = await sums_by(tx, tenant_id, narrowed, by="month")
        page = await league_page(tx, tenant_id, asked)
        found = await trend_of(tx, tenant_id, narrowed, owner=page.owner)
    over_time = trends((one.of for one in months), found)
    total = sum_of(months)
    others = total.less([page.without_supplier, *(one.weight.sum for one in page.suppliers)])
    sums = {"others": others, "without_supplier": page.without_supplier, "total": total}
    told = {
        **sums,
        "asked": asked,
        "page": page,
        "trends": over_time,
        "score": score_text,
        "last_page": max(1, -(-page.fitting // asked.rows)),
        "categories": [(int(one), titled(int(one))) for one in Category],
        "link": of_runs.link,
        "again": _again(of_runs, asked),
        "named_runs": of_runs.named,
        "sorts": list(Sort),
    }
    document = _league_document(asked, page, over_time, sums=sums)
    return View("suppliers", SUPPLIERS, document, _league_table(page, sums), told)


@shown(router, f"{SUPPLIERS}/{{supplier_id:uuid}}")
async def supplier(
    supplier_id: UUID,
    request: Request,
    service: TheService,
    *,
    viewer: Reading,
    of_runs: OfRuns,
) -> View:
    """Show one supplier: its categories, its months and its largest lines."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await whose(tx, tenant_id, str(supplier_id))
        runs = await of_runs.of(tx, tenant_id)
        every = Narrowed(runs, year=of_runs.year)
        whole = sum_of(await sums_by(tx, tenant_id, every, by="category"))
        seen = await _seen(tx, tenant_id, replace(every, suppliers=found.ids))
    told = {
        "whose": found,
        "whole": whole,
        "seen": seen,
        "most_sorted": MOST_SORTED,
        "score": score_text,
        "titled": titled,
        "month_text": month_text,
        "month_key": month_key,
        "link": of_runs.link,
        "year": of_runs.year,
        "crumbs": crumbs(of_runs, supplier=found),
    }
    document = {
        "supplier": found.as_json(),
        "merged": [{"id": str(one["id"]), "name": one["name"]} for one in found.merged],
        "runs": [str(run) for run in runs],
        "year": of_runs.year,
        "inventory_total": whole.as_json(),
        **_seen_as_json(seen),
    }
    columns = ("category", "title", "lines", "emissions_mg_co2e", "emissions_kg_co2e")
    table = [(s.of, titled(s.of), s.lines, s.mg_co2e, exact_kilograms(s.mg_co2e)) for s in seen.categories]
    return View("supplier", SUPPLIERS, document, Table(columns, table), told)


@dataclass(frozen=True, slots=True)
class Seen:
    """A supplier in an inventory; its largest lines only where they are few enough to be sorted."""

    weights: Mapping[int, Weight]
    months: Sequence[Sum]
    lines: Sequence[LineRow]
    rows: Mapping[UUID, LedgerRow]

    @property
    def categories(self) -> list[Sum]:
        """What it comes to by category."""
        return [replace(weight.sum, of=category) for category, weight in self.weights.items()]

    @property
    def total(self) -> Sum:
        """What it comes to."""
        return sum_of(self.categories)

    @property
    def weight(self) -> Weight:
        """The whole, with its quality."""
        return sum(self.weights.values(), NOTHING)


async def _seen(tx: Connection, tenant_id: UUID, narrowed: Narrowed) -> Seen:
    weights = await weights_of(tx, tenant_id, narrowed)
    months = await sums_by(tx, tenant_id, narrowed, by="month")
    is_few = sum_of(months).lines <= MOST_SORTED
    lines = await largest_lines(tx, tenant_id, narrowed, most=MOST_LINES) if is_few else []
    return Seen(weights, months, lines, await ledger_rows(tx, tenant_id, lines))


def _seen_as_json(seen: Seen) -> dict[str, Any]:
    return {
        "total": weight_as_json(seen.weight),
        "categories": [
            {"category": number, "title": titled(number), **weight_as_json(weight)}
            for number, weight in seen.weights.items()
        ],
        "months": [{"month": one.of and f"{one.of:%Y-%m}", **one.as_json()} for one in seen.months],
        "largest_lines": [line_as_json(line) for line in seen.lines],
    }


def _league_document(
    asked: LeagueAsked, page: Page, over_time: Trends, *, sums: Mapping[str, Sum]
) -> dict[str, Any]:
    total = sums["total"].mg_co2e
    return {
        "runs": [str(run) for run in asked.runs],
        "year": asked.year,
        "category": asked.category,
        "name": asked.name,
        "sort": asked.sort,
        "direction": asked.direction,
        "page": asked.page,
        "rows": asked.rows,
        "suppliers_that_fit": page.fitting,
        "suppliers": [
            {
                "rank": one.rank,
                "id": str(one.id),
                "name": one.name,
                **weight_as_json(one.weight),
                "share_percent": percent(one.weight.mg_co2e, total).removesuffix("%"),
                "trend_mg_co2e": over_time.as_json(one.id),
            }
            for one in page.suppliers
        ],
        "other_suppliers": sums["others"].as_json(),
        "without_supplier": sums["without_supplier"].as_json(),
        "total": sums["total"].as_json(),
    }


def _league_table(page: Page, sums: Mapping[str, Sum]) -> Table:
    """Return the rows of the page and what is left, so that the column adds up to the total."""
    total = sums["total"].mg_co2e

    def closing(name: str, one: Sum) -> tuple[Any, ...]:
        share = percent(one.mg_co2e, total).removesuffix("%")
        return ("", "", name, one.mg_co2e, exact_kilograms(one.mg_co2e), share, "", "", one.lines)

    rows = [_row(one, total) for one in page.suppliers]
    rows.append(closing("(all other suppliers)", sums["others"]))
    rows.append(closing("(without a supplier)", sums["without_supplier"]))
    return Table(COLUMNS, rows)


def _row(one: Ranked, total: int) -> tuple[Any, ...]:
    told = weight_as_json(one.weight)
    share = percent(one.weight.mg_co2e, total).removesuffix("%")
    return (
        *(one.rank, str(one.id), one.name, one.weight.mg_co2e, told["emissions_kg_co2e"], share),
        *(told["quality_score"], told["primary_data_kg_co2e"], one.weight.lines),
    )


def _again(of_runs: RunsAsked, asked: LeagueAsked) -> Any:
    """Return what gives the address of the same table with something changed."""
    plain = {
        "name": asked.name,
        "category": asked.category,
        "sort": asked.sort.value,
        "direction": asked.direction.value,
        "rows": asked.rows if asked.rows != ROWS else None,
    }
    return lambda **changed: of_runs.link(SUPPLIERS, **(plain | changed))
