"""Measuring by hand: what is measured, what is told of failures, and the report."""

import asyncio
import re

import orjson
import pytest
from prometheus_client import CollectorRegistry

from vcci.errors import DatabaseError
from vcci.monitoring.metrics import Metrics
from vcci.monitoring.performance import PerformanceMetrics, PerformanceMonitor, get_performance_monitor

Told = dict[str, str]


@pytest.fixture
def metrics() -> PerformanceMetrics:
    return PerformanceMetrics(Metrics(CollectorRegistry()))


def value(metrics: PerformanceMetrics, name: str, **labels: str) -> float:
    return metrics.metrics.registry.get_sample_value(f"greenlang_{name}", labels) or 0.0


async def test_the_published_example_runs_as_it_stands() -> None:
    monitor = get_performance_monitor()
    with monitor.metrics.track_db_query("select_emissions"):
        pass
    async with monitor.metrics.track_http_request("GET", "/api/v1/emissions"):
        pass
    content = monitor.export_prometheus_metrics()
    assert b'greenlang_database_query_duration_seconds_count{query_type="select_emissions"} 1.0' in content
    assert b'endpoint="/api/v1/emissions",method="GET",status="200"' in content
    assert monitor is get_performance_monitor()


@pytest.mark.parametrize(
    ("error", "kind"),
    [(DatabaseError("Away.", remedy="Wait.", code="database_away"), "database_away"), (OSError(), "OSError")],
)
def test_a_query_that_fails_is_counted_by_its_code_or_class(
    metrics: PerformanceMetrics, error: Exception, kind: str
) -> None:
    with pytest.raises(type(error)), metrics.track_db_query("select"):
        raise error
    assert value(metrics, "database_query_errors_total", error_type=kind) == 1
    assert value(metrics, "database_query_duration_seconds_count", query_type="select") == 1


def test_a_query_that_is_given_up_is_no_error(metrics: PerformanceMetrics) -> None:
    with pytest.raises(asyncio.CancelledError), metrics.track_db_query("select"):
        raise asyncio.CancelledError
    assert value(metrics, "cancelled_queries_total") == 1
    assert b"query_errors_total{" not in PerformanceMonitor(metrics).export_prometheus_metrics()


@pytest.mark.parametrize(("slow_s", "count"), [(-1.0, 1), (1_000.0, 0)])
def test_a_query_is_slow_when_it_takes_longer_than_its_kind_may(
    metrics: PerformanceMetrics, slow_s: float, count: int
) -> None:
    with metrics.track_db_query("select", slow_s):
        pass
    assert value(metrics, "database_slow_queries_total", query_type="select") == count


async def test_a_request_has_the_status_that_it_was_given(metrics: PerformanceMetrics) -> None:
    async with metrics.track_http_request("POST", "/lines") as request:
        assert value(metrics, "http_requests_active", method="POST", endpoint="/lines") == 1
        request.status = 201
    assert value(metrics, "http_requests_active", method="POST", endpoint="/lines") == 0
    assert value(metrics, "http_requests_total", method="POST", endpoint="/lines", status="201") == 1


@pytest.mark.parametrize(
    ("error", "status", "kind"), [(ValueError, "500", "5xx"), (asyncio.CancelledError, "499", "499")]
)
async def test_a_request_that_raises_is_a_500_and_one_that_is_cancelled_a_499(
    metrics: PerformanceMetrics, error: type[BaseException], status: str, kind: str
) -> None:
    async def failing() -> None:
        async with metrics.track_http_request("GET", "/lines") as request:
            request.status = 200
            raise error

    with pytest.raises(error):
        await failing()
    labels = {"method": "GET", "endpoint": "/lines"}
    assert value(metrics, "http_requests_total", status=status, **labels) == 1
    assert value(metrics, "http_request_duration_seconds_count", status=kind, **labels) == 1


def test_hit_rate_follows_from_the_counts_and_is_there_only_once_something_was_read(
    metrics: PerformanceMetrics,
) -> None:
    monitor = PerformanceMonitor(metrics)
    assert b"\ngreenlang_cache_hit_rate" not in monitor.export_prometheus_metrics()
    for result in ("hit", "hit", "stale", "miss"):
        metrics.track_cache_operation("factor", "get", result)
    metrics.track_cache_operation("factor", "set", "stored")
    assert b'greenlang_cache_hit_rate{cache_type="factor"} 75.0' in monitor.export_prometheus_metrics()


def test_a_batch_has_a_time_and_a_throughput_and_one_that_fails_only_a_time(
    metrics: PerformanceMetrics,
) -> None:
    with metrics.track_batch("ledger") as batch:
        batch.records = 1_000
    with pytest.raises(LookupError), metrics.track_batch("broken"):
        raise LookupError
    counts = [
        value(metrics, "batch_processing_duration_seconds_count", batch_type=kind)
        for kind in ("ledger", "broken")
    ]
    assert counts == [1, 1]
    assert value(metrics, "batch_throughput_records_per_second", batch_type="ledger") > 1_000
    assert value(metrics, "batch_throughput_records_per_second", batch_type="broken") == 0


def test_what_the_business_asks_is_counted(metrics: PerformanceMetrics) -> None:
    metrics.track_calculation(6)
    metrics.track_calculation(None, "unanswered")
    metrics.track_supplier_ingestion("created", 20)
    assert value(metrics, "emissions_calculations_total", scope3_category="6", status="calculated") == 1
    assert value(metrics, "emissions_calculations_total", scope3_category="none", status="unanswered") == 1
    assert value(metrics, "supplier_ingestion_total", status="created") == 20


def test_report_has_percentiles_rates_and_connections_in_plain_values(metrics: PerformanceMetrics) -> None:
    for _ in range(3):
        with metrics.track_db_query("select"):
            pass
    metrics.track_cache_operation("factor", "get", "hit")
    for layer, result in (("l1", "miss"), ("l2", "hit"), ("l1", "hit"), ("l1", "hit")):
        metrics.track_cache_layer("factor", layer, result)
    metrics.update_pool(checked_out=3, available=1, overflow=0, total=10)
    slow = [{"query": "SELECT $1", "mean_ms": 1_234.5}]
    told = orjson.loads(orjson.dumps(PerformanceMonitor(metrics).report(slow_queries=slow).as_plain()))
    assert (told["queries"][0]["name"], told["queries"][0]["count"]) == ("select", 3)
    assert told["cache_hit_percent"] == {"factor": 100}
    assert told["layer_hit_percent"] == {"factor l1": pytest.approx(200 / 3), "factor l2": 100}
    assert {"checked_out": 3, "total": 10, "waiting": 0}.items() <= told["pool"].items()
    assert told["slow_queries"] == slow


async def test_report_reads_as_a_text(metrics: PerformanceMetrics) -> None:
    async with metrics.track_http_request("GET", "/lines"):
        metrics.track_cache_operation("response", "get", "miss")
    text = PerformanceMonitor(metrics).report(slow_queries=[{"query": "SELECT 1"}]).as_text()
    assert re.search(r"^  GET /lines +1( +\d+\.\d\d){5}$", text, re.MULTILINE)
    assert re.search(r"^  response +0\.0 %$", text, re.MULTILINE)
    assert text.endswith("Slow queries\n  query SELECT 1")
