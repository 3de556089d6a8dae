"""`vcci run`: the user's files to an inventory."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcci.domain.factor import PriceBasis
from vcci.domain.mapping import Conventions, DateOrder, DecimalMark, Mapping, answered
from vcci.events import Hook, ignore

if TYPE_CHECKING:
    from vcci.domain.inventory import Inventory
    from vcci.services.factors import Parameters
    from vcci.services.runs import RunRequest

DEFAULT_OUT = "inventory/run"


class Engine(StrEnum):
    """What calculates: this process, or a cluster."""

    LOCAL = "local"
    SPARK = "spark"


class Store(StrEnum):
    """What of a run on Spark goes into PostgreSQL."""

    ROLLUPS = "rollups"
    LINES = "lines"
    NOTHING = "nothing"


def _country(code: str) -> str:
    if code and not (len(code) == 2 and code.isascii() and code.isupper()):
        raise typer.BadParameter(f"{code!r} is no two-letter country code such as GB.")
    return code


Files = Annotated[list[str], typer.Argument(help="Files, folders or archives of one ledger.")]
Map = Annotated[Path | None, typer.Option("--map", help="Mapping file (YAML) of the ledger.")]
Year = Annotated[int | None, typer.Option(min=1900, max=2200, help="Reporting year; the rest is excluded.")]
Packs = Annotated[list[str] | None, typer.Option("--pack", help="Factor pack, in order of preference.")]
Out = Annotated[str, typer.Option(help="Folder for the results; replaced if it holds an older run.")]
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
On = Annotated[Engine, typer.Option(help="`spark` runs classified rows on a cluster, see docs/spark.md.")]
Master = Annotated[
    str, typer.Option(help="Master of Spark, such as spark://HOST:7077; empty: as Spark is configured.")
]
Stored = Annotated[Store, typer.Option("--store", help="What of a run on Spark goes into PostgreSQL.")]


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
    engine: On = Engine.LOCAL,
    master: Master = "",
    store: Stored = Store.ROLLUPS,
    as_json: AsJson = False,
    dry_run: Dry = False,
    quiet: Quiet = False,
) -> None:
    """Calculate the Scope 3 inventory of a ledger."""
    from vcci import runtime
    from vcci.cli import run_spark
    from vcci.cli.progress import TerminalProgress
    from vcci.intake import load_mapping
    from vcci.services.factors import Parameters
    from vcci.services.runs import RunRequest

    tab = "\t" if delimiter == "tab" else delimiter
    asked = Conventions(decimal, date_order, encoding, tab, header_row=header_row, sheet=sheet)
    mapping = load_mapping(mapping_file) if mapping_file else Mapping()
    mapping = answered(mapping, asked, currency=currency, region=region)
    request = RunRequest(title, dry_run, runtime.parameter_digests())
    parameters = Parameters(tuple(packs or ()), year, price_basis, gwp)
    with TerminalProgress() as progress:
        hook = ignore if quiet else progress.on_event
        if engine is Engine.SPARK:
            run_spark.refuse_unused(asked, currency=currency, region=region, repair=repair, dry_run=dry_run)
            job = run_spark.asked(files, out=out, master=master, store=store.value)
            inventory, results = run_spark.run(
                request, job, mapping=mapping, parameters=parameters, hook=hook
            )
        else:
            run_spark.refuse_without_spark(master=master, store=store.value)
            inventory, results = _run_here(
                request,
                files,
                out=Path(out),
                mapping=mapping,
                parameters=parameters,
                hook=hook,
                repair=repair,
            )
    _present(inventory, as_json=as_json, results=None if dry_run else results)


def _run_here(
    request: "RunRequest",
    files: list[str],
    *,
    out: Path,
    mapping: Mapping,
    parameters: "Parameters",
    hook: Hook,
    repair: list[Path] | None,
) -> tuple["Inventory", dict[str, str]]:
    from vcci import runtime, settings

    inventory, stored = runtime.run_ledger(
        settings.load(),
        request,
        paths=[Path(file) for file in files],
        mapping=mapping,
        parameters=parameters,
        out=out,
        hook=hook,
        repairs=repair or (),
    )
    return inventory, _results(out, stored)


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
