"""What a process tells of its speed: in plain values, and as a text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from prometheus_client.metrics_core import Metric

from vcci.monitoring.latency import Latencies
from vcci.monitoring.metrics import cache_reads
from vcci.monitoring.table import PREFIX

COLUMNS: Final = ("count", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Times of one thing in milliseconds; percentiles to 1 %, the rest exact."""

    name: str
    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """Percentiles are those of this process; rates, connections and counts those of the whole service."""

    endpoints: Sequence[Percentiles]
    queries: Sequence[Percentiles]
    cache_hit_percent: Mapping[str, float]
    layer_hit_percent: Mapping[str, float]
    pool: Mapping[str, int]
    slow_queries: Sequence[Mapping[str, Any]]

    def as_plain(self) -> dict[str, Any]:
        """Return it in plain values, for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """Return it for a terminal."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for title, many in (("Requests", self.endpoints), ("Queries", self.queries)):
            yield f"{title:<48}" + "".join(f"{column:>10}" for column in COLUMNS)
            for one in many:
                times = (one.mean_ms, one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms)
                yield f"  {one.name:<46}{one.count:>10}" + "".join(f"{time:>10.2f}" for time in times)
        yield "Cache hits"
        for name, percent in (*self.cache_hit_percent.items(), *self.layer_hit_percent.items()):
            yield f"  {name:<46}{percent:>9.1f} %"
        yield "Connections"
        yield from (f"  {state:<46}{count:>10}" for state, count in self.pool.items())
        yield "Slow queries"
        for query in self.slow_queries:
            yield "  " + ", ".join(f"{name} {value}" for name, value in query.items())


def reported(
    metrics: Iterable[Metric],
    *,
    endpoints: Latencies,
    queries: Latencies,
    slow_queries: Sequence[Mapping[str, Any]] = (),
) -> PerformanceReport:
    """Return the report of what was measured; the slowest by their P95 come first."""
    found = list(metrics)
    reads = cache_reads(found)
    return PerformanceReport(
        _percentiles(endpoints),
        _percentiles(queries),
        {name: 100 * hits / (hits + misses) for name, (hits, misses) in reads.items() if hits + misses},
        _by_layer(found),
        _pool(found),
        list(slow_queries),
    )


def _percentiles(latencies: Latencies) -> list[Percentiles]:
    told = []
    for name, one in latencies.items():
        times = (one.mean_s, one.p50_s, one.p95_s, one.p99_s, one.max_s)
        told.append(Percentiles(" ".join(name), one.count, *(1_000 * seconds for seconds in times)))
    return sorted(told, key=lambda one: -one.p95_ms)


def _by_layer(metrics: Iterable[Metric]) -> dict[str, float]:
    """Return the share of reads that reached a layer and were answered there, by cache and layer."""
    hits, reads = defaultdict[str, float](float), defaultdict[str, float](float)
    for sample in (one for metric in metrics for one in metric.samples):
        if sample.name == f"{PREFIX}cache_layer_operations_total" and sample.labels["result"] in (
            "hit",
            "miss",
        ):
            name = f"{sample.labels['cache_type']} {sample.labels['layer']}"
            reads[name] += sample.value
            hits[name] += sample.value * (sample.labels["result"] == "hit")
    return {name: 100 * hits[name] / count for name, count in reads.items() if count}


def _pool(metrics: Iterable[Metric]) -> dict[str, int]:
    told: dict[str, int] = {}
    for sample in (one for metric in metrics for one in metric.samples):
        if sample.name == f"{PREFIX}database_connection_pool_size":
            told[sample.labels["state"]] = int(sample.value)
        elif sample.name in (f"{PREFIX}database_pool_waiting", f"{PREFIX}database_pool_refused_total"):
            told[sample.name.removeprefix(f"{PREFIX}database_pool_").removesuffix("_total")] = int(
                sample.value
            )
    return told
