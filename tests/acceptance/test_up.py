"""`vcci up` as its user sees it: an address that works, and a clean end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.support.valkey import running_valkey


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def up(data_dir: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Give a running service, its port and the token that it printed."""
    port = free_port()
    command = [sys.executable, "-m", "vcci", "up", "--port", str(port), *options]
    told = os.environ | {"VCCI_DATA_DIR": str(data_dir)} | environment
    with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"\?token=(\S+)", process.stdout.readline())
            assert found
            yield process, port, found[1]
        finally:
            process.terminate()
            process.wait(60)


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_address_that_is_printed_opens_the_first_page(data_dir: Path, workers: str) -> None:
    with up(data_dir, "--workers", workers) as (_, port, token):
        status, headers, _ = ask(port, f"/?token={token}")
        session = headers["set-cookie"].partition(";")[0]
        assert (status, ask(port, "/overview", Cookie=session)[0]) == (303, 200)
        assert ask(port, "/overview")[1]["location"] == "/sign-in?next=%2Foverview"
        assert json.loads(ask(port, "/readyz")[2]) == {"status": "ready"}
        assert [ask(port, "/sign-in")[0] for _ in range(10)] == [200] * 10
        assert '{endpoint="/sign-in",method="GET",status="200"}' in ask(port, "/metrics")[2]


def test_metrics_of_all_workers_are_served_on_a_port_of_their_own(data_dir: Path) -> None:
    port_of_metrics = free_port()
    with up(data_dir, "--workers", "2", METRICS_PORT=str(port_of_metrics)) as (process, port, _):
        for _ in range(20):
            ask(port, "/sign-in")
        found = ask(port_of_metrics, "/metrics")[2]
        series = r'requests_total\{endpoint="/sign-in",method="GET",status="200"\} ([\d.]+)'
        counted = re.search(series, found)
        assert counted
        assert float(counted[1]) >= 20
        assert ask(port_of_metrics, "/other")[0] == 404
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port_of_metrics)) != 0
    assert process.returncode == 0


def test_the_environment_that_the_predecessor_announced_is_understood(data_dir: Path) -> None:
    with running_valkey() as redis:
        told = {"DB_POOL_SIZE": "20", "DB_MAX_OVERFLOW": "10", "DB_POOL_RECYCLE": "3600", "REDIS_URL": redis}
        told |= {
            "REDIS_CACHE_TTL": "3600",
            "ENABLE_QUERY_ANALYSIS": "true",
            "SLOW_QUERY_THRESHOLD_MS": "1000",
        }
        told |= {"ENABLE_API_CACHE": "true", "CACHE_DEFAULT_STRATEGY": "short", "PROMETHEUS_ENABLED": "true"}
        told |= {"METRICS_PORT": str(free_port()), "VCCI_DEVELOPMENT": "true"}
        with up(data_dir, **told) as (_, port, _):
            pool = json.loads(ask(port, "/admin/performance/pool")[2])
            assert (pool["most"], "greenlang_" in ask(port, "/metrics")[2]) == (30, True)
            assert "hit_rate" in json.loads(ask(port, "/admin/cache/stats")[2])
            assert json.loads(ask(port, "/admin/performance/slow-queries")[2])["is_recorded"]


def test_requests_that_were_accepted_are_answered_when_it_is_told_to_stop(data_dir: Path) -> None:
    statuses: list[int] = []
    broken: list[str] = []
    with up(data_dir) as (process, port, _):

        def client() -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            while True:
                try:
                    connection.request("GET", "/readyz")
                except OSError:
                    return  # nobody listens any more: this one was not accepted
                try:
                    answer = connection.getresponse()
                    answer.read()
                    statuses.append(answer.status)
                except OSError as error:
                    broken.append(repr(error))
                    return

        threads = [threading.Thread(target=client) for _ in range(10)]
        for thread in threads:
            thread.start()
        while len(statuses) < 200:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        for thread in threads:
            thread.join(60)
        assert process.wait(60) == 0
    assert set(statuses) == {200}
    assert [error for error in broken if "RemoteDisconnected" not in error] == []


def test_port_that_is_taken_is_told_in_a_sentence(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "vcci", "up", "--port", port]
        environment = os.environ | {"VCCI_DATA_DIR": str(data_dir)}
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 7
    assert "[port_taken]" in done.stderr


def test_development_is_refused_where_others_could_ask(data_dir: Path) -> None:
    command = [sys.executable, "-m", "vcci", "up", "--host", "0.0.0.0", "--development"]
    environment = os.environ | {"VCCI_DATA_DIR": str(data_dir)}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert "[development_not_local]" in done.stderr
