"""Every metric of the service, in one place. Names keep the prefix that dashboards know."""

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service keep their counts, so that each of them can tell the sum."""

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REGISTRY: Final = CollectorRegistry()

REQUESTS: Final = Counter(
    "greenlang_http_requests_total",
    "Requests that were answered, by route, method and status; 499: the client went before.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS: Final = Histogram(
    "greenlang_http_request_duration_seconds",
    "From the request's head to the end of its answer.",
    ("route", "method"),
    buckets=SECONDS,
    registry=REGISTRY,
)
IN_FLIGHT: Final = Gauge(
    "greenlang_http_requests_in_flight",
    "Requests that are being answered.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
CACHE_TOTAL: Final = "greenlang_response_cache_total"
CACHE_ANSWERS: Final = Counter(
    CACHE_TOTAL,
    "Requests that the response cache saw, by outcome: hit or miss.",
    ("outcome",),
    registry=REGISTRY,
)
POOL_CONNECTIONS: Final = Gauge(
    "greenlang_database_pool_connections",
    "Connections to PostgreSQL, by state: idle or in_use.",
    ("state",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format, over all processes where they share a folder."""
    return generate_latest(_whole())


def cache_answers() -> tuple[int, int]:
    """Return how many requests the response caches of all processes answered, and how many they did not."""
    found = {"hit": 0, "miss": 0}
    for metric in _whole().collect():
        for sample in metric.samples:
            if sample.name == CACHE_TOTAL:
                found[sample.labels["outcome"]] += int(sample.value)
    return found["hit"], found["miss"]


def _whole() -> CollectorRegistry:
    if SHARED_FOLDER not in os.environ:
        return REGISTRY
    whole = CollectorRegistry()
    MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
    return whole
