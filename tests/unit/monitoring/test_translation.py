"""What the pool of connections tells becomes metrics."""

from dataclasses import dataclass

from vcci.events import CacheRead, CoherenceChecked, ConnectionTaken, StageStarted
from vcci.monitoring.metrics import REGISTRY
from vcci.monitoring.translation import PoolGauge, count


@dataclass(frozen=True)
class Numbers:
    """A pool at one moment."""

    size: int = 12
    idle: int = 3
    in_use: int = 9
    waiting: int = 4
    most: int = 15
    refused: int = 0


def value(name: str, *, prefix: str = "greenlang_database_", **labels: str) -> float:
    return REGISTRY.get_sample_value(prefix + name, labels) or 0.0


def test_a_wait_for_a_connection_is_counted_by_what_it_was_for() -> None:
    before = value("pool_wait_seconds_count", work="background")
    count(ConnectionTaken(0.25, "background"))
    count(StageStarted("read"))
    assert value("pool_wait_seconds_count", work="background") - before == 1


def test_a_read_of_a_cache_is_counted_by_layer_and_by_what_it_came_to() -> None:
    told = [("l1", "hit"), ("l1", "miss"), ("l2", "hit"), ("l1", "miss"), ("l2", "miss"), ("truth", "load")]
    for layer, result in told:
        count(CacheRead("translated", layer, result))
    reads = {"prefix": "greenlang_cache_", "cache_type": "translated"}
    ends = [value("operations_total", operation="get", result=end, **reads) for end in ("hit", "miss")]
    assert ends == [2, 1]
    assert value("layer_operations_total", layer="l1", result="miss", **reads) == 2


def test_a_look_at_what_is_outdated_is_counted_with_how_old_it_is() -> None:
    name = "greenlang_cache_coherence_lag_seconds_count"
    before = REGISTRY.get_sample_value(name) or 0.0
    count(CoherenceChecked(0.02))
    assert (REGISTRY.get_sample_value(name) or 0.0) - before == 1


def test_a_pool_is_shown_by_its_states() -> None:
    PoolGauge(kept=10).show(Numbers())
    shown = [
        value("connection_pool_size", state=state)
        for state in ("checked_out", "available", "overflow", "total")
    ]
    assert [*shown, value("pool_waiting")] == [9, 3, 2, 15, 4]


def test_who_was_refused_is_counted_once_however_often_one_looks() -> None:
    gauge, before = PoolGauge(kept=10), value("pool_refused_total")
    for refused in (0, 2, 2, 5):
        gauge.show(Numbers(refused=refused))
    assert value("pool_refused_total") - before == 5
