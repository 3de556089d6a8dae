"""What PostgreSQL knows of the work it has done; over the service's own login, outside of any tenant."""

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
