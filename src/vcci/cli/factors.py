"""`vcci factors`: the factor packs."""

from typing import Annotated

import typer

app = typer.Typer(help="Factor packs: list | show | search | verify.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a pack, as `vcci factors list` prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
