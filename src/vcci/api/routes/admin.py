"""What those who run the service look at: its cache, its slowest queries, its connections.

It concerns all tenants, so it is for administrators of the tenant that runs the service, and nobody else.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from vcci.database.server_stats import slowest_queries
from vcci.domain.access import Principal
from vcci.edge.operation import performance_facts, refuse_stranger
from vcci.edge.permissions import Administrator, TheService
from vcci.edge.strict_route import StrictRoute
from vcci.monitoring.metrics import cache_answers

router = APIRouter(prefix="/admin", tags=["admin"], route_class=StrictRoute)

MOST_QUERIES: Final = 200


async def operator(service: TheService, principal: Administrator) -> Principal:
    """Return who asks, if that is an administrator of the tenant that runs the service."""
    refuse_stranger(service, principal)
    return principal


Operator = Annotated[Principal, Depends(operator)]


class CacheStatistics(BaseModel):
    """What the response caches of all workers have answered since they started."""

    hits: int
    misses: int
    total_requests: int
    hit_rate: float = Field(description="The share that was answered from the cache; 0 before the first.")


class SlowQuery(BaseModel):
    """What one kind of query has cost; values are never among its text."""

    query_id: str
    query: str
    calls: int
    total_ms: float
    mean_ms: float
    max_ms: float
    rows: int
    blocks: int = Field(description="Pages of 8 KiB that it has looked at, in memory or not.")


class SlowQueries(BaseModel):
    """The slowest first; `is_recorded` is false where the server has no pg_stat_statements."""

    is_recorded: bool
    queries: list[SlowQuery]


class Percentiles(BaseModel):
    """How long one thing took in the worker that answers, in milliseconds."""

    name: str
    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class SlowStatement(BaseModel):
    """A statement that was slow in the worker that answers, and the line of code that asked it."""

    statement: str
    place: str
    count: int
    total_ms: float
    longest_ms: float


class PerformanceAnswer(BaseModel):
    """Times are of the worker that answers; rates and connections of all workers."""

    endpoints: list[Percentiles]
    queries: list[Percentiles]
    cache_hit_percent: dict[str, float]
    layer_hit_percent: dict[str, float] = Field(description="Of the reads that came as far as a layer.")
    pool: dict[str, int]
    slow_queries: list[SlowStatement] = Field(description="Recorded with ENABLE_QUERY_ANALYSIS.")


class PoolStatistics(BaseModel):
    """The connections of the worker that answers."""

    size: int
    idle: int
    in_use: int
    waiting: int
    most: int
    utilization_percent: float


@router.get("/cache/stats")
async def cache_statistics(_: Operator) -> CacheStatistics:
    """Return how often the response cache could answer."""
    hits, misses = cache_answers()
    total = hits + misses
    return CacheStatistics(
        hits=hits, misses=misses, total_requests=total, hit_rate=hits / total if total else 0.0
    )


@router.get("/performance/slow-queries")
async def slow_queries(
    service: TheService, _: Operator, limit: Annotated[int, Query(ge=1, le=MOST_QUERIES)] = 20
) -> SlowQueries:
    """Return the queries that take longest by their mean time."""
    async with service.pool.connection() as connection:
        found = await slowest_queries(connection, limit=limit)
    told: list[Any] = [{name: getattr(one, name) for name in SlowQuery.model_fields} for one in found or ()]
    return SlowQueries(is_recorded=found is not None, queries=told)


@router.get("/performance/report")
async def performance_report(_: Operator) -> PerformanceAnswer:
    """Return what the service knows of its own speed."""
    report = await performance_facts()
    return PerformanceAnswer.model_validate(report.as_plain())


@router.get("/performance/pool")
async def pool_statistics(service: TheService, _: Operator) -> PoolStatistics:
    """Return how many connections to PostgreSQL there are, and how many are in use."""
    found = service.pool.statistics()
    return PoolStatistics(
        size=found.size,
        idle=found.idle,
        in_use=found.in_use,
        waiting=found.waiting,
        most=found.most,
        utilization_percent=round(found.utilization_percent, 1),
    )
