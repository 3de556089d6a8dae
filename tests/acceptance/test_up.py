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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def up(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Give a running service, its port and the token that it printed."""
    port = free_port()
    command = [sys.executable, "-m", "vcci", "up", "--port", str(port), *options]
    environment = os.environ | {"VCCI_DATA_DIR": str(data_dir)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
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
        assert (status, ask(port, "/", Cookie=session)[0]) == (303, 200)
        assert "<h2>Runs</h2>" in ask(port, "/", Cookie=session)[2]
        assert json.loads(ask(port, "/readyz")[2]) == {"status": "ready"}
        assert [ask(port, "/")[0] for _ in range(10)] == [200] * 10
        assert '{endpoint="/",method="GET",status="200"}' in ask(port, "/metrics")[2]


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
