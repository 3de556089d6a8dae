"""One category of the inventory: its suppliers, its months and the factors that it was worked out with."""

from dataclasses import asdict, replace
from typing import Any, Final

from fastapi import Request

from vcci.database.drill_read import factor_sums, sums_by
from vcci.database.league_read import league_page
from vcci.domain.display import exact_kilograms
from vcci.edge.permissions import TheService
from vcci.services.drill import Narrowed, Sum, category_title, sum_of
from vcci.services.league import LeagueAsked, weight_as_json
from vcci.web.drill_pages import NO_SUPPLIER, category_in, crumbs, month_key, month_text, titled
from vcci.web.inventory_runs import OfRuns
from vcci.web.views import Reading, Table, View, pages, shown

router = pages()

MOST_SUPPLIERS: Final = 50
MOST_FACTORS: Final = 50


@shown(router, "/categories/{category}")
async def category_page(
    category: str,
    request: Request,
    service: TheService,
    *,
    viewer: Reading,
    of_runs: OfRuns,
) -> View:
    """Show a category; suppliers, months and factors each add up to its total."""
    tenant_id, number = viewer.principal.tenant_id, category_in(category)
    async with service.pool.transaction(tenant_id) as tx:
        runs = await of_runs.of(tx, tenant_id)
        narrowed = Narrowed(runs, number, year=of_runs.year)
        whole = sum_of(await sums_by(tx, tenant_id, replace(narrowed, category=None), by="category"))
        months = await sums_by(tx, tenant_id, narrowed, by="month")
        factors = await factor_sums(tx, tenant_id, narrowed, most=MOST_FACTORS)
        asked = LeagueAsked(runs, number, rows=MOST_SUPPLIERS, year=of_runs.year)
        page = await league_page(tx, tenant_id, asked)
    total = sum_of(months)
    others = total.less([page.without_supplier, *(one.weight.sum for one in page.suppliers)])
    sums = {
        "total": total,
        "other_suppliers": others,
        "without_supplier": page.without_supplier,
        "other_factors": total.less(factors),
    }
    told = {
        **sums,
        "category": number,
        "name": category_title(number),
        "whole": whole,
        "months": months,
        "factors": factors,
        "page": page,
        "month_text": month_text,
        "month_key": month_key,
        "link": of_runs.link,
        "year": of_runs.year,
        "crumbs": crumbs(of_runs, category=number),
        "heading": titled(number),
    }
    document = {
        "category": number,
        "title": category_title(number),
        "runs": [str(run) for run in runs],
        "year": of_runs.year,
        "inventory_total": whole.as_json(),
        **{name: one.as_json() for name, one in sums.items()},
        "suppliers": [
            {"id": str(one.id), "name": one.name, **weight_as_json(one.weight)} for one in page.suppliers
        ],
        "months": [{"month": one.of and f"{one.of:%Y-%m}", **one.as_json()} for one in months],
        "factors": [{**asdict(one.of), **one.as_json()} for one in factors],
    }
    rows = [(str(one.id), one.name, *_figures(one.weight.sum)) for one in page.suppliers]
    rows += [("", "(all other suppliers)", *_figures(others))]
    rows += [("", f"({NO_SUPPLIER.lower()})", *_figures(page.without_supplier))]
    columns = ("supplier_id", "supplier", "lines", "emissions_mg_co2e", "emissions_kg_co2e")
    return View("category", "/overview", document, Table(columns, rows), told)


def _figures(one: Sum) -> tuple[Any, ...]:
    return one.lines, one.mg_co2e, exact_kilograms(one.mg_co2e)
