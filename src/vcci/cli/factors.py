"""`vcci factors`: the factor packs."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

app = typer.Typer(help="Factor packs: list | show | search | verify.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of a pack, as `vcci factors list` prints it, or its folder.")]
OneName = Annotated[str | None, typer.Argument(help="Name or folder of a pack; all that ship if left out.")]
Words = Annotated[list[str], typer.Argument(help="Words of a title, or the start of a NAICS code.")]
Packs = Annotated[
    list[str] | None, typer.Option("--pack", help="Factor pack to search; all without a mark if left out.")
]
Limit = Annotated[int, typer.Option(min=1, help="Factors to print.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_packs(*, as_json: AsJson = False) -> None:
    """Print the packs that ship, with publisher, version, licence and mark."""
    from vcci.packs import PackLibrary, default_names

    library = PackLibrary()
    manifests = [library.manifest(name) for name in library.names()]
    if as_json:
        _print_json([asdict(m) | {"default": m.name in default_names()} for m in manifests])
        return
    rows = [
        (m.name, m.kind, m.version, f"{m.rows:,}", m.publisher, m.licence, m.standing,
         "default" if m.name in default_names() else "when named")
        for m in manifests
    ]  # fmt: skip
    _print_table(("pack", "kind", "version", "rows", "publisher", "licence", "mark", "used"), rows)


@app.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Print everything that a pack says of itself, and where it lies."""
    from vcci.packs import PackLibrary

    library = PackLibrary()
    said = asdict(library.manifest(name)) | {"folder": str(library.folder(name))}
    if as_json:
        _print_json(said)
        return
    _print_table(("field", "value"), [(k, str(v)) for k, v in said.items() if v not in ("", None)])


@app.command()
def search(words: Words, *, packs: Packs = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Print the factors whose title has the words, best first; marked packs only when named."""
    from vcci.errors import FactorNotFoundError
    from vcci.packs import PackLibrary
    from vcci.runtime.factor_catalogue import FactorCatalogue

    catalogue, text = FactorCatalogue(PackLibrary()), " ".join(words)
    names = packs or catalogue.pack_names()
    found = catalogue.search(text, packs=names)
    if not found:
        raise FactorNotFoundError(repr(text), tried=names)
    if as_json:
        _print_json([asdict(factor) for factor in found[:limit]])
        return
    rows = [
        (f.activity, f.name, str(f.value_kg_co2e), f"kg CO2e/{f.unit} {f.price_year or ''}".strip(), f.pack,
         str(f.price_basis or ""))
        for f in found[:limit]
    ]  # fmt: skip
    _print_table(("activity", "title", "factor", "unit", "pack", "price basis"), rows)


@app.command()
def verify(name: OneName = None, *, as_json: AsJson = False) -> None:
    """Recompute digests, row counts and the sums that publishers print; exit 5 where one does not hold."""
    from vcci.errors import PackError
    from vcci.packs import PackLibrary
    from vcci.packs.verify import verify as checks_of
    from vcci.parameters import load

    library = PackLibrary()
    names = library.names() if name is None else (library.manifest(name).name,)
    units = load.units(())
    checks = [check for pack in names for check in checks_of(library, pack, units=units)]
    if as_json:
        _print_json([asdict(check) for check in checks])
    else:
        rows = [(c.pack, "ok" if c.passed else "FAILED", c.what, c.said) for c in checks]
        _print_table(("pack", "result", "check", "figures"), rows)
    failed = dict.fromkeys(check.pack for check in checks if not check.passed)
    if failed:
        raise PackError(
            f"Packs that do not hold what they say: {', '.join(failed)}.",
            remedy="Do not calculate with them; take them from their publisher again, or build them again.",
            code="pack_not_verified",
        )


def _print_json(said: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(said, default=str, option=orjson.OPT_INDENT_2).decode())


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal, and lines of tab-separated texts elsewhere."""
    from vcci.domain.display import visible

    shown = [tuple(map(visible, row)) for row in rows]
    if sys.stdout.isatty():
        _print_rich_table(columns, shown)
        return
    for row in (columns, *shown):
        typer.echo("\t".join(row))


def _print_rich_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
