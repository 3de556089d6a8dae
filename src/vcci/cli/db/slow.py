"""`vcci db slow`: which queries take longest, as the server itself has counted them."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vcci.database.server_stats import QueryStatistics

Limit = Annotated[int, typer.Option(min=1, max=1_000, help="How many of them.")]


def slow(*, limit: Limit = 20) -> None:
    """Show the queries that take longest by their mean time, with placeholders for values."""
    import asyncio

    from vcci import runtime, settings

    found = asyncio.run(_found(runtime.database_url(settings.load()), limit))
    if found is None:
        typer.echo(
            "The server does not record queries: add pg_stat_statements to shared_preload_libraries, restart"
            " it, and run CREATE EXTENSION pg_stat_statements."
        )
        return
    _print(found)


async def _found(url: str, limit: int) -> "list[QueryStatistics] | None":
    from vcci.database.connections import connected
    from vcci.database.server_stats import slowest_queries

    async with connected(url) as connection:
        return await slowest_queries(connection, limit=limit)


def _print(found: "list[QueryStatistics]") -> None:
    from vcci.cli.db.tables import print_table

    rows = [
        (
            f"{one.mean_ms:,.2f}",
            f"{one.max_ms:,.2f}",
            f"{one.calls:,}",
            f"{one.blocks / max(1, one.calls):,.0f}",
            " ".join(one.query.split()),
        )
        for one in found
    ]
    print_table("Slowest queries", (">mean ms", ">longest ms", ">calls", ">buffers each", "~query"), rows)
