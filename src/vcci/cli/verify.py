"""`vcci verify`: a run is made again, and its files are compared byte for byte."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcci.domain.display import visible

if TYPE_CHECKING:
    from vcci.processing.replay import Compared

DIFFERS = 9
"""Exit code where a file is not what the run makes."""

SHOWN = 16
"""Digits of a digest on a terminal; --json has them all."""

Run = Annotated[Path, typer.Argument(help="Folder with the results of a run.")]
Files = Annotated[
    list[Path] | None,
    typer.Argument(help="The files that went in; else from activities.parquet on."),
]
Repair = Annotated[list[Path] | None, typer.Option(help="Mended rejects.csv that went in, in order.")]
Packs = Annotated[
    list[str] | None, typer.Option("--pack", help="Folder of a pack of your own that the run used.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def verify(
    run: Run, files: Files = None, *, repair: Repair = None, packs: Packs = None, as_json: AsJson = False
) -> None:
    """Make a run again and compare it with what is stored; exits with 9 where a file differs."""
    import json
    from dataclasses import asdict

    from vcci import runtime, settings

    found = runtime.verify_run(
        settings.load(), run, files=files or (), repairs=repair or (), packs=packs or ()
    )
    if as_json:
        typer.echo(json.dumps([{**asdict(part), "is_same": part.is_same} for part in found], indent=2))
    else:
        for part in found:
            typer.echo(_shown(part))
        same = sum(part.is_same for part in found)
        typer.echo(f"{same} of {len(found)} are what the run makes")
    if not all(part.is_same for part in found):
        sys.exit(DIFFERS)


def _shown(part: "Compared") -> str:
    """Return a line: the verdict, what was stored, what it is of, and what was made instead if it differs."""
    stored = f"{_short(part.stored):{SHOWN}}"
    if part.is_same:
        return f"same     {stored}  {visible(part.name)}"
    return f"DIFFERS  {stored}  {visible(part.name)}, made again {_short(part.again)}"


def _short(found: str) -> str:
    """Return the beginning of a digest, a figure whole, and a word for nothing."""
    return (found[:SHOWN] if " " not in found else found) or "missing"
