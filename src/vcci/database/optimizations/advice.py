"""Advice that is proved: the index is built, the query is run again with it, and all is taken back.

What is told is measured: pages that the query touches before and after, pages that 1,000 inserted rows touch
before and after, and the size. Building locks the table against writes until the trial is taken back, so
large tables are not tried. The inserts go into a temporary copy of a part of the table.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import asyncpg

from vcci.database.connections import Connection
from vcci.database.optimizations.driver import taken_back
from vcci.database.optimizations.index_sql import quoted
from vcci.database.optimizations.plan_tree import Plan, read_plan
from vcci.database.optimizations.proposals import Proposal, proposals

FEW_BUFFERS: Final = 20
"""A query that touches no more pages than these needs no index."""

MOST_PROPOSALS: Final = 4
MOST_BYTES: Final = 512 * 1024**2
"""Tables whose index is tried: building it takes a few seconds."""

INSERTED: Final = 1_000
SAMPLE: Final = 5_000
"""Rows that the temporary copy holds before others are inserted."""

LOCK_WAIT: Final = "1s"

TABLE: Final[LiteralString] = """
    SELECT r.relname AS name, n.nspname AS schema, r.relkind = 'p' AS is_partitioned,
        c.relowner::regrole::text AS owner, pg_has_role(current_user, c.relowner, 'USAGE') AS is_owner,
        pg_has_role(session_user, c.relowner, 'MEMBER') AS may_be_owner, pg_table_size(c.oid) AS size_bytes,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0
            AND NOT attisdropped) AS columns,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0
            AND NOT attisdropped AND attgenerated = '') AS written,
        EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
            AND (SELECT array_agg(a.attname::text ORDER BY k) FROM generate_series(1, i.indnkeyatts) k
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k - 1])
                [1:cardinality($3::text[])] = $3) AS is_indexed
    FROM pg_class c JOIN pg_namespace cn ON cn.oid = c.relnamespace
    JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.oid), c.oid)
    JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE cn.nspname = $1 AND c.relname = $2
