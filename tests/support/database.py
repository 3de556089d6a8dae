"""A small calculated run, made by the real parts, and what tests ask a database."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from tests.support.ledgers import calculator, factor, ledger_row, write_ledger

from vcci.database.run_save import RunFiles
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.inventory import Inventory
from vcci.domain.mapping import Mapping
from vcci.engine.tables import resolved_tables
from vcci.processing import local
from vcci.services.ports import LedgerRead
from vcci.services.reporting import RunFacts, inventory_of

T = TypeVar("T")

COMMODITY = factor("541511", "0.125")
PACK = PackManifest(
    name="test-pack",
    version="1",
    kind="factors",
    title="Factors of a test",
    publisher="Nobody",
    year=2022,
    licence="CC0-1.0",
    redistribution="yes",
    attribution="",
    source="",
    digest="a" * 64,
)
ROWS = [
    ledger_row(1, quantity="100", supplier_id="S1", supplier="Alpha"),
    ledger_row(2, quantity="-40", supplier_id="S1", supplier="Alpha", date="2022-03-04"),
    ledger_row(3, quantity="7.5", supplier="Beta", category=2),
    ledger_row(4, exclusion="tax"),
    ledger_row(5, activity="naics2017:999999"),
    ledger_row(6, problem="date_missing", date="", supplier=""),
]
"""Three lines, a tax, a commodity without a factor, a row without a date."""


def calculated(folder: Path, rows: list[dict[str, Any]] | None = None, *, digest: str = "run-1") -> RunFiles:
    """Calculate a ledger into a folder, as a run does."""
    folder.mkdir(parents=True)
    activities = write_ledger(ROWS if rows is None else rows, folder / "activities.parquet")
    by_hand = calculator(COMMODITY)
    run = local.run(activities, resolve=lambda keys, dates: resolved_tables(keys, dates, by_hand), out=folder)
    read = ledger_read(digest)
    facts = RunFacts(digest, "Test", 2022, {"gwp": "AR5"}, ())
    inventory = inventory_of(run, facts=facts, read=read, units=by_hand.resolver.units)
    return RunFiles(inventory, f"import of {digest}", read.files, folder, [(PACK, [COMMODITY])])


def ledger_read(digest: str, **mapping: Any) -> LedgerRead:
    return LedgerRead(len(ROWS), digest, ({"name": "ledger.csv", "sha256": digest},), Mapping(**mapping))


def with_total(run: RunFiles, mg_co2e: int) -> RunFiles:
    inventory: Inventory = replace(run.inventory, total_mg_co2e=mg_co2e)
    return replace(run, inventory=inventory)


def factors_named(count: int) -> list[EmissionFactor]:
    return [replace(COMMODITY, id=f"test/{number}") for number in range(count)]


def now(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from synchronous code, whatever loop the test itself has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def value(url: str, sql: str, *arguments: Any) -> Any:
    """Ask the database one thing, as its superuser."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


async def execute(url: str, sql: str) -> None:
    """Tell the database something, as its superuser."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def until(url: str, sql: str) -> None:
    """Ask until the answer is neither 0 nor empty."""
    for _ in range(1000):
        if await value(url, sql):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never came true: {sql}")


async def footprint(url: str) -> dict[str, int]:
    """Count everything that a saved run leaves."""
    tables = ("suppliers", "imports", "activities", "factor_packs", "factors", "runs", "run_multipliers")
    counts = {
        name: await value(url, f"SELECT count(*) FROM vcci.{name}")
        for name in (*tables, "emissions", "unlined", "emission_rollups", "month_rollups", "key_rollups")
    }
    partitions = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'vcci_runs'::regnamespace AND relkind = 'r'"
    )
    return counts | {"partitions": await value(url, partitions)}
