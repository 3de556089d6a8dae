"""Every metric of the service, in one table: names with the prefix that dashboards know.

A new one goes here, into a rule or dashboard, and into the table of docs/monitoring.md; tests compare these.
"""

from typing import Final

from vcci.monitoring.declared import LONG_SECONDS, Declared, Kind

PREFIX: Final = "greenlang_"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER")
CLASSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx", "499")
"""How answers are told apart in the histogram; 499: the client went before it had the answer."""

STATES: Final = ("checked_out", "available", "overflow", "total")
LAYERS: Final = ("l1", "l2", "truth")
RESULTS: Final = ("hit", "miss", "load", "stale", "stored", "refused", "deleted", "error")
ANSWERED: Final = ("hit", "stale")
"""Results of a read that the cache answered."""

OPERATIONS: Final = ("get", "set", "delete")
CATEGORIES: Final = (*(str(number) for number in range(1, 17)), "none")

SERVICE: Final = "dashboard: service"
DATABASE: Final = "dashboard: database and cache"

TABLE: Final = (
    Declared(
        name="greenlang_http_requests_total",
        kind=Kind.COUNTER,
        unit="requests",
        labels={"method": METHODS, "endpoint": (), "status": ()},
        most_series=3_000,
        read_by=("HighErrorRate", "AvailabilityBurn", SERVICE),
        meaning="Requests that were answered, by route and true status; 499: the client went before.",
    ),
    Declared(
        name="greenlang_http_request_duration_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        labels={"method": METHODS, "endpoint": (), "status": CLASSES},
        most_series=1_000,
        read_by=("HighLatency", "LatencyBurn", SERVICE),
        meaning="From the request's head to the end of its answer, by route and class of status.",
    ),
    Declared(
        name="greenlang_http_requests_active",
        kind=Kind.GAUGE,
        unit="requests",
        labels={"method": METHODS, "endpoint": ()},
        most_series=1_000,
        read_by=(SERVICE,),
        meaning="Requests that are being answered.",
    ),
    Declared(
        name="greenlang_event_loop_lag_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        read_by=("LoopLagHigh", SERVICE),
        meaning="How much later than asked the event loop woke a sleeper; all requests wait as long.",
    ),
    Declared(
        name="greenlang_database_query_duration_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        labels={"query_type": ()},
        most_series=100,
        read_by=(DATABASE,),
        meaning="Queries by their kind, from sending to the last row.",
    ),
    Declared(
        name="greenlang_database_slow_queries_total",
        kind=Kind.COUNTER,
        unit="queries",
        labels={"query_type": ()},
        most_series=100,
        read_by=(DATABASE,),
        meaning="Queries that took longer than their kind may.",
    ),
    Declared(
        name="greenlang_database_query_errors_total",
        kind=Kind.COUNTER,
        unit="queries",
        labels={"error_type": ()},
        most_series=50,
        read_by=(DATABASE,),
        meaning="Queries that failed, by the stable code of the error, else its class.",
    ),
    Declared(
        name="greenlang_cancelled_queries_total",
        kind=Kind.COUNTER,
        unit="queries",
        read_by=(DATABASE,),
        meaning="Queries that were given up because nobody waited for them any more.",
    ),
    Declared(
        name="greenlang_database_connection_pool_size",
        kind=Kind.GAUGE,
        unit="connections",
        labels={"state": STATES},
        most_series=4,
        read_by=("HighPoolUtilization", DATABASE),
        meaning="Connections to PostgreSQL: in use, idle, beyond those kept; total: as many as there can be.",
    ),
    Declared(
        name="greenlang_database_pool_wait_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        labels={"work": ("interactive", "background")},
        most_series=2,
        read_by=("PoolWaitHigh", DATABASE),
        meaning="How long was waited for a connection, by what it was for.",
    ),
    Declared(
        name="greenlang_database_pool_waiting",
        kind=Kind.GAUGE,
        unit="requests",
        read_by=(DATABASE,),
        meaning="Requests that wait for a connection now.",
    ),
    Declared(
        name="greenlang_database_pool_refused_total",
        kind=Kind.COUNTER,
        unit="requests",
        read_by=("PoolRefuses", DATABASE),
        meaning="Requests that got no connection: too many waited, or the wait was too long.",
    ),
    Declared(
        name="greenlang_cache_hit_rate",
        kind=Kind.GAUGE,
        unit="percent",
        labels={"cache_type": ()},
        most_series=10,
        read_by=(DATABASE,),
        is_derived=True,
        meaning="Share of reads since the start that a cache answered, 0 to 100; from the counts below.",
    ),
    Declared(
        name="greenlang_cache_operations_total",
        kind=Kind.COUNTER,
        unit="operations",
        labels={"cache_type": (), "operation": OPERATIONS, "result": RESULTS},
        most_series=100,
        read_by=("LowCacheHitRate", DATABASE),
        meaning="What was asked of a cache, and what came of it.",
    ),
    Declared(
        name="greenlang_cache_layer_operations_total",
        kind=Kind.COUNTER,
        unit="operations",
        labels={"cache_type": (), "layer": LAYERS, "result": RESULTS},
        most_series=100,
        read_by=(DATABASE,),
        meaning="Reads by layer: of this process (l1), shared (l2), where the values come from (truth).",
    ),
    Declared(
        name="greenlang_cache_evictions_total",
        kind=Kind.COUNTER,
        unit="entries",
        labels={"cache_type": ()},
        most_series=10,
        read_by=(DATABASE,),
        meaning="Entries that gave way to others for want of room.",
    ),
    Declared(
        name="greenlang_cache_coherence_lag_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        read_by=("CoherenceLagHigh", DATABASE),
        meaning="How long ago a process is known to have heard all that was outdated, at each of its looks.",
    ),
    Declared(
        name="greenlang_batch_processing_duration_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        labels={"batch_type": ()},
        most_series=10,
        bounds=LONG_SECONDS,
        read_by=(SERVICE,),
        meaning="Work in bulk, from its first record to its last.",
    ),
    Declared(
        name="greenlang_batch_throughput_records_per_second",
        kind=Kind.GAUGE,
        unit="records per second",
        labels={"batch_type": ()},
        most_series=10,
        of_processes="mostrecent",
        read_by=(SERVICE,),
        meaning="Records of the last work in bulk over its time.",
    ),
    Declared(
        name="greenlang_emissions_calculations_total",
        kind=Kind.COUNTER,
        unit="calculations",
        labels={"scope3_category": CATEGORIES, "status": ("calculated", "unanswered", "failed")},
        most_series=51,
        read_by=(SERVICE,),
        meaning="Activities that were calculated, by category; unanswered: no factor or no method for it.",
    ),
    Declared(
        name="greenlang_supplier_ingestion_total",
        kind=Kind.COUNTER,
        unit="suppliers",
        labels={"status": ("created", "existing", "conflict", "invalid")},
        most_series=4,
        read_by=(SERVICE,),
        meaning="Suppliers that were taken in, and what became of them.",
    ),
)
