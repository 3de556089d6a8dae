"""Measuring by hand, for work that no middleware sees, and what a process knows of its own speed."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from vcci.errors import VcciError
from vcci.monitoring.latency import Latencies
from vcci.monitoring.metrics import METRICS, Metrics, Whole, exposition
from vcci.monitoring.performance_report import PerformanceReport, reported
from vcci.monitoring.requests import CLASS_OF, CLIENT_GONE, METHOD_OF

SLOW_SECONDS: Final = 1.0
"""A query that takes longer is slow, unless its caller says otherwise."""


@dataclass(slots=True)
class Tracked:
    """A request under way; whoever answers it sets `status`."""

    status: int = 200


@dataclass(slots=True)
class TrackedBatch:
    """Work in bulk under way; whoever does it counts its records."""

    records: int = 0


class PerformanceMetrics:
    """Counts and times what its callers do; `metrics` are those of the process unless others are given."""

    def __init__(self, metrics: Metrics = METRICS) -> None:
        self.metrics = metrics
        self.endpoints = Latencies()
        self.queries = Latencies()

    @contextmanager
    def track_db_query(self, query_type: str, slow_s: float = SLOW_SECONDS) -> Iterator[None]:
        """Measure a query of a kind; one that fails is counted by its error, one given up apart."""
        started_s = time.perf_counter()
        try:
            yield
        except asyncio.CancelledError:
            self.metrics.counter("cancelled_queries_total").only.inc()
            raise
        except Exception as error:
            kind = error.code if isinstance(error, VcciError) else type(error).__name__
            self.metrics.counter("database_query_errors_total")[(kind,)].inc()
            raise
        finally:
            seconds = time.perf_counter() - started_s
            self.metrics.histogram("database_query_duration_seconds")[(query_type,)].observe(seconds)
            self.queries[(query_type,)].record(seconds)
            if seconds > slow_s:
                self.metrics.counter("database_slow_queries_total")[(query_type,)].inc()

    @asynccontextmanager
    async def track_http_request(
        self, method: str, endpoint: str, status_code: int = 200
    ) -> AsyncIterator[Tracked]:
        """Measure a request; its status is what was set, 500 for an exception, 499 when it is cancelled.

        `endpoint` is the template of a route, never an address: each new one makes new series.
        """
        method, tracked, started_s = METHOD_OF.get(method, "OTHER"), Tracked(status_code), time.perf_counter()
        active = self.metrics.gauge("http_requests_active")[method, endpoint]
        active.inc()
        try:
            yield tracked
        except asyncio.CancelledError:
            tracked.status = CLIENT_GONE
            raise
        except BaseException:
            tracked.status = 500
            raise
        finally:
            active.dec()
            seconds, kind = time.perf_counter() - started_s, CLASS_OF.get(tracked.status, "5xx")
            self.metrics.counter("http_requests_total")[method, endpoint, tracked.status].inc()
            self.metrics.histogram("http_request_duration_seconds")[method, endpoint, kind].observe(seconds)
            self.endpoints[method, endpoint].record(seconds)

    @contextmanager
    def track_batch(self, batch_type: str) -> Iterator[TrackedBatch]:
        """Measure work in bulk; what fails is measured, and has no throughput."""
        batch, started_s = TrackedBatch(), time.perf_counter()
        try:
            yield batch
            throughput = self.metrics.gauge("batch_throughput_records_per_second")[(batch_type,)]
            throughput.set(batch.records / (time.perf_counter() - started_s))
        finally:
            seconds = time.perf_counter() - started_s
            self.metrics.histogram("batch_processing_duration_seconds")[(batch_type,)].observe(seconds)

    def track_cache_operation(self, cache_type: str, operation: str, result: str) -> None:
        """Count a get, set or delete of a cache; the hit rate follows from these."""
        self.metrics.counter("cache_operations_total")[cache_type, operation, result].inc()

    def track_cache_layer(self, cache_type: str, layer: str, result: str) -> None:
        """Count what a layer of a cache had: l1, l2, or the truth behind them."""
        self.metrics.counter("cache_layer_operations_total")[cache_type, layer, result].inc()

    def track_cache_evictions(self, cache_type: str, entries: int = 1) -> None:
        """Count entries that gave way for want of room."""
        self.metrics.counter("cache_evictions_total")[(cache_type,)].inc(entries)

    def track_coherence_lag(self, seconds: float) -> None:
        """Count how long after its commit a write was heard of here."""
        self.metrics.histogram("cache_coherence_lag_seconds").only.observe(max(0.0, seconds))

    def track_calculation(self, scope3_category: int | None, status: str = "calculated") -> None:
        """Count an activity: calculated, unanswered or failed."""
        category = "none" if scope3_category is None else str(int(scope3_category))
        self.metrics.counter("emissions_calculations_total")[category, status].inc()

    def track_supplier_ingestion(self, status: str, suppliers: int = 1) -> None:
        """Count suppliers that were taken in: created, existing, conflict or invalid."""
        self.metrics.counter("supplier_ingestion_total")[(status,)].inc(suppliers)

    def update_pool(self, *, checked_out: int, available: int, overflow: int, total: int) -> None:
        """Set the connections of a pool by their state; `total` is how many there can be at once."""
        size = self.metrics.gauge("database_connection_pool_size")
        told = {"checked_out": checked_out, "available": available, "overflow": overflow, "total": total}
        for state, connections in told.items():
            size[(state,)].set(connections)


@dataclass(slots=True)
class PerformanceMonitor:
    """What a process knows of its speed: metrics for Prometheus, percentiles for a report."""

    metrics: PerformanceMetrics = field(default_factory=PerformanceMetrics)

    def export_prometheus_metrics(self) -> bytes:
        """Return the metrics in Prometheus' text format, over all processes where they share a folder."""
        return exposition(self.metrics.metrics.registry)

    def report(self, *, slow_queries: Sequence[Mapping[str, Any]] = ()) -> PerformanceReport:
        """Return percentiles of this process, and rates and connections of all of them.

        `slow_queries` is told as it is given: texts without values, such as pg_stat_statements has.
        """
        found = list(Whole(self.metrics.metrics.registry).collect())
        return reported(
            found, endpoints=self.metrics.endpoints, queries=self.metrics.queries, slow_queries=slow_queries
        )


@cache
def get_performance_monitor() -> PerformanceMonitor:
    """Return the monitor of this process."""
    return PerformanceMonitor()
