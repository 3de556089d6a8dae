"""Missing indexes are built beside running work, and a build that is cut off can be run again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Index
from sqlalchemy.ext.asyncio import create_async_engine
from tests.support.database import execute, until, value
from tests.support.lines import Line, stored_run

from vcci.database.optimizations import (
    ALL_INDEXES,
    CALCULATIONS_INDEXES,
    EMISSIONS_INDEXES,
    SUPPLIERS_INDEXES,
    IndexManager,
)
from vcci.database.optimizations.indexes import LOCK
from vcci.database.schema import metadata
from vcci.errors import DatabaseError

COMPOSITE = next(index for index in ALL_INDEXES if index.name == "idx_emissions_composite")
DUNS = next(index for index in ALL_INDEXES if index.name == "idx_suppliers_duns")
LINES: list[Line] = [(date(2024, 1, 1), 1), (date(2024, 2, 1), 2), (None, 1)]

AS_MIGRATED = """
    DROP INDEX vcci.idx_emissions_composite;
    CREATE INDEX idx_emissions_composite ON ONLY vcci.emissions
        (tenant_id, run_id, supplier_id, scope3_category, transaction_date)
"""
"""What the migration leaves where runs were stored before it."""

IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'vcci.idx_emissions_composite'::regclass"
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid::regclass::text LIKE 'vcci_runs.%'"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'
    AND datname = current_database()
"""
ATTACHED = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'vcci.idx_emissions_composite'::regclass"
WRITE = "UPDATE vcci.emissions SET notices = 'written' WHERE row_number = 1"


async def partition_of(url: str) -> str:
    return str(await value(url, "SELECT inhrelid::regclass::text FROM pg_inherits LIMIT 1"))


@asynccontextmanager
async def kept_waiting(url: str) -> AsyncIterator[asyncio.Task[dict[str, bool]]]:
    """A build that waits for somebody's transaction, which ends with the block."""
    holder = await asyncpg.connect(url)
    await holder.execute(f"BEGIN; {WRITE}")
    build = asyncio.create_task(IndexManager(url).create_indexes([COMPOSITE]))
    await until(url, WAITING)
    try:
        yield build
    finally:
        await holder.close()


def test_lists_by_table_are_all_that_is_declared() -> None:
    declared = {index for table in metadata.tables.values() for index in table.indexes}
    assert set(ALL_INDEXES) == {*EMISSIONS_INDEXES, *SUPPLIERS_INDEXES, *CALCULATIONS_INDEXES} == declared


async def test_new_database_has_every_index_and_nothing_is_built_twice(url: str) -> None:
    manager = IndexManager(url)
    assert set((await manager.create_indexes(ALL_INDEXES)).values()) == {True}
    assert {str(report.outcome) for report in manager.reports} == {"kept"}


async def test_partition_has_every_index_before_it_is_attached(url: str) -> None:
    await stored_run(url, LINES)
    of_partition = "SELECT count(*) FROM pg_index WHERE indrelid = $1::text::regclass"
    declared = len(EMISSIONS_INDEXES) + 1
    assert await value(url, of_partition, await partition_of(url)) == declared
    assert (await IndexManager(url).health()).missing == []


async def test_index_of_a_table_with_partitions_is_built_on_each_and_becomes_valid(url: str) -> None:
    for number in range(3):
        await stored_run(url, LINES, digest=str(number))
    await execute(url, AS_MIGRATED)
    assert (await value(url, IS_VALID), await value(url, ATTACHED)) == (False, 0)
    manager = IndexManager(url)
    assert await manager.create_indexes([COMPOSITE]) == {"idx_emissions_composite": True}
    assert str(manager.reports[0]) == "idx_emissions_composite: built, on 3 partitions"
    assert (await value(url, IS_VALID), await value(url, ATTACHED)) == (True, 3)


async def test_writes_go_on_during_a_build(url: str) -> None:
    await stored_run(url, LINES)
    await execute(url, AS_MIGRATED)
    async with kept_waiting(url) as build:
        await asyncio.wait_for(execute(url, WRITE.replace("= 1", "= 2")), 10)
        assert not build.done()
    assert await build == {"idx_emissions_composite": True}
    assert await value(url, "SELECT count(*) FROM vcci.emissions WHERE notices = 'written'") == 1


async def test_build_that_was_killed_is_run_again(url: str) -> None:
    await stored_run(url, LINES)
    await execute(url, AS_MIGRATED)
    async with kept_waiting(url) as build:
        await value(url, f"SELECT pg_terminate_backend(pid) FROM ({WAITING.replace('count(*)', 'pid')}) b")
        with pytest.raises(DatabaseError, match="broke"):
            await build
    assert (await value(url, INVALID), await value(url, IS_VALID)) == (1, False)
    manager = IndexManager(url)
    assert await manager.create_indexes([COMPOSITE]) == {"idx_emissions_composite": True}
    assert (manager.reports[0].removed, manager.reports[0].partitions) == (1, 1)
    assert (await value(url, INVALID), await value(url, IS_VALID)) == (0, True)


