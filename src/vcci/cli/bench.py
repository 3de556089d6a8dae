"""`vcci bench NAME`: measure, in a checkout."""

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

from vcci.errors import ConfigurationError

CHECKOUT = Path(__file__).parents[3]
"""The checkout, where VCCI was installed from one."""

Name = Annotated[str, typer.Argument(help="Name of a benchmark, such as batch.")]
Rows = Annotated[int, typer.Option(min=1_000, help="Rows to measure with.")]


def bench(name: Name, rows: Rows = 1_000_000) -> None:
    """Run a benchmark, print its table and write benchmarks/results/NAME.json."""
    script = CHECKOUT / "benchmarks" / f"{name}.py"
    if not script.is_file():
        known = sorted(p.stem for p in (CHECKOUT / "benchmarks").glob("*.py") if not p.stem.startswith("_"))
        raise ConfigurationError(
            f"There is no benchmark '{name}' here.",
            tried=[str(script)],
            remedy=f"Known here: {', '.join(known) or 'none; run this in a checkout of the repository'}.",
            code="bench_unknown",
        )
    sys.path.insert(0, str(CHECKOUT))
    sys.argv = [str(script), "--rows", str(rows)]
    runpy.run_path(str(script), run_name="__main__")
