"""What a query costs, by EXPLAIN (ANALYZE, BUFFERS): executed once, reading only, and taken back.

A query is one SELECT with its values bound, never written into its text; what is kept of it has none.
Buffers are what to compare: they are the same on a busy machine.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from vcci.database.connections import Connection
from vcci.database.optimizations.advice import Advice, advice_on
from vcci.database.optimizations.driver import driver_connection, taken_back
from vcci.database.optimizations.plan_tree import Plan, read_plan, without_values
from vcci.errors import DatabaseError, InputError

TIMEOUT_S: Final = 30.0
"""Longest time that a query which is analyzed may take."""

MOST_KEPT: Final = 200
"""Analyses that an analyzer remembers."""

DIALECT: Final = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
WITHIN: Final = "EXPLAIN (FORMAT JSON) SELECT FROM ({}\n) vcci_asked"
"""Where only a single query may stand: nothing that makes a table, and no WITH that writes."""

ANALYZE: Final = "EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) "
READS: Final = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL
)
"""How a statement begins that may be one that reads; whether it is, its plan says."""


@dataclass(frozen=True, slots=True)
class QueryAnalysis:
    """What one execution of a query cost; `time` in milliseconds, of the server alone."""

    hash: str
    text: str
    time: float
    plan_cost: float
    rows_examined: int
    rows_returned: int
    buffers: int
    uses_index: bool
    full_table_scan: bool
    recommendations: Sequence[Advice]
    rejected: Sequence[Advice]
    """What was tried and does not help, or could not be tried, and why."""

    timestamp: datetime
    query_id: str
    """What pg_stat_statements knows the query by; empty where the server computes none."""

    plan: Plan = field(repr=False)


class QueryAnalyzer:
    """Analyzes queries and remembers the last of them; slow are those that take `slow_query_threshold_ms`."""

    def __init__(
        self, slow_query_threshold_ms: float = 1000, *, timeout_s: float = TIMEOUT_S, most: int = MOST_KEPT
    ) -> None:
        self._threshold_ms = slow_query_threshold_ms
        self._timeout_s = timeout_s
        self._kept: deque[QueryAnalysis] = deque(maxlen=most)

    async def analyze_query(
        self, session: Any, query: Any, *, parameters: Sequence[Any] = (), is_advised: bool = True
    ) -> QueryAnalysis:
        """Return what a query costs, and indexes that were proved to make it cheaper.

        `session` is an AsyncSession, an AsyncConnection, or a connection of asyncpg; `query` a statement of
        SQLAlchemy, or SQL with $1 and its `parameters`. Raises `InputError` for what does not only read, and
        `DatabaseError` for what takes too long. Proving an index locks its table against writes meanwhile,
        `is_advised=False` leaves that out.
        """
        connection = await driver_connection(session)
        asked = _asked(query, parameters)
        plan = await _explained(connection, asked, timeout_s=self._timeout_s)
        advice = (
            await advice_on(connection, plan, again=asked, timeout_s=self._timeout_s) if is_advised else ()
        )
        analysis = _analysis(asked[0], plan, list(advice))
        self._kept.append(analysis)
        return analysis

    def get_slow_queries(self) -> list[QueryAnalysis]:
        """Return the remembered analyses of slow queries, the slowest first."""
        slow = (one for one in self._kept if one.time >= self._threshold_ms)
        return sorted(slow, key=lambda one: one.time, reverse=True)

    def get_full_table_scans(self) -> list[QueryAnalysis]:
        """Return the remembered analyses of queries that read a table whole, the last first."""
        return [one for one in reversed(self._kept) if one.full_table_scan]


def _asked(query: Any, parameters: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return SQL with $1 and its values."""
    if isinstance(query, str):
        return query.strip().rstrip(";"), parameters
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params(escape_names=False)
    bound = []
    for name in compiled.positiontup or ():
        processor = compiled._bind_processors.get(name)
        bound.append(processor(values[name]) if callable(processor) else values[name])
    return str(compiled), bound


async def _explained(connection: Connection, asked: tuple[str, Sequence[Any]], *, timeout_s: float) -> Plan:
    query, values = asked
    if not READS.match(query):
        raise _refused("it does not begin like one")
    try:
        async with taken_back(connection):
            await connection.execute(
                "SET LOCAL transaction_read_only = on;"
                f" SET LOCAL statement_timeout = {round(timeout_s * 1000)}"
            )
            if read_plan(await connection.fetchval(WITHIN.format(query), *values)).writes:
                raise _refused("it writes or locks rows")
            return read_plan(await connection.fetchval(ANALYZE + query, *values))
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise _refused(error.message or "it writes") from None
    except (asyncpg.SyntaxOrAccessError, asyncpg.FeatureNotSupportedError) as error:
        raise _refused(error.message or "it cannot be read") from None
    except asyncpg.QueryCanceledError:
        raise DatabaseError(
            f"The query was given up after {timeout_s:g} s; nothing is known of its cost.",
            remedy="Narrow it down, or allow more time.",
            code="explain_timed_out",
        ) from None


def _refused(why: str) -> InputError:
    return InputError(
        f"The statement cannot be analyzed: {without_values(why)}.",
        remedy="Give a single SELECT that only reads; analyzing executes it.",
        code="explain_refused",
    )


def _analysis(query: str, plan: Plan, advice: Sequence[Advice]) -> QueryAnalysis:
    text = without_values(query)
    return QueryAnalysis(
        hash=sha256(" ".join(text.split()).encode()).hexdigest()[:16],
        text=text,
        time=plan.execution_ms,
        plan_cost=plan.cost,
        rows_examined=plan.rows_examined,
        rows_returned=plan.root.rows,
        buffers=plan.root.buffers,
        uses_index=bool(plan.indexes),
        full_table_scan=bool(plan.scanned),
        recommendations=[one for one in advice if one.helps],
        rejected=[one for one in advice if not one.helps],
        timestamp=datetime.now(UTC),
        query_id=plan.query_id,
        plan=plan,
    )
