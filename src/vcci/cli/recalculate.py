"""`vcci recalculate`: a stored run under other packs or options, from its classified rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vcci.cli.run import Packs, Quiet
from vcci.domain.display import tonnes
from vcci.domain.factor import PriceBasis
from vcci.events import ignore

if TYPE_CHECKING:
    from vcci.runtime import Recalculated
    from vcci.services.recalculation import Touched

DEFAULT_OUT = Path("inventory/recalculated")

Older = Annotated[Path, typer.Argument(help="Folder with the results of the run; it stays as it is.")]
Out = Annotated[Path, typer.Option(help="Folder for the new run; replaced if it holds an older one.")]
Year = Annotated[
    int | None, typer.Option(min=1900, max=2200, help="Reporting year, where it decides no row's reading.")
]
Basis = Annotated[PriceBasis | None, typer.Option("--price-basis", help="What prices the amounts are.")]
Gwp = Annotated[str | None, typer.Option(help="GWP set, such as AR5; empty: that of each factor.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Calculate and print; write and store nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def recalculate(
    older: Older,
    *,
    out: Out = DEFAULT_OUT,
    packs: Packs = None,
    year: Year = None,
    price_basis: Basis = None,
    gwp: Gwp = None,
    as_json: AsJson = False,
    dry_run: Dry = False,
    quiet: Quiet = False,
) -> None:
    """Make a run again with other factors or options, beside the old one, and show what leads to it."""
    from vcci import runtime, settings
    from vcci.cli.progress import TerminalProgress
    from vcci.services.recalculation import Changes

    changes = Changes(tuple(packs) if packs else None, year, price_basis, gwp)
    with TerminalProgress() as progress:
        found = runtime.recalculate(
            settings.load(),
            older,
            changes,
            out=out,
            dry_run=dry_run,
            hook=ignore if quiet else progress.on_event,
        )
    _present(found, as_json=as_json, results={} if dry_run else {"PostgreSQL": found.where, "run": str(out)})


def _present(found: "Recalculated", *, as_json: bool, results: dict[str, str]) -> None:
    import json

    from vcci.cli import show

    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2))
        return
    typer.echo(_touched(found.touched))
    if found.bridge is None:
        typer.echo("Nothing is touched: no new run was made.")
        return
    show.bridge(found.bridge)
    if results:
        show.results(results)


def _touched(touched: "Touched") -> str:
    share = "" if touched.share_percent is None else f", {touched.share_percent:.2f} % of the emissions"
    return (
        f"Touched: {touched.keys:,} keys, {touched.rates:,} exchange rates; {touched.lines:,} lines"
        f" ({tonnes(touched.emissions_mg_co2e)} tCO2e{share}) and {touched.unlined:,} rows without a line"
    )


def _as_json(found: "Recalculated") -> dict[str, Any]:
    from vcci.services.recalculation import bridge_as_json, touched_as_json

    inventory = found.inventory
    return {
        "run_digest": inventory.run_digest if inventory else None,
        "successor_of": inventory.successor_of if inventory else None,
        "touched": touched_as_json(found.touched),
        "bridge": bridge_as_json(found.bridge) if found.bridge else None,
    }
