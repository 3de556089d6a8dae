"""One declared index, built beside running work: CONCURRENTLY, on a partitioned table partition by partition.

PostgreSQL builds no index of a partitioned table concurrently. So it is declared on the table alone, built on
each partition, and attached; it becomes valid with the last one. A build that was cut off leaves an index
that is not valid: it is dropped and built again. Work in a transaction that is open when a build begins is
waited for; nothing waits for the build but, for a moment, the planning of queries when it is attached.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, LiteralString

import asyncpg
from sqlalchemy import Index

from vcci.database.connections import Connection
from vcci.database.optimizations.driver import taken_back
from vcci.database.optimizations.index_sql import (
    create_index_sql,
    name_of,
    partition_index_name,
    quoted,
    table_of,
)

BRIEFLY: Final = "2s"
"""Longest wait for a lock that others would queue behind."""

ATTEMPTS: Final = 5
PAUSE_S: Final = 1.0

FOUND: Final[LiteralString] = """
    SELECT c.oid, c.relkind = 'I' AS is_partitioned, i.indisvalid AND i.indisready AS is_valid,
        pg_get_indexdef(c.oid) AS definition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indexrelid = c.oid
    WHERE n.nspname = $1 AND c.relname = $2
"""
TABLE_KIND: Final[LiteralString] = """
    SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
"""
WITHOUT: Final[LiteralString] = """
    SELECT n.nspname, c.relname FROM pg_inherits h
    JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE h.inhparent = (SELECT indrelid FROM pg_index WHERE indexrelid = $1)
    AND NOT EXISTS (SELECT FROM pg_inherits a JOIN pg_index i ON i.indexrelid = a.inhrelid
        WHERE a.inhparent = $1 AND i.indrelid = c.oid)
    ORDER BY c.relname
"""
ATTACHED: Final[LiteralString] = """
    SELECT n.nspname, c.relname FROM pg_inherits a
    JOIN pg_class c ON c.oid = a.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.inhparent = $1 LIMIT 1
