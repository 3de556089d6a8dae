"""`vcci db indexes`: what is to be said of the indexes, and building those that are missing."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vcci.database.optimizations import IndexHealth
    from vcci.database.optimizations.index_health import IndexFacts

Create = Annotated[bool, typer.Option("--create", help="Build what is missing, beside running work.")]
Force = Annotated[bool, typer.Option("--force", help="With --create: make those again that differ.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON on stdout, and nothing else there.")]


def indexes(*, create: Create = False, force: Force = False, as_json: AsJson = False) -> None:
    """Show size, use and faults of every index; exit 1 if one cannot be built."""
    import asyncio

    from vcci import runtime, settings
    from vcci.database.optimizations import IndexManager

    manager = IndexManager(runtime.database_url(settings.load()))
    are_there = True
    if create:
        are_there = all(asyncio.run(manager.create_indexes(force=force)).values())
        for report in manager.reports:
            typer.echo(report, err=as_json)
    found = asyncio.run(manager.health())
    (_print_json if as_json else _print)(found)
    if not are_there:
        raise typer.Exit(1)


def _print_json(found: "IndexHealth") -> None:
    import json
    from dataclasses import asdict

    typer.echo(json.dumps(asdict(found) | {"caveats": found.caveats}, default=str, indent=2))


def _print(found: "IndexHealth") -> None:
    from vcci.cli.db.tables import megabytes, print_lines, print_table

    verdicts = _verdicts(found)
    rows = [
        (one.table, one.name, f"{one.scans:,}", megabytes(one.size_bytes), verdicts.get(_key(one), ""))
        for one in found.indexes
    ]
    print_table("Indexes", ("table", "index", ">scans", ">MB", "~what is to be said"), rows)
    missing = [f"{one.name} on {one.table}" + _partitions(one.partitions) for one in found.missing]
    print_lines("Missing: `vcci db indexes --create` builds them", missing)
    print_lines("Before an index is dropped as unused", found.caveats if found.unused else [])


def _verdicts(found: "IndexHealth") -> dict[tuple[str, str], str]:
    told = {_key(one): "never used" for one in found.unused}
    told |= {_key(one): f"covered by {other.name}" for one, other in found.covered}
    told |= {_key(one): f"the same as {other.name}" for one, other in found.duplicate}
    return told | {_key(one): "not valid: build it again" for one in found.invalid}


def _key(one: "IndexFacts") -> tuple[str, str]:
    return one.schema, one.name


def _partitions(count: int) -> str:
    return f", on {count:,} partitions" if count else ""
