"""The table is sound, series are bounded, and the processes of a service add up."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from vcci.monitoring.declared import OTHER, SECONDS, Kind, Series, made
from vcci.monitoring.metrics import Metrics
from vcci.monitoring.table import PREFIX, TABLE

WORKER = """
import sys
from vcci.monitoring.metrics import METRICS
from vcci.monitoring.performance import get_performance_monitor
metrics = get_performance_monitor().metrics
for _ in range(int(sys.argv[1])):
    metrics.track_cache_operation("response", "get", sys.argv[2])
METRICS.histogram("event_loop_lag_seconds").only.observe(0.004)
metrics.update_pool(checked_out=int(sys.argv[1]), available=0, overflow=0, total=10)
print("ready", flush=True)
sys.stdin.read()
"""
READER = "import sys; from vcci.monitoring.metrics import exposition; sys.stdout.buffer.write(exposition())"


def test_names_are_told_once_and_say_their_kind_and_unit() -> None:
    names = [one.name for one in TABLE]
    assert len(set(names)) == len(names)
    assert all(one.name.startswith(PREFIX) for one in TABLE)
    assert all(one.name.endswith("_total") == (one.kind is Kind.COUNTER) for one in TABLE)
    assert all(one.name.endswith("_seconds") for one in TABLE if one.kind is Kind.HISTOGRAM)


def test_bounds_have_the_targets_of_3_300_500_and_800_ms() -> None:
    assert {0.003, 0.3, 0.5, 0.8} <= set(SECONDS)
    assert (min(SECONDS), max(SECONDS)) == (0.001, 10.0)


def test_series_beyond_the_bound_share_one() -> None:
    declared = next(one for one in TABLE if one.name.endswith("cache_evictions_total"))
    series: Series[Counter] = made(declared, CollectorRegistry())
    for number in range(1_000):
        series[(f"cache {number}",)].inc()
    assert len(series) == declared.most_series


@pytest.mark.parametrize("method", ["GET", "BREW"])
def test_a_value_that_a_label_may_not_have_is_other(method: str) -> None:
    active = Metrics(CollectorRegistry()).gauge("http_requests_active")
    kept = (method, "/") if method == "GET" else (OTHER, OTHER)
    assert active[method, "/"] is active[method, "/"]
    assert active[method, "/"]._labelvalues == kept


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def started(count: int, result: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(count), result]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def read() -> str:
    return subprocess.run([sys.executable, "-c", READER], check=True, capture_output=True, text=True).stdout


def test_four_processes_add_up_and_one_that_ended_leaves_only_what_it_counted(folder: Path) -> None:
    workers = [started(count, result) for count, result in ((1, "hit"), (2, "hit"), (3, "miss"), (4, "miss"))]
    alive = read()
    for worker in workers[2:]:
        worker.kill()
    for worker in workers:
        worker.communicate() if worker not in workers[:2] else None
    later = read()
    for worker in workers[:2]:
        worker.communicate()
    for text in (alive, later):
        assert (
            'greenlang_cache_operations_total{cache_type="response",operation="get",result="hit"} 3.0' in text
        )
        assert 'greenlang_cache_hit_rate{cache_type="response"} 30.0' in text
        assert "greenlang_event_loop_lag_seconds_count 4.0" in text
    assert 'greenlang_database_connection_pool_size{state="checked_out"} 10.0' in alive
    assert 'greenlang_database_connection_pool_size{state="checked_out"} 3.0' in later
