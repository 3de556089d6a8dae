"""How fast the service is and why: times by route, caches, connections, queries; for those who run it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from fastapi import Request

from vcci.database.job_store import job_counts
from vcci.database.pool_watch import HELD_S
from vcci.database.server_stats import QueryStatistics, slowest_queries
from vcci.edge.operation import performance_facts, pool_facts, refuse_stranger
from vcci.edge.permissions import TheService
from vcci.monitoring.metrics import cache_answers
from vcci.monitoring.performance_report import COLUMNS, Percentiles
from vcci.monitoring.queries import REPEATED_QUERIES
from vcci.runtime.service import Service
from vcci.web.viewer import Viewer
from vcci.web.views import Administering, Table, View, pages, shown

router = pages()

HERE: Final = "/performance"
MOST_ROUTES: Final = 100
MOST_QUERIES: Final = 20
LOGGED: Final = 300
"""Characters of a statement that are shown."""


@shown(router, "/performance")
async def performance(
    request: Request,
    service: TheService,
    viewer: Administering,
) -> View:
    """Show the times of each route, hit rates, connections, queries, and jobs."""
    refuse_stranger(service, viewer.principal)
    report = await performance_facts()
    hits, misses = cache_answers()
    document: dict[str, Any] = {
        **report.as_plain(),
        "response_cache": {"hits": hits, "misses": misses},
        "pool_of_this_worker": pool_facts(service, held_s=HELD_S),
        "repeated_queries": REPEATED_QUERIES.found,
        "is_watched": service.settings.query_analysis,
        "slowest_in_postgresql": await _slowest(service),
        "jobs": await _jobs(service, viewer),
    }
    rows = ([one.name, *(getattr(one, name) for name in COLUMNS)] for one in report.endpoints)
    told = {
        "document": document,
        "routes": _with_bars(report.endpoints[:MOST_ROUTES]),
        "queries": _with_bars(report.queries[:MOST_ROUTES]),
        "held_s": HELD_S,
        "slow_ms": service.settings.slow_query_ms,
    }
    return View("performance", HERE, document, Table(("route", *COLUMNS), rows), told)


async def _slowest(service: Service) -> list[dict[str, Any]] | None:
    """Return the slowest queries by their mean; None where PostgreSQL does not record them."""
    async with service.pool.connection() as connection:
        found = await slowest_queries(connection, limit=MOST_QUERIES)
    return None if found is None else [_told(one) for one in found]


def _told(one: QueryStatistics) -> dict[str, Any]:
    return asdict(one) | {"query": " ".join(one.query.split())[:LOGGED]}


async def _jobs(service: Service, viewer: Viewer) -> dict[str, int]:
    async with service.pool.transaction(viewer.principal.tenant_id) as tx:
        return await job_counts(tx, viewer.principal.tenant_id)


def _with_bars(found: Sequence[Percentiles]) -> list[tuple[Percentiles, int]]:
    """Return times with the length of a bar for each P95: hundredths of the longest."""
    longest = max((one.p95_ms for one in found), default=0.0)
    return [(one, round(100 * one.p95_ms / longest) if longest else 0) for one in found]
