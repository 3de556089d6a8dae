"""The performance toolkit, for applications of others: the parts that the service itself rests on, by name.

1. Queries and indexes
    IndexManager, ALL_INDEXES, EMISSIONS_INDEXES, SUPPLIERS_INDEXES, CALCULATIONS_INDEXES, QueryAnalyzer,
    QueryAnalysis, NPlusOneOptimizer, batch_insert_optimized, track_query_performance, SlowQueryLogger,
    watched_queries, assert_no_n_plus_one, observe_engine, observe_connection
2. Calls of others, many at a time
    AsyncHTTPClient, AsyncDatabaseOperations, AsyncRedisOperations, AsyncFactorBroker, AsyncLLMOperations,
    async_timed, run_concurrent, retry_async
3. Values kept
    CacheConfig, CACHE_CONFIG, LRUCache, RedisCache, MultiLevelCache, CacheWarmer
4. Connections
    PoolConfig, PRODUCTION_POOL_CONFIG, DEVELOPMENT_POOL_CONFIG, HIGH_LOAD_POOL_CONFIG, PGBOUNCER_POOL_CONFIG,
    DatabaseEngineFactory, ConnectionPoolMonitor, OptimizedSessionFactory, tenant_session,
    generate_pgbouncer_config, warm_connection_pool, monitor_pool_health
    Our tables as classes: Emission, Supplier, Run, Calculation
5. Work in batches
    BatchConfig, SMALL_BATCH_CONFIG, MEDIUM_BATCH_CONFIG, LARGE_BATCH_CONFIG, AsyncBatchProcessor,
    ParallelBatchProcessor, StreamingBatchProcessor, StreamBatch, FileCheckpoint, BatchSizeOptimizer,
    BatchStatistics, Failed, SkipLimitError, process_in_batches
6. Lists by cursor
    CursorPaginator, CursorCodec, PaginationParams, create_paginated_response
7. Answers kept
    ResponseCacheMiddleware, CacheInvalidator, CacheStrategy
8. Measuring
    PerformanceMetrics, LatencyTracker, PerformanceMonitor, get_performance_monitor
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import HTTPException

from vcci import settings
from vcci.cache.config import CACHE_CONFIG, CacheConfig
from vcci.cache.memory import LRUCache
from vcci.cache.redis import RedisCache
from vcci.cache.tiered import MultiLevelCache
from vcci.cache.warming import CacheWarmer
from vcci.clients.factor_source import AsyncFactorBroker
from vcci.clients.http import AsyncHTTPClient
from vcci.clients.llm import AsyncLLMOperations
from vcci.clients.redis_operations import AsyncRedisOperations
from vcci.concurrency.bounded import async_timed, run_concurrent
from vcci.concurrency.retries import retry_async
from vcci.database.eager_loading import NPlusOneOptimizer
from vcci.database.models import Calculation, Emission, Run, Supplier
from vcci.database.optimizations import (
    ALL_INDEXES,
    CALCULATIONS_INDEXES,
    EMISSIONS_INDEXES,
    SUPPLIERS_INDEXES,
    IndexManager,
    QueryAnalysis,
    QueryAnalyzer,
    batch_insert_optimized,
)
from vcci.database.pool_config import (
    DEVELOPMENT_POOL_CONFIG,
    HIGH_LOAD_POOL_CONFIG,
    PGBOUNCER_POOL_CONFIG,
    PRODUCTION_POOL_CONFIG,
    PoolConfig,
    generate_pgbouncer_config,
)
from vcci.database.pool_watch import ConnectionPoolMonitor, monitor_pool_health
from vcci.database.query_pages import order_of, query_page, told_by
from vcci.database.sqlalchemy_engine import DatabaseEngineFactory, warm_connection_pool
from vcci.database.sqlalchemy_sessions import (
    AsyncDatabaseOperations,
    OptimizedSessionFactory,
    tenant_session,
)
from vcci.edge.cursors import CursorCodec, CursorError
from vcci.edge.pagination import PageInfo, PaginationParams
from vcci.middleware.freshness import STRATEGIES, CacheStrategy
from vcci.middleware.invalidation import CacheInvalidator as _CacheInvalidator
from vcci.middleware.redis_store import RedisClient, RedisStore
from vcci.middleware.response_cache import ResponseCacheMiddleware
from vcci.monitoring.latency import LatencyTracker
from vcci.monitoring.performance import PerformanceMetrics, PerformanceMonitor, get_performance_monitor
from vcci.monitoring.queries import (
    SlowQueryLogger,
    assert_no_n_plus_one,
    observe_connection,
    observe_engine,
    track_query_performance,
    watched_queries,
)
from vcci.processing.batch_config import (
    LARGE_BATCH_CONFIG,
    MEDIUM_BATCH_CONFIG,
    SMALL_BATCH_CONFIG,
    BatchConfig,
)
from vcci.processing.batch_results import BatchStatistics, Failed, SkipLimitError
from vcci.processing.batches import AsyncBatchProcessor, process_in_batches
from vcci.processing.checkpoints import FileCheckpoint
from vcci.processing.parallel import ParallelBatchProcessor
from vcci.processing.sizing import BatchSizeOptimizer
from vcci.processing.streaming import StreamBatch, StreamingBatchProcessor
from vcci.runtime.service import service_secret
from vcci.runtime.service_secret import derived
from vcci.services.paging import MOST_ROWS, Order, Position

__all__ = [
    "ALL_INDEXES",
    "CACHE_CONFIG",
    "CALCULATIONS_INDEXES",
    "DEVELOPMENT_POOL_CONFIG",
    "EMISSIONS_INDEXES",
    "HIGH_LOAD_POOL_CONFIG",
    "LARGE_BATCH_CONFIG",
    "MEDIUM_BATCH_CONFIG",
    "PGBOUNCER_POOL_CONFIG",
    "PRODUCTION_POOL_CONFIG",
    "SMALL_BATCH_CONFIG",
    "STRATEGIES",
    "SUPPLIERS_INDEXES",
    "AsyncBatchProcessor",
    "AsyncDatabaseOperations",
    "AsyncFactorBroker",
    "AsyncHTTPClient",
    "AsyncLLMOperations",
    "AsyncRedisOperations",
    "BatchConfig",
    "BatchSizeOptimizer",
    "BatchStatistics",
    "CacheConfig",
    "CacheInvalidator",
    "CacheStrategy",
    "CacheWarmer",
    "Calculation",
    "ConnectionPoolMonitor",
    "CursorCodec",
    "CursorError",
    "CursorPaginator",
    "DatabaseEngineFactory",
    "Emission",
    "Failed",
    "FileCheckpoint",
    "IndexManager",
    "LRUCache",
    "LatencyTracker",
    "MultiLevelCache",
    "NPlusOneOptimizer",
    "OptimizedSessionFactory",
    "PageInfo",
    "PaginatedResult",
    "PaginationParams",
    "ParallelBatchProcessor",
    "PerformanceMetrics",
    "PerformanceMonitor",
    "PoolConfig",
    "QueryAnalysis",
    "QueryAnalyzer",
    "RedisCache",
    "ResponseCacheMiddleware",
    "Run",
    "SkipLimitError",
    "SlowQueryLogger",
    "StreamBatch",
    "StreamingBatchProcessor",
    "Supplier",
    "assert_no_n_plus_one",
    "async_timed",
    "batch_insert_optimized",
    "create_paginated_response",
    "generate_pgbouncer_config",
    "get_performance_monitor",
    "monitor_pool_health",
    "observe_connection",
    "observe_engine",
    "process_in_batches",
    "retry_async",
    "run_concurrent",
    "tenant_session",
    "track_query_performance",
    "warm_connection_pool",
    "watched_queries",
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
