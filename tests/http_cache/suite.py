"""Runs the suite: installs it to a scratch folder, starts its origin, the cache before it, and its client."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from tests.http_cache.reverse_proxy import ReverseProxy

from vcci.middleware.freshness import STANDARD, CacheStrategy
from vcci.middleware.response_cache import ResponseCacheMiddleware

HERE = Path(__file__).parent
OUTER_LIMIT_S = 100
STARTS_WITHIN_S = 20
NOT_A_STANDARD = "surrogate-control"
"""A suite about a W3C Note of 2001, not about HTTP; RFC 9213 took its place. It is counted apart."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: `passed` is by the suite's own rule, so what it depends on has to pass as well."""

    id: str
    suite: str
    kind: str
    passed: bool
    said: str


def install(scratch: Path) -> Path:
    """Install the suite with `npm ci`; return the folder."""
    folder = scratch / "http-cache-tests"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "run.mjs"):
        shutil.copy(HERE / name, folder / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


async def run_suite(folder: Path, strategy: CacheStrategy = STANDARD) -> list[Outcome]:
    """Run all tests that are not for browsers only, and return how each ended."""
    async with _origin(folder) as origin_port:
        cache = ResponseCacheMiddleware(ReverseProxy(origin_port), default_strategy=strategy)
        async with _served(cache) as port:
            client = await asyncio.create_subprocess_exec(
                *("node", "--no-warnings", "run.mjs"),
                cwd=folder,
                env=_environment(npm_config_base=f"http://localhost:{port}"),
                stdout=subprocess.PIPE,
            )
            try:
                printed, _ = await asyncio.wait_for(client.communicate(), OUTER_LIMIT_S)
            finally:
                if client.returncode is None:
                    client.kill()
        await cache.aclose()
    return outcomes(json.loads(printed.splitlines()[-1]))


def outcomes(told: list[dict[str, Any]]) -> list[Outcome]:
    """Return the verdicts; a test whose dependency did not pass counts as not passed."""
    by_id = {test["id"]: test for test in told}

    def passes(test: dict[str, Any]) -> bool:
        return test["result"] is True and all(passes(by_id[need]) for need in test["needs"])

    def said(test: dict[str, Any]) -> str:
        failed = [need for need in test["needs"] if not passes(by_id[need])]
        return f"needs {', '.join(failed)}" if failed else str(test["result"])

    run = [test for test in told if not test["browser_only"]]
    return [Outcome(t["id"], t["suite"], t["kind"], passes(t), said(t)) for t in run]


def count(found: Iterable[Outcome]) -> dict[str, float]:
    """Return passes and totals: required, optional and checks of HTTP, and all of Surrogate-Control apart."""
    names = {"required": "required", "optimal": "optional", "check": "check"}
    counted: dict[str, float] = {}
    for outcome in found:
        name = "surrogate" if outcome.suite == NOT_A_STANDARD else names[outcome.kind]
        counted[f"{name}_pass"] = counted.get(f"{name}_pass", 0) + outcome.passed
        counted[f"{name}_total"] = counted.get(f"{name}_total", 0) + 1
    return counted


@asynccontextmanager
async def _origin(folder: Path) -> AsyncIterator[int]:
    with socket.create_server(("localhost", 0)) as free:
        port: int = free.getsockname()[1]
    package = folder / "node_modules" / "http-cache-tests"
    settings = {"npm_config_protocol": "http", "npm_config_port": str(port)}
    process = await asyncio.create_subprocess_exec(
        *("node", "--no-warnings", "server/server.mjs"),
        cwd=package,
        env=_environment(**settings, npm_config_pidfile=str(folder / "server.pid")),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
        drained = asyncio.create_task(process.stdout.read())
        yield port
        drained.cancel()
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _served(app: Any) -> AsyncIterator[int]:
    listening = socket.create_server(("localhost", 0))
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="critical",
        server_header=False,
        date_header=False,
        http="httptools",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task


def _environment(**added: str) -> dict[str, str]:
    return {**os.environ, "npm_package_config_id": "", "npm_config_id": "", **added}
