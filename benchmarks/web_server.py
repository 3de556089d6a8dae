"""The service with two pages more: one that sums lines as it is asked, and one that shows nothing.

    granian --factory benchmarks.web_server:app

/limit   the way of every page, down to an empty table: what showing anything costs at all
/naive   the sums by category of all lines, summed from `emissions` for each request
"""

from contextlib import AsyncExitStack
from typing import Any

from benchmarks.http_servers import Opened
from fastapi import Request
from jinja2 import ChoiceLoader, DictLoader

from vcci.api import app as product
from vcci.edge.permissions import TheService
from vcci.runtime.service import Service
from vcci.web.pages import templates
from vcci.web.views import Reading, Table, View, pages, shown

router = pages()

COLUMNS = ("category", "lines", "emissions_mg_co2e")
PAGE = """{% extends "base.html.jinja" %}
{% block title %}Sums{% endblock %}
{% block content %}
<div class="scroll" tabindex="0" role="region" aria-label="Sums"><table><caption>Sums</caption><tbody>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</tbody></table></div>
{% endblock %}"""
SUMS = """
    SELECT e.scope3_category, count(*), sum(e.co2e_mg)::bigint FROM vcci.emissions e
    JOIN vcci.runs r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
    WHERE e.tenant_id = $1 GROUP BY 1 ORDER BY 1
"""


@shown(router, "/limit")
async def limit(request: Request, viewer: Reading) -> View:  # noqa: ARG001
    """Show nothing."""
    return _view([])


@shown(router, "/naive")
async def naive(request: Request, service: TheService, viewer: Reading) -> View:  # noqa: ARG001
    """Show sums by category, summed from the lines."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id, kind="report") as tx:
        return _view([tuple(row) for row in await tx.fetch(SUMS, tenant_id)])


def _view(rows: list[tuple[Any, ...]]) -> View:
    return View("sums", "/overview", {"rows": rows}, Table(COLUMNS, rows), {"rows": rows})


def app() -> Opened:
    """Return the application."""
    shipped = templates().loader
    assert shipped is not None
    templates().loader = ChoiceLoader([shipped, DictLoader({"sums.html.jinja": PAGE})])
    vars(product)["ROUTERS"] = (*product.ROUTERS, router)

    def opened(service: Service, stack: AsyncExitStack) -> Any:
        return stack.enter_async_context(product.opened_application(service))

    return Opened(opened)
