"""The addresses of all pages, from the routes themselves: a new page is looked at without a word."""

import re
from collections.abc import Mapping
from typing import Final

from fastapi.routing import iter_route_contexts

from vcci.web.routers import ROUTERS

NO_PAGE: Final = re.compile(
    r"\.(json|csv|pdf|xlsx|zip|parquet)$|^/static/|^/$|/files/\{name\}$|/rejects/list$"
)
"""What is no page to look at: other forms, files, and what leads on at once."""

PARTS: Final = ("/jobs/{job_id}/progress",)
"""Parts of pages, which stand on them when those are looked at."""

STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "/categories/{category}/suppliers/{supplier_id}": ("/categories/{category}/suppliers/{supplier_id}",),
    "/factors": ("/factors", "/factors?q=software&unit=USD"),
    "/factors/compare": ("/factors/compare", "/factors/compare?activity={activity}"),
    "/factors/{pack}/{code:path}": ("/factors/{factor}",),
    "/import/{file_id}": ("/import/{file_id}", "/import/{asked_file_id}"),
    "/import/{file_id}/accounts": ("/import/{clear_file_id}/accounts",),
    "/import/{file_id}/accounts/search": (
        "/import/{clear_file_id}/accounts/search?account=Software&q=software",
    ),
    "/import/{file_id}/columns": ("/import/{asked_file_id}/columns",),
    "/import/{file_id}/conventions": ("/import/{asked_file_id}/conventions",),
    "/import/{file_id}/preview": ("/import/{clear_file_id}/preview",),
    "/import/{file_id}/rejects": ("/import/{file_id}/rejects", "/import/{mended_file_id}/rejects"),
    "/import/{file_id}/sheet": ("/import/{asked_file_id}/sheet",),
    "/jobs": ("/jobs", "/jobs?state=failed"),
    "/jobs/{job_id}": ("/jobs/{job_id}", "/jobs/{failed_job_id}"),
    "/lines": ("/lines", "/lines?category={category}"),
    "/overview": ("/overview", "/overview?year=2022&category={category}"),
    "/problems/{code}": ("/problems/{code}",),
    "/reports/{standard}": ("/reports/ghg-protocol", "/reports/esrs-e1-6", "/reports/ifrs-s2"),
    "/review/text": ("/review/text?key={text_key}&q=software",),
    "/runs/{run_id}": ("/runs/{run_id}", "/runs/{mended_run_id}"),
    "/runs/{run_id}/bridge": ("/runs/{mended_run_id}/bridge",),
    "/suppliers": ("/suppliers", "/suppliers?sort=name&name=a"),
    "/suppliers/merge": ("/suppliers/merge?supplier={supplier_id}&supplier={other_supplier_id}",),
    "/what-if": ("/what-if", "/what-if?run={small_run_id}&gwp=AR5"),
}
"""The states in which a page is looked at, where it has more than one or its address needs a query."""


FOR_STRANGERS: Final = ("/sign-in",)
"""Pages that nobody sees who has signed in; they come last."""


def templates() -> list[str]:
    """Return the addresses of the pages, parameters by their names."""
    routes = [route for router in ROUTERS for route in iter_route_contexts(router.routes)]
    found = {route.path or "" for route in routes if "GET" in (route.methods or ())}
    return sorted(path for path in found if not NO_PAGE.search(path) and path not in PARTS)


def states() -> list[str]:
    """Return the addresses of all states, parameters by their names."""
    found = [state for template in templates() for state in STATES.get(template, (template,))]
    return sorted(found, key=lambda state: state in FOR_STRANGERS)


def filled(state: str, ids: Mapping[str, str]) -> str:
    """Return an address with its parameters filled; a name that nothing is known for is a KeyError."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: ids[found[1]], state)
