"""Every metric of the service, in one table. Names keep the prefix that dashboards know."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from vcci.monitoring.declared import Series, made
from vcci.monitoring.table import ANSWERED, PREFIX, TABLE

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service keep their counts, so that each of them can tell the sum."""


class Metrics:
    """All metrics of the table, in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._made = {
            one.name.removeprefix(PREFIX): made(one, registry) for one in TABLE if not one.is_derived
        }

    def counter(self, name: str) -> Series[Counter]:
        """Return the counter of a name without its prefix."""
        return self._made[name]

    def gauge(self, name: str) -> Series[Gauge]:
        """Return the gauge of a name without its prefix."""
        return self._made[name]

    def histogram(self, name: str) -> Series[Histogram]:
        """Return the histogram of a name without its prefix."""
        return self._made[name]


REGISTRY: Final = CollectorRegistry()
METRICS: Final = Metrics(REGISTRY)
POOL_CONNECTIONS: Final = METRICS.gauge("database_connection_pool_size")


@dataclass(frozen=True, slots=True)
class Whole(Collector):
    """What a registry has, summed over processes where they share a folder, with what follows from it."""

    registry: CollectorRegistry = REGISTRY

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; the moments at which series began are left out."""
        found = list(_of_processes() if SHARED_FOLDER in os.environ else self.registry.collect())
        for metric in found:
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
        yield from found
        yield _hit_rates(found)


def exposition(registry: CollectorRegistry = REGISTRY) -> bytes:
    """Return all metrics in Prometheus' text format, over all processes where they share a folder."""
    return generate_latest(Whole(registry))


def cache_answers(cache_type: str = "response") -> tuple[int, int]:
    """Return how many reads a cache of all processes answered, and how many it did not."""
    return cache_reads(Whole().collect()).get(cache_type, (0, 0))


def cache_reads(metrics: Iterable[Metric]) -> Mapping[str, tuple[int, int]]:
    """Return hits and misses by cache, from collected metrics."""
    found: dict[str, tuple[int, int]] = {}
    for sample in (one for metric in metrics for one in metric.samples):
        if sample.name == "greenlang_cache_operations_total" and sample.labels["operation"] == "get":
            hits, misses = found.get(sample.labels["cache_type"], (0, 0))
            count, is_hit = int(sample.value), sample.labels["result"] in ANSWERED
            found[sample.labels["cache_type"]] = hits + count * is_hit, misses + count * (not is_hit)
    return found


def described() -> Iterator[tuple[str, ...]]:
    """Yield the rows of docs/monitoring.md: name, kind, unit, labels, most series, readers, meaning."""
    for one in TABLE:
        labels = "; ".join(f"{name}: {', '.join(known) or 'open'}" for name, known in one.labels.items())
        told = (one.name, one.kind.value, one.unit, labels, str(one.most_series))
        yield (*told, ", ".join(one.read_by), one.meaning)


def _hit_rates(found: Iterable[Metric]) -> GaugeMetricFamily:
    declared = next(one for one in TABLE if one.is_derived)
    family = GaugeMetricFamily(declared.name, declared.meaning, labels=tuple(declared.labels))
    for cache_type, (hits, misses) in cache_reads(found).items():
        if hits or misses:
            family.add_metric((cache_type,), 100 * hits / (hits + misses))
    return family


def _of_processes() -> Iterable[Metric]:
    """Return the sums; what only a living process has, such as its connections, ends with it."""
    folder = Path(os.environ[SHARED_FOLDER])
    for process_id in {one.stem.rpartition("_")[2] for one in folder.glob("gauge_live*.db")}:
        if not _lives(int(process_id)):
            with suppress(FileNotFoundError):  # another process saw to it at the same time
                mark_process_dead(process_id, str(folder))  # type: ignore[no-untyped-call]
    collector: Any = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]
    found: Iterable[Metric] = collector.collect()
    return found


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
