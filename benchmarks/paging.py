"""Measure what a page of a long list of lines costs, the first and a late one.

    vcci bench paging --rows 5000000

One run of made-up lines, a hundredth of them without a date, in an embedded PostgreSQL of its own. Pages are
asked for through the whole API but its cache, and from the database alone. Beside them: OFFSET, as most lists
are paged; the predicate `a > x AND b > y`, which loses rows; and the limit, one descent of an index with its
rows.
"""

import argparse
import asyncio
import re
import shutil
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import polars as pl
from benchmarks.record import ROOT, write_record
from tests.support.api import Api, running
from tests.support.lines import Line, frame_of, store_frames

from vcci.database import embedded
from vcci.database.connections import Connection, connected
from vcci.database.emissions_read import ORDERS, PLAN_FOR_THESE_RUNS, Asked, page_query_of
from vcci.database.keyset import ordered_by
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.edge.cursors import CursorCodec
from vcci.services.paging import Order, Place, Position

SEED = 2025
OF_THE_DEFAULT_ORDER = ("deep_over_first", "deep_over_first_buffers", "offset_over_keyset")
"""Figures that are told once more without the name of the order: those of the first."""
PAGE = 100
TIMES = 200
CHUNK = 50_000
DEEP = 0.9
DAYS = 5 * 365
UNDATED_SHARE = 0.01
OFFSET = 1_000_000
URL = "/api/v1/emissions"


@dataclass(frozen=True)
class Stored:
    """The list that is paged."""

    api: Api
    tenant_id: UUID
    run_id: UUID
    rows: int

    async def position(self, order: Order, share: float) -> Position:
        """Return the position of the row that so many of the rows come before."""
        columns = ", ".join(column.sql for column in order.columns)
        query = (
            f"SELECT {columns} FROM vcci.emissions e WHERE e.tenant_id = $1 AND e.run_id = $2"
            f" ORDER BY {ordered_by(order)} OFFSET {int(self.rows * share)} LIMIT 1"
        )
        async with self.api.service.pool.transaction(self.tenant_id) as tx:
            row: Any = await tx.fetchrow(query, self.tenant_id, self.run_id)
        return Position(tuple(row))

    def cursor(self, order: Order, position: Position) -> str:
        """Return the cursor that the API would have given out for a position."""
        bound_to = {"tenant": self.tenant_id, "url": URL, "filters": {}, "runs": (self.run_id,)}
        return CursorCodec(self.api.service.cursor_secret).seal(position, order=order, bound_to=bound_to)

    def query(self, order: Order, position: Position | None) -> tuple[str, list[Any]]:
        """Return the query of a page and its values."""
        return page_query_of(self.tenant_id, Asked([self.run_id], {}, Place(order, position, PAGE)))


def lines_of(rows: int) -> Iterator[pl.DataFrame]:
    """Yield made-up lines; the same for the same number."""
    chooser, first = Random(SEED), date(2021, 1, 1)
    for start in range(0, rows, CHUNK):
        lines: list[Line] = [
            (
                None if chooser.random() < UNDATED_SHARE else first + timedelta(days=chooser.randrange(DAYS)),
                chooser.randint(1, 15),
            )
            for _ in range(min(CHUNK, rows - start))
        ]
        yield frame_of(lines, first_row=start + 1)


