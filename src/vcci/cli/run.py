"""`vcci run`: the user's files to an inventory."""

from pathlib import Path
from typing import Annotated

import typer

from vcci.domain.factor import PriceBasis
from vcci.domain.mapping import Conventions, DateOrder, DecimalMark, Mapping, answered
from vcci.events import ignore

DEFAULT_OUT = Path("inventory/run")


def _country(code: str) -> str:
    if code and not (len(code) == 2 and code.isascii() and code.isupper()):
        raise typer.BadParameter(f"{code!r} is no two-letter country code such as GB.")
    return code


Files = Annotated[list[Path], typer.Argument(help="Files, folders or archives of one ledger.")]
Map = Annotated[Path | None, typer.Option("--map", help="Mapping file (YAML) of the ledger.")]
Year = Annotated[int | None, typer.Option(min=1900, max=2200, help="Reporting year; the rest is excluded.")]
Packs = Annotated[list[str] | None, typer.Option("--pack", help="Factor pack, in order of preference.")]
Out = Annotated[Path, typer.Option(help="Folder for the results; replaced if it holds an older run.")]
Currency = Annotated[str, typer.Option(help="Currency of the amounts where no column says it (ISO 4217).")]
Region = Annotated[
    str, typer.Option(callback=_country, help="Country of the purchases where no column says it (ISO 3166).")
]
Decimal = Annotated[DecimalMark | None, typer.Option(help="Decimal mark of ambiguous amounts.")]
Order = Annotated[DateOrder | None, typer.Option("--date-order", help="Order of ambiguous dates.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook.")]
HeaderRow = Annotated[int | None, typer.Option(min=0, help="Row of the header, from 1; 0 if there is none.")]
Delimiter = Annotated[str | None, typer.Option(help="Delimiter of text files; `tab` for a tabulator.")]
Encoding = Annotated[str | None, typer.Option(help="Encoding of text files, such as cp1252.")]
Basis = Annotated[PriceBasis, typer.Option("--price-basis", help="What prices the amounts are.")]
Gwp = Annotated[str, typer.Option(help="GWP set, such as AR5; empty: that of each factor.")]
Repair = Annotated[
    list[Path] | None,
    typer.Option(help="Mended rejects.csv of an earlier run; repeat it for several, in order."),
]
Title = Annotated[str, typer.Option(help="Title of the inventory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the inventory as JSON on stdout.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Calculate and print; write and store nothing.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def run(
    files: Files,
    *,
    mapping_file: Map = None,
    year: Year = None,
    packs: Packs = None,
    out: Out = DEFAULT_OUT,
    currency: Currency = "",
    region: Region = "",
    decimal: Decimal = None,
    date_order: Order = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    price_basis: Basis = PriceBasis.PURCHASER,
    gwp: Gwp = "",
    title: Title = "",
    repair: Repair = None,
    as_json: AsJson = False,
    dry_run: Dry = False,
    quiet: Quiet = False,
) -> None:
    """Calculate the Scope 3 inventory of a ledger."""
    from vcci import runtime, settings
    from vcci.cli.progress import TerminalProgress
    from vcci.intake import load_mapping
    from vcci.services.factors import Parameters
    from vcci.services.runs import RunRequest

    asked = Conventions(
        decimal=decimal,
        date_order=date_order,
        encoding=encoding,
        delimiter="\t" if delimiter == "tab" else delimiter,
        header_row=header_row,
        sheet=sheet,
    )
    mapping = load_mapping(mapping_file) if mapping_file else Mapping()
    mapping = answered(mapping, asked, currency=currency, region=region)
    with TerminalProgress() as progress:
        inventory, stored = runtime.run_ledger(
            settings.load(),
            RunRequest(title, dry_run, runtime.parameter_digests()),
            paths=files,
            mapping=mapping,
            parameters=Parameters(tuple(packs or ()), year, price_basis, gwp),
            out=out,
            hook=ignore if quiet else progress.on_event,
            repairs=repair or (),
        )
    _present(inventory, as_json=as_json, results=None if dry_run else _results(out, stored))


def _results(out: Path, stored: str) -> dict[str, str]:
    return {
        "PostgreSQL": stored,
        "report": str(out / "inventory.html"),
        "tables": f"{out / 'categories.csv'}, {out / 'suppliers.csv'}",
        "lines": f"{out / 'lines.csv'}, {out / 'lines'}/*.parquet",
        "rejected rows, to be mended": str(out / "rejects.csv"),
        "every row with its outcome": str(out / "activities.parquet"),
        "mapping in force": str(out / "mapping.yaml"),
    }


def _present(inventory: object, *, as_json: bool, results: dict[str, str] | None) -> None:
    from vcci.cli import show
    from vcci.domain.inventory import Inventory
    from vcci.reports.inventory import inventory_json

    if not isinstance(inventory, Inventory):
        raise TypeError(inventory)
    if as_json:
        typer.echo(inventory_json(inventory).decode())
        return
    show.inventory(inventory)
    if results:
        show.results(results)
