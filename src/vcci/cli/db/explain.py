"""`vcci db explain`: what a query costs, and which index was proved to make it cheaper."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vcci.database.connections import Connection
    from vcci.database.optimizations import QueryAnalysis
    from vcci.database.optimizations.plan_tree import Node
    from vcci.settings import Settings

Query = Annotated[str, typer.Argument(help="One SELECT; it is executed once, reading only.")]
Seconds = Annotated[float, typer.Option("--timeout", min=0.1, max=3_600, help="Longest time, in seconds.")]
Advised = Annotated[bool, typer.Option("--advice/--no-advice", help="Try indexes; that locks their tables.")]


def explain(query: Query, *, timeout_s: Seconds = 30, is_advised: Advised = True) -> None:
    """Execute a query as the service would, for the tenant of the settings, and show where its cost lies."""
    import asyncio

    from vcci import settings
    from vcci.database.optimizations import QueryAnalyzer

    analyzer, options = QueryAnalyzer(timeout_s=timeout_s), settings.load()

    async def analyzed() -> "QueryAnalysis":
        async with _as_the_service(options) as tx:
            return await analyzer.analyze_query(tx, query, is_advised=is_advised)

    _print(asyncio.run(analyzed()))


@asynccontextmanager
async def _as_the_service(options: "Settings") -> AsyncIterator["Connection"]:
    from vcci import runtime
    from vcci.database.connections import connected
    from vcci.database.tenants import ensure_tenant, tenant_transaction

    async with connected(runtime.database_url(options)) as connection:
        tenant_id = await ensure_tenant(connection, options.tenant)
        async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
            yield tx


def _print(found: "QueryAnalysis") -> None:
    from vcci.cli.db.tables import print_lines, print_table

    steps = [
        (step, f"{node.rows:,}", f"{node.rows_examined:,}", f"{node.buffers:,}")
        for step, node in _steps(found.plan.root, 0)
    ]
    print_table("Plan", ("step", ">rows", ">examined", ">buffers"), steps)
    print_lines("In all", [_sum(found)])
    print_lines("Recommended", [str(one) for one in found.recommendations])
    print_lines("Not recommended", [str(one) for one in found.rejected])


def _sum(found: "QueryAnalysis") -> str:
    known = f", known to pg_stat_statements as {found.query_id}" if found.query_id else ""
    return (
        f"{found.rows_returned:,} rows from {found.rows_examined:,} examined, {found.buffers:,} buffers,"
        f" {found.time:.1f} ms, cost {found.plan_cost:,.0f}{known}"
    )


def _steps(node: "Node", depth: int) -> Iterator[tuple[str, "Node"]]:
    what = " ".join(filter(None, [node.kind, node.index and f"by {node.index}", node.relation]))
    yield f"{'. ' * depth}{what}", node
    for child in node.children:
        yield from _steps(child, depth + 1)
