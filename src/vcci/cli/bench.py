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
Options = Annotated[
    list[str] | None, typer.Argument(help="Options of the benchmark, such as --rows 1000000.")
]


def bench(name: Name, options: Options = None) -> None:
    """Run a benchmark, print its table and write benchmarks/results/NAME.json."""
    script = CHECKOUT / "benchmarks" / f"{name}.py"
    if name not in _known():
        raise ConfigurationError(
            f"There is no benchmark '{name}' here.",
            tried=[str(script)],
            remedy=f"Known here: {', '.join(_known()) or 'none; run this in a checkout of the repository'}.",
            code="bench_unknown",
        )
    sys.path.insert(0, str(CHECKOUT))
    sys.argv = [str(script), *(options or ())]
    runpy.run_path(str(script), run_name="__main__")


def _known() -> list[str]:
    """Return the scripts; modules that they share have no main of their own to call."""
    scripts = sorted((CHECKOUT / "benchmarks").glob("*.py"))
    return [path.stem for path in scripts if "\ndef main(" in path.read_text(encoding="utf-8")]
