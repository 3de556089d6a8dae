"""`vcci compare`: the bridge from one run's total to another's."""

from pathlib import Path
from typing import Annotated

import typer

Older = Annotated[Path, typer.Argument(help="Folder with the results of the older run.")]
Newer = Annotated[Path, typer.Argument(help="Folder with the results of the newer run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


Threshold = Annotated[
    float | None, typer.Option(min=0, help="Percent from which the older run, as base year, is recalculated.")
]


def compare(older: Older, newer: Newer, *, threshold: Threshold = None, as_json: AsJson = False) -> None:
    """Show what leads from one run's total to another's, effect by effect."""
    import json
    from dataclasses import asdict

    from vcci import runtime
    from vcci.cli import show

    found = runtime.bridge_between(older, newer)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    show.bridge(found)
    if threshold is not None:
        show.recalculation(runtime.recalculation_of(found, older, threshold_percent=str(threshold)))
