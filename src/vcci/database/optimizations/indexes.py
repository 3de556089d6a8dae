"""The indexes that are declared beside their tables, by table, and who builds, drops and examines them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

from sqlalchemy import Index

from vcci.database.connections import Connection, connected
from vcci.database.optimizations.driver import url_of
from vcci.database.optimizations.index_build import IndexBuilt, build_index, drop_index, find
from vcci.database.optimizations.index_health import IndexHealth, index_health
from vcci.database.optimizations.index_sql import indexes_of, name_of, table_of
from vcci.database.roles import MIGRATOR
from vcci.errors import DatabaseError

LOCK: Final = 0x5643434949445845
"""Key of the advisory lock that one build of indexes at a time holds ("VCCIIDXE")."""

MAY_BE_MIGRATOR: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(session_user, oid, 'MEMBER'))
"""

SUPPLIERS_INDEXES: Final[tuple[Index, ...]] = tuple(indexes_of("suppliers"))
EMISSIONS_INDEXES: Final[tuple[Index, ...]] = tuple(indexes_of("emissions"))
CALCULATIONS_INDEXES: Final[tuple[Index, ...]] = tuple(
    index
    for table in ("calculations", "entries", "idempotent_replies", "jobs")
    for index in indexes_of(table)
)
"""Of what is asked one by one; the history of calculations itself is paged by its primary key."""

ALL_INDEXES: Final = (*EMISSIONS_INDEXES, *SUPPLIERS_INDEXES, *CALCULATIONS_INDEXES)


@dataclass(slots=True)
class IndexManager:
    """Builds, drops and examines indexes of one database, over a connection of its own.

    It takes an AsyncEngine of SQLAlchemy, a pool of ours, or a URL. The connection has to be PostgreSQL's
    own or a session of PgBouncer: a build is no transaction.
    """

    engine_or_pool: Any
    reports: list[IndexBuilt] = field(default_factory=list)
    """What was done last, index by index."""

    async def create_indexes(
        self, indexes: Sequence[Index] = ALL_INDEXES, force: bool = False
    ) -> dict[str, bool]:
        """Build what is missing; returns by name whether each is there now, as declared and valid.

        One that is there but differs from its declaration is left alone, or made again with `force`. Why one
        could not be built is in `reports`; the others are built all the same.
        """
        self.reports = []
        async with self._connection() as connection:
            for index in indexes:
                self.reports.append(await build_index(connection, index, is_forced=force))
        return {one.name: one.is_there for one in self.reports}

    async def drop_indexes(self, indexes: Sequence[Index]) -> dict[str, bool]:
        """Drop indexes; returns by name whether there was one."""
        dropped = {}
        async with self._connection() as connection:
            for index in indexes:
                found = await find(connection, table_of(index)[0], name_of(index))
                dropped[name_of(index)] = found is not None
                if found is not None:
                    await drop_index(connection, index, is_partitioned=found.is_partitioned)
        return dropped

    async def health(self) -> IndexHealth:
        """Return what is to be said of the indexes that are there, and which declared ones are not."""
        async with connected(url_of(self.engine_or_pool)) as connection:
            return await index_health(connection, ALL_INDEXES)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with connected(url_of(self.engine_or_pool)) as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                raise DatabaseError(
                    "Indexes of this database are being built by somebody else.",
                    remedy="Wait until that has ended, then try again.",
                    code="index_build_running",
                )
            await connection.execute("SET statement_timeout = 0")
            if await connection.fetchval(MAY_BE_MIGRATOR, MIGRATOR):
                await connection.execute(f"SET ROLE {MIGRATOR}")
            yield connection