async def p50_ms(work: Callable[[], Awaitable[object]], times: int = TIMES) -> float:
    """Return the median of many calls, after some that are not counted."""
    taken = []
    for number in range(times + times // 10):
        started = perf_counter()
        await work()
        if number >= times // 10:
            taken.append((perf_counter() - started) * 1000)
    return statistics.median(taken)


async def through_the_api(stored: Stored, order: Order) -> dict[str, float]:
    """Ask the whole API, but for its cache, for the first page and for a late one."""
    cursor = stored.cursor(order, await stored.position(order, DEEP))
    key = await stored.api.key()
    figures = {}
    async with stored.api.past_hot_routes(key) as client:
        for name, asked in (("first", {}), ("deep", {"cursor": cursor})):
            params = {"limit": str(PAGE), "sort_by": order.name, **asked}
            answer = await client.get(URL, params=params)
            if len(answer.json()["data"]) != PAGE:
                raise SystemExit(f"a page of {PAGE} was asked for: {answer.text[:500]}")
            figures[f"api_{name}_page_ms"] = await p50_ms(partial(client.get, URL, params=params))
    return figures


async def of_the_database(stored: Stored, order: Order) -> dict[str, float]:
    """Run the queries of both pages, and OFFSET in the place of the late one."""
    deep = await stored.position(order, DEEP)
    figures: dict[str, float] = {}
    async with stored.api.service.pool.transaction(stored.tenant_id) as tx:
        await tx.execute(PLAN_FOR_THESE_RUNS)
        for name, position in (("first", None), ("deep", deep)):
            query, values = stored.query(order, position)
            figures[f"{name}_page_ms"] = await p50_ms(partial(tx.fetch, query, *values))
            figures[f"{name}_page_buffers"] = await buffers(tx, query, values)
        offset = min(OFFSET, stored.rows // 2)
        skipping, values = page_query_of(
            stored.tenant_id, Asked([stored.run_id], {}, Place(order, None, PAGE, offset))
        )
        figures["offset_ms"] = await p50_ms(partial(tx.fetch, skipping, *values), times=10)
        figures["offset_buffers"] = await buffers(tx, skipping, values)
        figures["limit_ms"] = await p50_ms(partial(one_descent, tx, stored))
    return figures


async def one_descent(tx: Connection, stored: Stored) -> object:
    """Read as many rows as a page has by their key, and nothing else."""
    return await tx.fetch(
        "SELECT * FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 ORDER BY id DESC"
        f" LIMIT {PAGE + 1}",
        *(stored.tenant_id, stored.run_id),
    )


async def buffers(tx: Connection, query: str, values: list[Any]) -> int:
    """Return the blocks that a query reads."""
    plan = await tx.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {query}", *values)
    top = next(row[0] for row in plan if "Buffers:" in row[0])
    return sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", top))


async def reached_by_the_naive_predicate(stored: Stored) -> int:
    """Walk by date and id with `date > x AND id > y`, and count the rows that are reached."""
    query = (
        "SELECT transaction_date, id FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 AND {after}"
        f" ORDER BY transaction_date, id LIMIT {PAGE}"
    )
    reached, after = 0, "true"
    place: tuple[Any, ...] = ()
    async with stored.api.service.pool.transaction(stored.tenant_id) as tx:
        while rows := await tx.fetch(query.format(after=after), stored.tenant_id, stored.run_id, *place):
            reached += len(rows)
            after, place = "transaction_date > $3 AND id > $4", tuple(rows[-1])
            if place[0] is None:
                break
    return reached


async def measured(url: str, rows: int) -> dict[str, float]:
    """Load, and measure each order."""
    async with running(url, requests_per_minute=10**9) as api:
        started = perf_counter()
        async with connected(url) as connection:
            tenant_id = await ensure_tenant(connection, "local")
            async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
                run_id = await store_frames(tx, tenant_id, lines_of(rows), run=("paging", None, rows))
        stored = Stored(api, tenant_id, run_id, rows)
        figures: dict[str, float] = {"load_s": perf_counter() - started}
        for name, order in ORDERS.items():
            found = {**await through_the_api(stored, order), **await of_the_database(stored, order)}
            found["api_deep_over_first"] = found["api_deep_page_ms"] / found["api_first_page_ms"]
            found["deep_over_first"] = found["deep_page_ms"] / found["first_page_ms"]
            found["deep_over_first_buffers"] = found["deep_page_buffers"] / found["first_page_buffers"]
            found["offset_over_keyset"] = found["offset_ms"] / found["deep_page_ms"]
            figures |= {f"by_{name}_{figure}": value for figure, value in found.items()}
            for figure in OF_THE_DEFAULT_ORDER:
                figures.setdefault(figure, found[figure])
        reached = await reached_by_the_naive_predicate(stored)
        return figures | {"rows_reached_by_the_naive_predicate": reached}


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix="vcci-paging-"))
    folder.chmod(0o755)
    try:
        figures = asyncio.run(measured(embedded.start(folder).url, rows))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)
    figures = {name: round(value, 3) for name, value in figures.items()}
    print("\n".join(f"{name:44} {value:>14,}" for name, value in figures.items()))
    config = {"rows": rows, "page": PAGE, "times": TIMES, "deep": DEEP, "offset": min(OFFSET, rows // 2)}
    written = write_record("paging", config={**config, "seed": SEED}, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
