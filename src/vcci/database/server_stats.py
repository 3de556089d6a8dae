"""What PostgreSQL knows of the work it has done; over the service's own login, outside of any tenant."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

from vcci.database.connections import Connection

EXTENSION: Final[LiteralString] = (
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')"
)

SLOWEST: Final[LiteralString] = """
    SELECT queryid::text, query, calls, total_exec_time, mean_exec_time, max_exec_time, rows,
        shared_blks_hit + shared_blks_read
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query ~* '^\\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\\y' AND query LIKE '%vcci.%'
        AND query NOT LIKE '%vcci_runs.%'
    ORDER BY mean_exec_time DESC, queryid LIMIT $1
"""
"""Statements with placeholders only: those that carry ids in their text (SET, partitions) are left out."""

FACTS: Final[LiteralString] = """
    SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS is_replica,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            AS most_connections,
        (SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float8 FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND backend_type = 'client backend') AS longest_transaction_s,
        extract(epoch FROM now() - (SELECT stats_reset FROM pg_stat_database
            WHERE datname = current_database()))::float8 AS statistics_age_s
"""
SETTINGS: Final[LiteralString] = (
    "SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY ($1)"
)

TABLES: Final[LiteralString] = """
    SELECT format('%s.%s', schemaname, relname) AS name, n_live_tup AS live, n_dead_tup AS dead,
        last_analyze IS NOT NULL OR last_autoanalyze IS NOT NULL AS is_analyzed
    FROM pg_stat_user_tables WHERE schemaname IN ('vcci', 'vcci_runs') ORDER BY n_dead_tup DESC, 1
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server and its work as a whole; transactions of other logins may be hidden from this one."""

    version: str
    is_replica: bool
    connections: int
    most_connections: int
    longest_transaction_s: float
    statistics_age_s: float | None


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of a table or partition as the server estimates them; dead ones await their removal."""

    name: str
    live: int
    dead: int
    is_analyzed: bool


@dataclass(frozen=True, slots=True)
class QueryStatistics:
    """What one kind of query has cost since the statistics began; times in milliseconds."""

    query_id: str
    query: str
    calls: int
    total_ms: float
    mean_ms: float
    max_ms: float
    rows: int
    blocks: int


async def slowest_queries(connection: Connection, *, limit: int) -> list[QueryStatistics] | None:
    """Return the slowest queries by their mean time; None where the server does not record them."""
    if not await connection.fetchval(EXTENSION):
        return None
    return [QueryStatistics(*row) for row in await connection.fetch(SLOWEST, limit)]


async def server_facts(connection: Connection) -> ServerFacts:
    """Return what is known of the server."""
    row = await connection.fetchrow(FACTS)
    return ServerFacts(**dict(row or {}))


async def server_settings(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return settings of the server by name, as it shows them; those that it does not have are left out."""
    return {row["name"]: row["setting"] for row in await connection.fetch(SETTINGS, list(names))}


async def table_rows(connection: Connection) -> list[TableRows]:
    """Return the rows of all our tables, those with the most dead ones first."""
    return [TableRows(**dict(row)) for row in await connection.fetch(TABLES)]
