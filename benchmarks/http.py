"""What a request costs the service: requests per CPU second, of the product, its peers and the limit.

All servers run at once, each with one worker of the same server program, over one PostgreSQL with a real
ledger in it; they are asked in turns. All check the key of each request and read and write under row
security; a calculation is answered after it is committed.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
from benchmarks.http_load import cpu_seconds, load
from benchmarks.record import write_record

from vcci.database import embedded
from vcci.database.api_keys import StoredKey, add_key
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.domain.api_keys import new_key
from vcci.runtime.service_secret import derived

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "examples" / "oxford-city-council"
SECRET = "a secret of a benchmark, long enough"
SERVERS = ("raw", "cached", "fastapi", "hot", "orm")
CONNECTIONS = 64
LINES = 5_000
"""Lines that are asked for in turn."""

ACTIVITY = {"category": 1, "factor": "naics2017:541511", "quantity": 100, "unit": "USD",
            "date": "2024-03-01", "region": "US"}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A database with a ledger, a key, and the lines that are asked for."""

    url: str
    key: str
    lines: list[tuple[UUID, UUID]]

    def requests(self, what: str) -> Iterator[bytes]:
        """Return requests of a kind, without end."""
        if what == "post":
            body = orjson.dumps(ACTIVITY)
            head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            return itertools.repeat(self._request("POST /api/v1/calculator/calculate", head) + body)
        lines = self.lines[:1] if what == "one" else self.lines
        paths = [f"{run}/{line}" if what == "get of run" else str(line) for run, line in lines]
        return itertools.cycle([self._request(f"GET /api/v1/emissions/{path}") for path in paths])

    def _request(self, target: str, head: str = "") -> bytes:
        return (
            f"{target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n{head}\r\n"
        ).encode()


ASKED = {
    "raw_asgi": ("raw", "one"),
    "cached": ("cached", "one"),
    "fastapi": ("fastapi", "one"),
    "get": ("hot", "get"),
    "get_orm": ("orm", "get of run"),
    "post": ("hot", "post"),
    "post_orm": ("orm", "post"),
}
"""What is measured: which server, and what it is asked."""


@contextmanager
def setting() -> Iterator[Setting]:
    """Give a database with a ledger in it."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-"))
    folder.chmod(0o755)
    try:
        url = embedded.start(folder).url
        command = [
            sys.executable,
            "-m",
            "vcci",
            "run",
            str(LEDGER / "spend.csv"),
            "--out",
            str(folder / "run"),
        ]
        command += ["--map", str(LEDGER / "mapping.yaml")]
        subprocess.run(command, check=True, env=os.environ | {"DATABASE_URL": url}, stdout=subprocess.DEVNULL)
        yield asyncio.run(_set(url))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


async def _set(url: str) -> Setting:
    async with connected(url) as connection:
        tenant_id = await ensure_tenant(connection, "local")
        key = new_key(tenant_id, UUID(str(new_id())))
        digest = key.digest(derived(SECRET.encode(), purpose="api keys"))
        async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
            stored = StoredKey(key.key_id, "bench", "admin", [], digest, None, None, None)  # type: ignore[arg-type]
            await add_key(tx, tenant_id, stored)
            rows = await tx.fetch(
                "SELECT run_id, id FROM vcci.emissions WHERE tenant_id = $1 ORDER BY id LIMIT $2",
                *(tenant_id, LINES),
            )
    return Setting(url, key.text(), [(row["run_id"], row["id"]) for row in rows])


@contextmanager
def server(name: str, where: Setting) -> Iterator[tuple[int, int]]:
    """Give the process id and port of a server that answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--factory"]
    command += [
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
        f"benchmarks.http_servers:{name}",
    ]
    told = {"DATABASE_URL": where.url, "VCCI_SECRET": SECRET, "VCCI_REQUESTS_PER_MINUTE": "1000000000"}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | told)
    try:
        _wait(port)
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


def measure(where: Setting, *, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return requests per CPU second of each kind, by round."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(name, where)) for name in SERVERS}
        for name, what in ASKED.values():
            asyncio.run(load(servers[name][1], where.requests(what), connections=CONNECTIONS, seconds=1))
        found: dict[str, list[float]] = {kind: [] for kind in ASKED}
        for _ in range(rounds):
            for kind, (name, what) in ASKED.items():
                found[kind].append(_once(servers[name], where.requests(what), kind=kind, seconds=seconds))
    return found


def _once(where: tuple[int, int], requests: Iterator[bytes], *, kind: str, seconds: float) -> float:
    pid, port = where
    if kind == "cached":  # a kept answer is fresh for a minute, and this goes on for longer
        asyncio.run(load(port, requests, connections=CONNECTIONS, seconds=0.2))
    before = cpu_seconds(pid)
    tally = asyncio.run(load(port, requests, connections=CONNECTIONS, seconds=seconds))
    if set(tally.statuses) != {b"200"}:
        raise SystemExit(f"{kind} was answered {tally.statuses}: {tally.sample!r}")
    if kind == "cached" and b"vcci; hit" not in tally.sample:
        raise SystemExit(f"That was no hit: {tally.sample!r}")
    return tally.answers / (cpu_seconds(pid) - before)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="Requests per CPU second of the service.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    with setting() as where:
        found = measure(where, rounds=asked.rounds, seconds=asked.seconds)
    figures = {f"{kind}_per_cpu_s": round(statistics.median(rates)) for kind, rates in found.items()}
    ratios = {
        "cached_over_raw_asgi": ("cached", "raw_asgi"),
        "cached_over_fastapi": ("cached", "fastapi"),
        "get_over_orm": ("get", "get_orm"),
        "post_over_orm": ("post", "post_orm"),
    }
    for name, (ours, peer) in ratios.items():
        pairs = zip(found[ours], found[peer], strict=True)
        figures[name] = round(statistics.median(a / b for a, b in pairs), 2)  # type: ignore[assignment]
    config = {"rounds": asked.rounds, "seconds": asked.seconds, "connections": CONNECTIONS, "workers": 1}
    path = write_record("http", config=config, figures=figures)
    print("\n".join(f"{name:28} {value:>12,}" for name, value in figures.items()))
    print(f"written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
