"""The command line: `vcci run | factors | db | bench | settings`."""

import signal
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from vcci import __version__
from vcci.errors import VcciError

app = typer.Typer(
    name="vcci",
    help="Value Chain Carbon Intelligence: an audited Scope 3 inventory from the ledgers you have.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vcci {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


def _register() -> None:
    from vcci.cli import (
        bench,
        calculate,
        compare,
        db,
        explain,
        factors,
        jobs,
        keys,
        recalculate,
        report,
        run,
        settings,
        template,
        up,
        users,
        verify,
        worker,
    )

    app.command("run")(run.run)
    app.command("recalculate")(recalculate.recalculate)
    app.command("up")(up.up)
    app.command("worker")(worker.worker)
    app.command("calculate")(calculate.calculate)
    app.command("explain")(explain.explain)
    app.command("verify")(verify.verify)
    app.command("template")(template.template)
    app.command("compare")(compare.compare)
    app.command("report")(report.report)
    app.command("schema")(calculate.schema)
    app.add_typer(factors.app, name="factors")
    app.add_typer(db.app, name="db")
    app.add_typer(keys.app, name="keys")
    app.add_typer(users.app, name="users")
    app.add_typer(jobs.app, name="jobs")
    app.command("bench", context_settings={"ignore_unknown_options": True})(bench.bench)
    app.command("settings")(settings.settings)


_register()


def command_names() -> list[str]:
    """Return every command as it is typed after `vcci`, for the test that holds the docs complete."""
    return sorted(_names(app))


def _names(group: typer.Typer, prefix: str = "") -> Iterator[str]:
    for command in group.registered_commands:
        callback = command.callback.__name__ if command.callback else ""
        yield f"{prefix}{command.name or callback}"
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from _names(inner.typer_instance, f"{prefix}{inner.name} ")


def main() -> None:
    """Run the command line; an error that a person can act on is a few lines on stderr, not a trace."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave nothing half done behind
    try:
        app()
    except VcciError as error:
        typer.echo(f"vcci: {error.what}", err=True)
        if error.tried:
            typer.echo(f"  Tried: {', '.join(error.tried)}.", err=True)
        typer.echo(f"  {error.remedy} [{error.code}]", err=True)
        sys.exit(error.exit_code)