async def test_run_stored_between_migration_and_build_leaves_the_index_to_be_made_valid(url: str) -> None:
    await stored_run(url, LINES)
    await execute(url, AS_MIGRATED)
    await stored_run(url, LINES, digest="later")
    assert await IndexManager(url).create_indexes([COMPOSITE]) == {"idx_emissions_composite": True}
    assert (await value(url, IS_VALID), await value(url, ATTACHED)) == (True, 2)


async def test_another_index_of_the_name_is_left_alone_unless_it_is_forced(url: str) -> None:
    other = "DROP INDEX vcci.idx_suppliers_duns; CREATE INDEX idx_suppliers_duns ON vcci.suppliers (name)"
    await execute(url, other)
    manager = IndexManager(url)
    assert await manager.create_indexes([DUNS]) == {"idx_suppliers_duns": False}
    assert "differs" in str(manager.reports[0])
    assert await manager.create_indexes([DUNS], True) == {"idx_suppliers_duns": True}
    assert await value(
        url, "SELECT indisunique FROM pg_index WHERE indexrelid = 'vcci.idx_suppliers_duns'::regclass"
    )


async def test_index_that_cannot_be_built_keeps_no_other_from_being_built(url: str) -> None:
    await execute(url, "DROP INDEX vcci.idx_suppliers_duns")
    await execute(url, "INSERT INTO vcci.tenants (id, slug, name) VALUES (gen_random_uuid(), 'a', 'a')")
    for key in "ab":
        await execute(
            url,
            "INSERT INTO vcci.suppliers (tenant_id, id, source_key, name, duns_number)"
            f" SELECT id, gen_random_uuid(), '{key}', 'x', '123456789' FROM vcci.tenants",
        )
    manager = IndexManager(url)
    there = await manager.create_indexes(ALL_INDEXES)
    assert [name for name, is_there in there.items() if not is_there] == ["idx_suppliers_duns"]
    assert "could not create unique index" in next(r.why for r in manager.reports if not r.is_there)


async def test_dropped_indexes_are_missing_and_told(url: str) -> None:
    manager = IndexManager(create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:")))
    assert await manager.drop_indexes([DUNS, COMPOSITE]) == {str(DUNS.name): True, str(COMPOSITE.name): True}
    assert {one.name for one in (await manager.health()).missing} == {DUNS.name, COMPOSITE.name}
    assert await manager.drop_indexes([DUNS]) == {"idx_suppliers_duns": False}


async def test_two_builds_at_once_are_one_too_many(url: str) -> None:
    holder = await asyncpg.connect(url)
    await holder.execute("SELECT pg_advisory_lock($1)", LOCK)
    with pytest.raises(DatabaseError) as refused:
        await IndexManager(url).create_indexes([DUNS])
    assert refused.value.code == "index_build_running"
    await holder.close()


async def test_login_that_owns_nothing_builds_in_the_role_of_the_owner(url: str) -> None:
    await stored_run(url, LINES)
    await execute(url, AS_MIGRATED)
    await execute(url, "DROP ROLE IF EXISTS deployer; CREATE ROLE deployer LOGIN")
    await execute(url, "GRANT vcci_migrator, vcci_loader, vcci_app TO deployer")
    as_deployer = url.replace("postgres@", "deployer@")
    assert await IndexManager(as_deployer).create_indexes([COMPOSITE]) == {"idx_emissions_composite": True}
    owner = (
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'vcci.idx_emissions_composite'::regclass"
    )
    assert await value(url, owner) == "vcci_loader"


async def test_program_prints_what_it_did(url: str) -> None:
    await execute(url, "DROP INDEX vcci.idx_suppliers_duns")
    environment = os.environ | {"DATABASE_URL": url}
    command: list[Any] = [sys.executable, "-m", "vcci.database.create_indexes"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "idx_suppliers_duns: built" in done.stdout.splitlines()
    assert len(done.stdout.splitlines()) == len(ALL_INDEXES)


def test_no_index_is_the_beginning_of_another() -> None:
    def keys(index: Index) -> list[str]:
        return [str(one) for one in index.expressions]

    pairs = [(a, b) for a in ALL_INDEXES for b in ALL_INDEXES if a is not b and a.table is b.table]
    assert [(a.name, b.name) for a, b in pairs if keys(b)[: len(keys(a))] == keys(a)] == []
