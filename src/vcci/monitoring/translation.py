"""Events of the rooms below, as metrics: they tell what happened and know nothing of Prometheus."""

from typing import Final, Protocol

from vcci.events import CacheRead, CoherenceChecked, ConnectionTaken, Event, QueryRan
from vcci.monitoring.metrics import METRICS
from vcci.monitoring.performance import get_performance_monitor
from vcci.monitoring.queries import SLOW_QUERIES

_WAIT: Final = METRICS.histogram("database_pool_wait_seconds")
_SIZE: Final = METRICS.gauge("database_connection_pool_size")
_OPERATIONS: Final = METRICS.counter("cache_operations_total")
_LAYERS: Final = METRICS.counter("cache_layer_operations_total")
_COHERENCE: Final = METRICS.histogram("cache_coherence_lag_seconds").only
_QUERIES: Final = METRICS.histogram("database_query_duration_seconds")
_SLOW: Final = METRICS.counter("database_slow_queries_total")
_ERRORS: Final = METRICS.counter("database_query_errors_total")
_CANCELLED: Final = METRICS.counter("cancelled_queries_total").only
_ENDS: Final = {
    ("l1", "hit"): "hit",
    ("l2", "hit"): "hit",
    ("truth", "load"): "miss",
    ("truth", "stale"): "stale",
    ("truth", "error"): "error",
}
"""What a read of a cache came to, by the layer that said the last word."""

_WAITING: Final = METRICS.gauge("database_pool_waiting").only
_REFUSED: Final = METRICS.counter("database_pool_refused_total").only


class PoolNumbers(Protocol):
    """A pool at one moment; `refused` counts since its start."""

    @property
    def size(self) -> int:
        """Connections that are open."""

    @property
    def idle(self) -> int:
        """Those that nobody uses."""

    @property
    def in_use(self) -> int:
        """Those that somebody uses."""

    @property
    def waiting(self) -> int:
        """Who waits for one."""

    @property
    def most(self) -> int:
        """Connections that there can be at once."""

    @property
    def refused(self) -> int:
        """Who got none, since the start."""


def count(event: Event) -> None:
    """Count an event that a metric is made of: the hook of pools and caches.

    What comes of a read of a cache in the end is a `get`; those that wait for the same search are one.
    """
    match event:
        case CacheRead(cache_type, layer, result):
            _LAYERS[cache_type, layer, result].inc()
            ended = _ENDS.get((layer, result))
            if ended is not None:
                _OPERATIONS[cache_type, "get", ended].inc()
        case ConnectionTaken(seconds, work):
            _WAIT[(str(work),)].observe(seconds)
        case CoherenceChecked(lag_seconds):
            _COHERENCE.observe(lag_seconds)
        case QueryRan(query_type, seconds, error):
            _count_query(query_type, seconds, error=error)


def _count_query(query_type: str, seconds: float, *, error: str) -> None:
    _QUERIES[(query_type,)].observe(seconds)
    get_performance_monitor().metrics.queries[(query_type,)].record(seconds)
    if seconds > SLOW_QUERIES.threshold_s:
        _SLOW[(query_type,)].inc()
    if error == "cancelled":
        _CANCELLED.inc()
    elif error:
        _ERRORS[(error,)].inc()


class PoolGauge:
    """Shows a pool as it is when it is read; one for each pool of a process."""

    def __init__(self, *, kept: int) -> None:
        """Take how many connections are kept: those above are overflow."""
        self._kept = kept
        self._refused = 0

    def show(self, pool: PoolNumbers) -> None:
        """Set the gauges, and count who was refused since the last time."""
        _SIZE[("checked_out",)].set(pool.in_use)
        _SIZE[("available",)].set(pool.idle)
        _SIZE[("overflow",)].set(max(0, pool.size - self._kept))
        _SIZE[("total",)].set(pool.most)
        _WAITING.set(pool.waiting)
        _REFUSED.inc(pool.refused - self._refused)
        self._refused = pool.refused
