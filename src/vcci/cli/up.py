"""`vcci up`: the service on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vcci.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")
STOP_SECONDS = 30
"""Accepted requests are answered within this time; then workers are ended."""


def up(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8_000,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that answer.")] = None,
    development: Annotated[
        bool, typer.Option("--development", help="Let /admin answer without a key, to this machine.")
    ] = False,
) -> None:
    """Serve the API, its description and a first page; Ctrl-C answers what was accepted, and stops."""
    import os
    import tempfile

    from vcci import runtime, settings

    if development:
        _refuse_remote(host)
        os.environ["VCCI_DEVELOPMENT"] = "true"
    if workers is not None:
        os.environ["VCCI_WORKERS"] = str(workers)
    _refuse_taken(host, port)
    told = settings.load()
    os.environ["DATABASE_URL"] = runtime.database_url(told)  # started once, before the workers
    with tempfile.TemporaryDirectory(prefix="vcci-metrics-") as folder:
        if told.workers > 1 or told.metrics_port:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        if told.prometheus and told.metrics_port:
            _serve_metrics(told.metrics_port)
        _serve(settings.load(), host=host, port=port)


def _serve_metrics(port: int) -> None:
    """Serve the metrics of all workers on a port of this machine, in a process of its own."""
    from multiprocessing import get_context

    _refuse_taken(LOOPBACK[0], port)

    def serve() -> None:
        import signal

        from vcci.monitoring.scrapes import serve_scrapes

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        serve_scrapes(LOOPBACK[0], port)

    get_context("fork").Process(target=serve, daemon=True).start()


def _serve(told: "Settings", *, host: str, port: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops

    server = Granian(
        "vcci.api.server:app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        workers=told.workers,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        log_enabled=False,
    )
    _announce_when_ready(told, host=host, port=port)
    server.serve()
    typer.echo("stopped")


def _announce_when_ready(told: "Settings", *, host: str, port: int) -> None:
    """Print the address with its token once somebody answers there: `serve` does not return to do it.

    In a process of its own, made before the workers: they are forked, and no thread may be under way then.
    """
    from multiprocessing import get_context

    def announce() -> None:
        import asyncio
        import signal

        from vcci.runtime.sessions import one_time_token

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if _answers(host, port):
            token = asyncio.run(one_time_token(told))
            shown = f"[{host}]" if ":" in host else host
            typer.echo(f"http://{shown}:{port}/?token={token}")

    get_context("fork").Process(target=announce, daemon=True).start()


def _answers(host: str, port: int) -> bool:
    import time
    from http.client import HTTPConnection, HTTPException

    for _ in range(600):
        connection = HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return True
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def _refuse_remote(host: str) -> None:
    from vcci.errors import ConfigurationError

    if host not in LOOPBACK:
        raise ConfigurationError(
            f"--development answers without a key, and {host} is not this machine alone.",
            remedy="Leave out --development, or listen on 127.0.0.1.",
            code="development_not_local",
        )


def _refuse_taken(host: str, port: int) -> None:
    import socket

    from vcci.errors import ConfigurationError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"{host}:{port} cannot be listened on: {error.strerror}.",
                remedy="Choose another with --port, or end what listens there.",
                code="port_taken",
            ) from None