"""
"""The table of a scan, and the one that it is a partition of."""


@dataclass(frozen=True, slots=True)
class Advice:
    """An index and what it was measured to change, in pages of 8 KiB; `why` says what kept it from that."""

    sql: str
    why: str = ""
    buffers_before: int = 0
    buffers_after: int = 0
    insert_buffers_before: int = 0
    insert_buffers_after: int = 0
    size_bytes: int = 0

    @property
    def helps(self) -> bool:
        """Say whether it was proved to spare at least half of what the query reads."""
        return not self.why and self.buffers_after * 2 <= self.buffers_before

    def __str__(self) -> str:
        """Return a sentence with the figures."""
        if self.why:
            return f"{self.sql} was not tried: {self.why}."
        grown = self.insert_buffers_after - self.insert_buffers_before
        share = f" (+{100 * grown / self.insert_buffers_before:.0f} %)" if self.insert_buffers_before else ""
        verdict = "" if self.helps else " does not help"
        return (
            f"{self.sql}{verdict}: the query touches {self.buffers_after:,} buffers instead of"
            f" {self.buffers_before:,}; {INSERTED:,} inserted rows touch {self.insert_buffers_after:,}"
            f" instead of {self.insert_buffers_before:,}{share};"
            f" the index takes {self.size_bytes / 1e6:,.1f} MB."
        )


async def advice_on(
    connection: Connection, plan: Plan, *, again: tuple[str, Sequence[Any]], timeout_s: float
) -> list[Advice]:
    """Return what indexes would change for a query that was executed as `plan`, and is run `again`."""
    if plan.root.buffers <= FEW_BUFFERS:
        return []
    found = []
    for proposal in proposals(plan)[:MOST_PROPOSALS]:
        schema, _, name = proposal.tables[0].partition(".")
        row = await connection.fetchrow(TABLE, schema, name, list(proposal.columns))
        if row is not None and set(proposal.columns) <= set(row["columns"]):
            trial = Trial(connection, proposal, dict(row), again, timeout_s)
            found.append(await trial.advice(plan))
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """One proposal on its way to being proved."""

    connection: Connection
    proposal: Proposal
    table: dict[str, Any]
    again: tuple[str, Sequence[Any]]
    timeout_s: float

    async def advice(self, before: Plan) -> Advice:
        """Build the index, measure, take it back."""
        if why := await self._obstacle():
            return Advice(self._sql, why)
        try:
            after, size_bytes = await self._with_index()
            without, with_it = [await self._insert_buffers(is_indexed=one) for one in (False, True)]
        except asyncpg.PostgresError as error:
            return Advice(self._sql, f"PostgreSQL refused ({error.sqlstate}: {type(error).__name__})")
        return Advice(self._sql, "", before.root.buffers, after.root.buffers, without, with_it, size_bytes)

    @property
    def _root(self) -> str:
        return quoted(self.table["schema"], self.table["name"])

    @property
    def _sql(self) -> str:
        """The statement to run; create_indexes builds those of partitioned tables beside running work."""
        name = "_".join(["idx", self.table["name"], *self.proposal.columns])[:63]
        how = "" if self.table["is_partitioned"] else "CONCURRENTLY "
        table = f"{self.table['schema']}.{self.table['name']}"
        return f"CREATE INDEX {how}{name} ON {table} ({', '.join(self.proposal.columns)})"

    async def _obstacle(self) -> str:
        if self.table["is_indexed"]:
            return "an index begins with these columns already, and the planner does not want it"
        if self.table["size_bytes"] * len(self.proposal.tables) > MOST_BYTES:
            return f"the table is larger than {MOST_BYTES // 1024**2} MiB, and would be locked for long"
        if not (self.table["is_owner"] or self.table["may_be_owner"]):
            return f"only {self.table['owner']}, who owns the table, may build it"
        if await self.connection.fetchval("SELECT current_setting('transaction_read_only')::boolean"):
            return "the transaction may only read"
        return ""

    async def _with_index(self) -> tuple[Plan, int]:
        """Return the plan with the index, and its size."""
        sizes = 0
        async with self._trial():
            role = await self.connection.fetchval("SELECT current_setting('role')")
            if not self.table["is_owner"]:
                await self.connection.execute(f"SET LOCAL ROLE {self.table['owner']}")
            for number, table in enumerate(self.proposal.tables):
                schema, _, name = table.partition(".")
                index = f"vcci_trial_{number}"
                columns = ", ".join(quoted(column) for column in self.proposal.columns)
                await self.connection.execute(f"CREATE INDEX {index} ON {quoted(schema, name)} ({columns})")
                sizes += await self.connection.fetchval(
                    "SELECT pg_relation_size($1::text::regclass)", quoted(schema, index)
                )
            await self.connection.execute(f"SET LOCAL ROLE {role}")
            return await self._explained(*self.again), sizes

    async def _insert_buffers(self, *, is_indexed: bool) -> int:
        """Return how many pages 1,000 rows touch that are inserted into a copy of a part of the table."""
        columns = ", ".join(quoted(name) for name in self.table["written"])
        add = f"INSERT INTO vcci_rows ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM vcci_sample"
        async with self._trial():
            await self.connection.execute(
                f"CREATE TEMP TABLE vcci_rows (LIKE {self._root} INCLUDING ALL);"
                f" CREATE TEMP TABLE vcci_sample AS SELECT {columns}, row_number() OVER () AS vcci_n"
                f" FROM (SELECT {columns} FROM {self._root} LIMIT {SAMPLE + INSERTED}) rows"
            )
            if is_indexed:
                keys = ", ".join(quoted(name) for name in self.proposal.columns)
                await self.connection.execute(f"CREATE INDEX ON vcci_rows ({keys})")
            await self.connection.execute(f"{add} WHERE vcci_n > {INSERTED}")
            found = await self._explained(f"{add} WHERE vcci_n <= {INSERTED}", ())
            inserted: int = await self.connection.fetchval(
                f"SELECT count(*) FROM vcci_sample WHERE vcci_n <= {INSERTED}"
            )
        return round(found.root.local_buffers * INSERTED / max(1, inserted))

    async def _explained(self, query: str, values: Sequence[Any]) -> Plan:
        told = await self.connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *values)
        return read_plan(told)

    @asynccontextmanager
    async def _trial(self) -> AsyncIterator[None]:
        async with taken_back(self.connection):
            await self.connection.execute(
                f"SET LOCAL lock_timeout = '{LOCK_WAIT}';"
                f" SET LOCAL statement_timeout = {round(self.timeout_s * 1000)}"
            )
            yield
