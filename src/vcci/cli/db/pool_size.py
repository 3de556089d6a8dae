"""`vcci db pool-size`: how many connections a worker should have, by measuring."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcci.database.pool_load import Measured
    from vcci.database.pool_sizing import Advice, Sweep
    from vcci.settings import Settings

Most = Annotated[int, typer.Option("--most", min=3, max=512, help="The largest pool that is measured.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="Processes that answer; as set, unless given.")
]
Quick = Annotated[bool, typer.Option("--quick", help="About 10 seconds in place of 40.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Measure although others work on the database.")]


def pool_size(
    *, most: Most = 32, workers: Workers = None, is_quick: Quick = False, is_anyway: Anyway = False
) -> None:
    """Measure pools of several sizes under load, and advise a DB_POOL_SIZE that PostgreSQL has room for."""
    import asyncio

    from vcci import settings
    from vcci.database.pool_sizing import QUICK_SECONDS, SECONDS, Sweep

    told = settings.load()
    seconds, rounds = (QUICK_SECONDS, 1) if is_quick else (SECONDS, 2)
    plan = Sweep(most, seconds, rounds, told.pgbouncer)
    measured, advice = asyncio.run(
        _measured(told, plan, workers=workers or told.workers, is_anyway=is_anyway)
    )
    _print(measured, advice)


async def _measured(
    told: "Settings", plan: "Sweep", *, workers: int, is_anyway: bool
) -> "tuple[list[Measured], Advice]":
    from vcci import runtime
    from vcci.database.connections import connected
    from vcci.database.migrate import migrate
    from vcci.database.pool_sizing import advised, connection_limit, refuse_while_in_use, sweep
    from vcci.database.tenants import ensure_tenant

    url = runtime.database_url(told)
    async with connected(url) as connection:
        if not is_anyway:
            await refuse_while_in_use(connection)
        await migrate(url)
        tenant_id = await ensure_tenant(connection, told.tenant)
        limit = await connection_limit(connection)
    measured = await sweep(url, tenant_id, plan.sizes(limit), plan=plan)
    return measured, advised(measured, workers=workers, limit=limit)


def _print(measured: "Sequence[Measured]", advice: "Advice") -> None:
    from vcci.cli.db.tables import print_lines, print_table

    columns = (">size", ">asked/s", ">done/s", ">wait ms", ">P95 ms", ">service ms", ">under way", ">CPU %")
    ordered = sorted(measured, key=lambda one: (one.size, one.offered_per_s or 0.0))
    print_table("Reads of one line, each a transaction", columns, [_row(one) for one in ordered])
    print_lines("Knee", _told_of_knee(advice))
    print_lines("Limit", _told_of_limit(advice))
    print_lines(f"For each of {advice.workers} workers", [f"DB_POOL_SIZE={advice.size}"])


def _row(one: "Measured") -> tuple[str, ...]:
    asked = "in turn" if one.offered_per_s is None else f"{one.offered_per_s:,.0f}"
    return (
        str(one.size),
        asked,
        f"{one.per_second:,.0f}",
        f"{1_000 * one.wait_mean_s:,.2f}",
        f"{1_000 * one.wait_p95_s:,.2f}",
        f"{1_000 * one.service_mean_s:,.2f}",
        f"{one.concurrency:,.1f}",
        f"{100 * one.cpu_ratio:.0f}",
    )


def _told_of_knee(advice: "Advice") -> list[str]:
    knee = advice.knee
    law = {"limit": "Little's law with a limit", "scalability": "the universal scalability law"}
    limits = (
        "This process used up its core there, so each worker can use as many."
        if advice.is_worker_busy
        else "This process was not what limits it, so all workers share them."
    )
    return [
        f"{knee.connections:.1f} connections (90 % interval {knee.low:.1f} to {knee.high:.1f}),"
        f" by {law[knee.curve.law]}; the most is {knee.curve.most_per_second:,.0f} reads per second.",
        limits,
    ]


def _told_of_limit(advice: "Advice") -> list[str]:
    largest = advice.limit.largest_pool(advice.workers)
    told = [f"{advice.limit.told(advice.workers, advice.size)}; largest pool of each: {largest}."]
    if advice.is_held_down:
        told.append(
            "PostgreSQL allows fewer than the knee asks for: raise max_connections, or use PgBouncer."
        )
    if largest < 1:
        told.append("Not even one connection fits: use fewer workers, or raise max_connections.")
    return told