"""


class Outcome(StrEnum):
    """What became of an index that was asked for."""

    KEPT = "kept"
    BUILT = "built"
    DIFFERS = "differs"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Found:
    """An index of some name, as PostgreSQL has it."""

    oid: int
    is_partitioned: bool
    is_valid: bool
    definition: str


@dataclass(slots=True)
class IndexBuilt:
    """One index after a build: on how many partitions it was built, how many leftovers were removed."""

    name: str
    outcome: Outcome = Outcome.KEPT
    partitions: int = 0
    removed: int = 0
    why: str = ""

    @property
    def is_there(self) -> bool:
        """Say whether it is there as it is declared, and valid."""
        return self.outcome in (Outcome.KEPT, Outcome.BUILT)

    def __str__(self) -> str:
        """Return a line that says what was done."""
        parts = [f"{self.name}: {self.outcome}"]
        parts += [f"on {self.partitions:,} partitions"] if self.partitions else []
        parts += [f"{self.removed:,} invalid leftovers removed"] if self.removed else []
        return ", ".join(parts) + (f": {self.why}" if self.why else "")


async def find(connection: Connection, schema: str, name: str) -> Found | None:
    """Return the index of a name, None if there is none."""
    row = await connection.fetchrow(FOUND, schema, name)
    return None if row is None else Found(**dict(row))


async def build_index(connection: Connection, index: Index, *, is_forced: bool) -> IndexBuilt:
    """Build an index if it is missing; what went wrong is told, unless the connection broke."""
    done = IndexBuilt(name_of(index))
    try:
        kind = await connection.fetchval(TABLE_KIND, *table_of(index))
        if kind is None:
            return _failed(done, f"there is no table {'.'.join(table_of(index))}")
        if not await _may_be_built(connection, index, done, is_forced=is_forced):
            return done
        build = _build_on_partitions if kind == "p" else _build_plain
        await build(connection, index, done)
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        return _failed(done, error.message or type(error).__name__)
    return done


def _failed(done: IndexBuilt, why: str) -> IndexBuilt:
    done.outcome, done.why = Outcome.FAILED, why
    return done


async def _may_be_built(connection: Connection, index: Index, done: IndexBuilt, *, is_forced: bool) -> bool:
    """Say whether to go on: not where one of that name is another index, unless it is to be replaced."""
    found = await find(connection, table_of(index)[0], done.name)
    if found is None or not (found.is_valid or found.is_partitioned):
        return True
    if _shape(found.definition) == await _declared_shape(connection, index):
        return True
    if not is_forced:
        done.outcome, done.why = Outcome.DIFFERS, found.definition
        return False
    await drop_index(connection, index, is_partitioned=found.is_partitioned)
    done.outcome = Outcome.BUILT
    return True


async def _declared_shape(connection: Connection, index: Index) -> str:
    """Return the definition as PostgreSQL itself would print it, from an empty copy of the table."""
    async with taken_back(connection):
        await connection.execute(f"CREATE TEMP TABLE vcci_copy (LIKE {quoted(*table_of(index))})")
        await connection.execute(create_index_sql(index, on="vcci_copy", name="vcci_copy_index"))
        definition = await connection.fetchval("SELECT pg_get_indexdef('vcci_copy_index'::regclass)")
    return _shape(definition)


def _shape(definition: str) -> str:
    unique = "UNIQUE " if definition.startswith("CREATE UNIQUE") else ""
    return unique + definition.partition(" USING ")[2]


async def _build_plain(connection: Connection, index: Index, done: IndexBuilt) -> None:
    schema, table = table_of(index)
    await _build_one(connection, index, done, table=(schema, table), name=done.name)


async def _build_on_partitions(connection: Connection, index: Index, done: IndexBuilt) -> None:
    schema, table = table_of(index)
    if await find(connection, schema, done.name) is None:
        sql = create_index_sql(index, on=f"ONLY {quoted(schema, table)}", name=done.name)
        await _briefly(connection, sql)
        done.outcome = Outcome.BUILT
    found = await find(connection, schema, done.name)
    if found is None:
        return
    for child in await connection.fetch(WITHOUT, found.oid):
        name = partition_index_name(index, child["relname"])
        await _build_one(connection, index, done, table=tuple(child), name=name)
        await _attach(connection, (schema, done.name), (child["nspname"], name))
        done.partitions, done.outcome = done.partitions + 1, Outcome.BUILT
    await _make_valid(connection, schema, done)


async def _build_one(
    connection: Connection, index: Index, done: IndexBuilt, *, table: tuple[str, ...], name: str
) -> None:
    """Build an index on one table, unless it is there; one that was cut off is removed before."""
    found = await find(connection, table[0], name)
    if found is not None and found.is_valid:
        return
    await connection.execute("SET lock_timeout = 0")
    if found is not None:
        await connection.execute(f"DROP INDEX CONCURRENTLY {quoted(table[0], name)}")
        done.removed += 1
    await connection.execute(create_index_sql(index, on=quoted(*table), name=name, how="CONCURRENTLY"))
    done.outcome = Outcome.BUILT


async def _make_valid(connection: Connection, schema: str, done: IndexBuilt) -> None:
    """See to it that an index whose partitions all have theirs is valid: attaching one again checks that."""
    found = await find(connection, schema, done.name)
    if found and not found.is_valid and (child := await connection.fetchrow(ATTACHED, found.oid)):
        await _attach(connection, (schema, done.name), tuple(child))
        found = await find(connection, schema, done.name)
        done.outcome = Outcome.BUILT
    if found is None or not found.is_valid:
        _failed(done, "partitions were added meanwhile that have no such index: build again")


async def _attach(connection: Connection, parent: tuple[str, str], child: tuple[str, ...]) -> None:
    await _briefly(connection, f"ALTER INDEX {quoted(*parent)} ATTACH PARTITION {quoted(*child)}")


async def drop_index(connection: Connection, index: Index, *, is_partitioned: bool) -> None:
    """Drop an index: of a partitioned table in a moment when nobody reads it, else beside running work."""
    name = quoted(table_of(index)[0], name_of(index))
    if is_partitioned:
        await _briefly(connection, f"DROP INDEX {name}")
    else:
        await connection.execute("SET lock_timeout = 0")
        await connection.execute(f"DROP INDEX CONCURRENTLY {name}")


async def _briefly(connection: Connection, sql: str) -> None:
    """Do what needs a lock that others queue behind: give way after a short wait, and try again."""
    await connection.execute(f"SET lock_timeout = '{BRIEFLY}'")
    for attempt in range(ATTEMPTS):
        try:
            await connection.execute(sql)
            return
        except asyncpg.LockNotAvailableError:
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(PAUSE_S)
