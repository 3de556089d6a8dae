"""Spark on the loopback address: a master and workers on free ports, and a session within this process."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"

DEFAULTS = f"""
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
spark.driver.bindAddress {HOST}
spark.driver.host {HOST}
spark.driver.memory 1g
spark.executor.cores 1
spark.executor.memory 1g
spark.sql.shuffle.partitions 2
spark.ui.enabled false
"""
"""What Spark reads from its folder of configuration: nothing listens but on the loopback address.

The process that plans compiles its code lightly: it ends before more would pay.
"""

MOST_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Cluster:
    """A master that answers, and the environment that its clients need."""

    master: str
    environment: dict[str, str]


@contextmanager
def running_cluster(folder: Path, *, workers: int = 2, memory_mb: int = 1500) -> Iterator[Cluster]:
    """Give a standalone master with workers of one core each; all of their processes are ended at the end."""
    environment = spark_environment(folder)
    port, page = _free_ports(2)
    master = f"spark://{HOST}:{port}"
    begun: list[subprocess.Popen[bytes]] = []
    try:
        place = ["--host", HOST]
        begun.append(
            _begin([MASTER, *place, "--port", str(port), "--webui-port", str(page)], folder, environment)
        )
        _wait_for_workers(page, 0, begun)
        for number in range(workers):
            size = ["--cores", "1", "--memory", f"{memory_mb}M", "--work-dir", str(folder / f"work-{number}")]
            begun.append(_begin([WORKER, *place, "--webui-port", "0", *size, master], folder, environment))
        _wait_for_workers(page, workers, begun)
        yield Cluster(master, environment)
    finally:
        for process in reversed(begun):
            _end(process)


@contextmanager
def local_session(folder: Path, *, cores: int = 2) -> Iterator[Any]:
    """Give a session whose workers are threads of one Java process, which is ended at the end."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    before = {name: os.environ.get(name) for name in spark_environment(folder)}
    os.environ.update(spark_environment(folder))
    session = SparkSession.builder.master(f"local[{cores}]").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    gateway: Any = SparkContext._gateway
    try:
        yield session
    finally:
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)
        SparkContext._gateway = SparkContext._jvm = None
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def spark_environment(folder: Path) -> dict[str, str]:
    """Return the variables that keep Spark on the loopback address and in bounded memory."""
    import pyspark

    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (conf / "spark-defaults.conf").write_text(DEFAULTS)
    return {
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_DAEMON_MEMORY": "256m",
    }


def _begin(arguments: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    program = Path(environment["SPARK_HOME"]) / "bin" / "spark-class"
    with (folder / f"{arguments[0].rpartition('.')[2]}.log").open("ab") as log:
        return subprocess.Popen(
            [str(program), *arguments],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that was begun here, and what it has begun itself: a worker ends its executors."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def _wait_for_workers(page: int, count: int, begun: "list[subprocess.Popen[bytes]]") -> None:
    give_up = time.monotonic() + MOST_SECONDS
    while _workers(page) < count:
        ended = [process.args for process in begun if process.poll() is not None]
        if ended or time.monotonic() > give_up:
            raise RuntimeError(f"The cluster does not come up; ended: {ended or 'none'}.")
        time.sleep(0.2)


def _workers(page: int) -> int:
    """Return how many workers the master knows, -1 while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (OSError, ValueError):
        return -1


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
