"""`vcci db start | stop | status | url`: the embedded PostgreSQL."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from vcci.database.embedded import ServerStatus


def start() -> None:
    """Start the server if it does not run, and migrate."""
    import asyncio

    from vcci import runtime, settings
    from vcci.database.migrate import migrate

    url = runtime.database_url(settings.load())
    revision = asyncio.run(migrate(url))
    typer.echo(f"running, schema at {revision}")


def stop() -> None:
    """Stop the server; its data stay."""
    from vcci.database import embedded

    _show(embedded.stop(_data_dir()))


def status() -> None:
    """Say whether the server runs, and where its data lie; exit 1 if it does not run."""
    from vcci.database import embedded

    found = embedded.status(_data_dir())
    _show(found)
    if not found.running:
        raise typer.Exit(1)


def url() -> None:
    """Start the server if needed and print its URL, for psql and other programs."""
    from vcci import runtime, settings

    typer.echo(runtime.database_url(settings.load()))


def _data_dir() -> "Path":
    from vcci import settings
    from vcci.database import embedded

    return settings.load().data_dir or embedded.default_data_dir()


def _show(found: "ServerStatus") -> None:
    state = f"running, pid {found.pid}" if found.running else "stopped"
    typer.echo(f"{state}\nPostgreSQL {found.version}\n{found.data_dir}")
