"""The dashboards as code: `python deploy/grafana/build.py` writes the JSON beside it, for Grafana to import.

A panel is a title, what it says, and queries with their legends; places follow from the order.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT, ROW_WIDTH = 12, 8, 24

SECONDS, PERCENT, PER_SECOND, COUNT = "s", "percent", "reqps", "short"
PROMISED: Final = 'job=~"$job", endpoint!~"unmatched|/livez|/readyz|/metrics"'


@dataclass(frozen=True)
class Panel:
    """A graph: pairs of PromQL and legend, in a unit that Grafana knows."""

    title: str
    says: str
    unit: str
    queries: Sequence[tuple[str, str]]


def rate(metric: str, labels: str = "") -> str:
    """Return the rate of a counter, of the jobs that are looked at."""
    matched = ", ".join(filter(None, ['job=~"$job"', labels]))
    return f"rate(greenlang_{metric}{{{matched}}}[$__rate_interval])"


def by(labels: str, query: str) -> str:
    """Return a sum by labels."""
    return f"sum by ({labels}) ({query})" if labels else f"sum({query})"


def gauge(metric: str, labels: str = "") -> str:
    """Return a gauge of the jobs that are looked at."""
    matched = ", ".join(filter(None, ['job=~"$job"', labels]))
    return f"greenlang_{metric}{{{matched}}}"


def quantiles(metric: str, *, labels: str = "", only: str = "") -> list[tuple[str, str]]:
    """Return P50, P95 and P99 of a histogram, by labels."""
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in labels.split(",") if label)
    kept = by(", ".join(filter(None, [labels, "le"])), rate(f"{metric}_bucket", only))
    shares = (("P50", 0.5), ("P95", 0.95), ("P99", 0.99))
    return [(f"histogram_quantile({share}, {kept})", f"{name} {legend}".strip()) for name, share in shares]


SERVICE: Final = (
    Panel(
        "Requests by endpoint",
        "Answered requests, by the template of their route.",
        PER_SECOND,
        [(by("endpoint", rate("http_requests_total")), "{{endpoint}}")],
    ),
    Panel(
        "Requests by status",
        "499: the client went before it had the answer.",
        PER_SECOND,
        [(by("status", rate("http_requests_total")), "{{status}}")],
    ),
    Panel(
        "Share of failures",
        "Share of requests that end with a 5xx; the promise is 0.05 %.",
        PERCENT,
        [
            (
                "100 * (sum(rate("
                f'greenlang_http_requests_total{{status=~"5..", {PROMISED}}}[$__rate_interval]))'
                " or vector(0))"
                f" / sum(rate(greenlang_http_requests_total{{{PROMISED}}}[$__rate_interval]))",
                "5xx",
            )
        ],
    ),
    Panel(
        "Share of requests within 0.5 s",
        "Of those that do not fail; the promise is 99 %.",
        PERCENT,
        [
            (
                f"100 * sum({rate('http_request_duration_seconds_bucket', labels)})"
                f" / sum({rate('http_request_duration_seconds_count', others)})",
                "within 0.5 s",
            )
            for labels, others in [
                ('le="0.5", status!="5xx", endpoint!~".*/events"', 'status!="5xx", endpoint!~".*/events"')
            ]
        ],
    ),
    Panel(
        "P95 by endpoint",
        "Event streams and uploads last as long as the client wants.",
        SECONDS,
        quantiles("http_request_duration_seconds", labels="endpoint", only='status!="5xx"')[1:2],
    ),
    Panel("Latency", "All endpoints together.", SECONDS, quantiles("http_request_duration_seconds")),
    Panel(
        "Requests under way",
        "Requests that are being answered.",
        COUNT,
        [(by("endpoint", gauge("http_requests_active")), "{{endpoint}}")],
    ),
    Panel(
        "Lag of the event loop",
        "How late a sleeper is woken: all requests of the process wait as long.",
        SECONDS,
        quantiles("event_loop_lag_seconds", labels="instance"),
    ),
    Panel(
        "Calculations",
        "Activities that were calculated, by category; unanswered: no factor or no method.",
        COUNT,
        [
            (
                by("scope3_category, status", rate("emissions_calculations_total")),
                "{{scope3_category}} {{status}}",
            )
        ],
    ),
    Panel(
        "Suppliers",
        "Suppliers that were taken in, and what became of them.",
        COUNT,
        [(by("status", rate("supplier_ingestion_total")), "{{status}}")],
    ),
    Panel(
        "Work in bulk: time",
        "From the first record to the last.",
        SECONDS,
        quantiles("batch_processing_duration_seconds", labels="batch_type"),
    ),
    Panel(
        "Work in bulk: throughput",
        "Records per second of the last one.",
        COUNT,
        [(gauge("batch_throughput_records_per_second"), "{{batch_type}}")],
    ),
)

DATABASE: Final = (
    Panel(
        "Connections",
        "In use and idle, against how many there can be.",
        COUNT,
        [(by("state", gauge("database_connection_pool_size")), "{{state}}")],
    ),
    Panel(
        "Wait for a connection",
        "Interactive work and work in the background.",
        SECONDS,
        quantiles("database_pool_wait_seconds", labels="work"),
    ),
    Panel(
        "Waiting and refused",
        "Requests in the queue, and those in a second that got no connection.",
        COUNT,
        [
            (by("", gauge("database_pool_waiting")), "waiting"),
            (by("", rate("database_pool_refused_total")), "refused per second"),
        ],
    ),
    Panel(
        "Query time",
        "P95 by kind of query.",
        SECONDS,
        quantiles("database_query_duration_seconds", labels="query_type")[1:2],
    ),
    Panel(
        "Slow queries",
        "Queries in a second that took longer than their kind may.",
        COUNT,
        [(by("query_type", rate("database_slow_queries_total")), "{{query_type}}")],
    ),
    Panel(
        "Failed and given up",
        "Errors by their code; cancelled: nobody waited for the answer any more.",
        COUNT,
        [
            (by("error_type", rate("database_query_errors_total")), "{{error_type}}"),
            (by("", rate("cancelled_queries_total")), "cancelled"),
        ],
    ),
    Panel(
        "Cache hit rate",
        "Now, and since the start.",
        PERCENT,
        [
            (
                "100 * "
                + by("cache_type", rate("cache_operations_total", 'operation="get", result=~"hit|stale"'))
                + " / "
                + by("cache_type", rate("cache_operations_total", 'operation="get"')),
                "{{cache_type}} now",
            ),
            (gauge("cache_hit_rate"), "{{cache_type}} since the start"),
        ],
    ),
    Panel(
        "Cache operations",
        "What was asked of caches, and what came of it.",
        COUNT,
        [
            (
                by("cache_type, operation, result", rate("cache_operations_total")),
                "{{cache_type}} {{operation}} {{result}}",
            )
        ],
    ),
    Panel(
        "Reads by layer",
        "Which layer had the answer.",
        COUNT,
        [
            (
                by("cache_type, layer, result", rate("cache_layer_operations_total")),
                "{{cache_type}} {{layer}} {{result}}",
            )
        ],
    ),
    Panel(
        "Evictions",
        "Entries that gave way for want of room.",
        COUNT,
        [(by("cache_type", rate("cache_evictions_total")), "{{cache_type}}")],
    ),
    Panel(
        "Coherence lag",
        "How long ago a process is known to have heard all that was outdated.",
        SECONDS,
        quantiles("cache_coherence_lag_seconds"),
    ),
)


def dashboard(title: str, uid: str, panels: Iterable[Panel]) -> dict[str, Any]:
    """Return a dashboard as Grafana imports it."""
    return {
        "title": title,
        "uid": uid,
        "tags": ["vcci"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                {
                    "name": "job",
                    "type": "query",
                    "datasource": SOURCE,
                    "query": "label_values(greenlang_http_requests_total, job)",
                    "includeAll": True,
                    "multi": True,
                    "current": {"text": "All", "value": "$__all"},
                },
            ]
        },
        "panels": [_panel(place, panel) for place, panel in enumerate(panels)],
    }


def dashboards() -> dict[str, dict[str, Any]]:
    """Return all dashboards by the name of their file."""
    return {
        "service.json": dashboard("VCCI: service", "vcci-service", SERVICE),
        "database.json": dashboard("VCCI: database and cache", "vcci-database", DATABASE),
    }


def rendered(content: dict[str, Any]) -> str:
    """Return a dashboard as it is committed."""
    return json.dumps(content, indent=1) + "\n"


def _panel(place: int, panel: Panel) -> dict[str, Any]:
    left = place * WIDTH % ROW_WIDTH
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": {"x": left, "y": place * WIDTH // ROW_WIDTH * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(panel.queries)
        ],
    }


if __name__ == "__main__":
    for name, content in dashboards().items():
        (FOLDER / name).write_text(rendered(content), encoding="utf-8")
