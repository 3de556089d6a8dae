"""`vcci explain`: one row of a run, from the file to its milligrams."""

from pathlib import Path
from typing import Annotated

import typer

Row = Annotated[str, typer.Argument(help="A row of lines.csv, by its number or as FILE:LINE.")]
Run = Annotated[Path, typer.Option("--run", help="Folder with the results of a run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def explain(row: Row, *, run: Run = Path("inventory/run"), as_json: AsJson = False) -> None:
    """Show how a line came about, or why a row has none."""
    import json
    from dataclasses import asdict

    from vcci import runtime
    from vcci.cli import show

    derivation = runtime.derivation(run, row)
    if as_json:
        typer.echo(json.dumps(asdict(derivation), indent=2, ensure_ascii=False))
        return
    show.derivation(derivation)
