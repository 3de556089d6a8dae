"""`vcci verify`: a run is made again, and its files are compared byte for byte."""

import sys
from pathlib import Path
from typing import Annotated

import typer

DIFFERS = 9
"""Exit code where a file is not what the run makes."""

Run = Annotated[Path, typer.Argument(help="Folder with the results of a run.")]
Files = Annotated[
    list[Path] | None,
    typer.Argument(help="The files that went in; else from activities.parquet on."),
]
Repair = Annotated[list[Path] | None, typer.Option(help="Mended rejects.csv that went in, in order.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def verify(run: Run, files: Files = None, *, repair: Repair = None, as_json: AsJson = False) -> None:
    """Make a run again and compare it with what is stored; exits with 9 where a file differs."""
    import json
    from dataclasses import asdict

    from vcci import runtime, settings

    found = runtime.verify_run(settings.load(), run, files=files or (), repairs=repair or ())
    if as_json:
        typer.echo(json.dumps([{**asdict(file), "is_same": file.is_same} for file in found], indent=2))
    else:
        for file in found:
            verdict = "same   " if file.is_same else "DIFFERS"
            typer.echo(f"{verdict}  {file.stored[:16] or 'missing':16}  {file.name}")
        same = sum(file.is_same for file in found)
        typer.echo(f"{same} of {len(found)} files are what the run makes")
    if not all(file.is_same for file in found):
        sys.exit(DIFFERS)
