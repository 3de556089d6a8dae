"""The review queue: texts of the runs that stand, what hangs on each, and what holds of it now.

What holds of a text is the last decision on it, else on its account, unless that was withdrawn; a run that
was placed otherwise is touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, LiteralString
from uuid import UUID

import orjson

from vcci.database.connections import Connection
from vcci.database.open_run import DIGEST as OPEN
from vcci.domain.review import NO_DESCRIPTION

STANDING: Final[LiteralString] = """
    standing AS (
        SELECT r.id FROM vcci.runs r WHERE r.tenant_id = $1 AND r.digest <> $2 AND NOT EXISTS (
            SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = r.digest)
    ), held AS (
        SELECT * FROM (
            SELECT DISTINCT ON (text_key) text_key, number, verdict, commodity, reason
            FROM vcci.match_decisions WHERE tenant_id = $1 ORDER BY text_key, number DESC
        ) last WHERE verdict <> 'withdrawn'
    ), mine AS (
        SELECT t.*, coalesce(h.number, w.number, 0) AS holds,
            CASE WHEN h.number IS NULL THEN w.verdict ELSE h.verdict END AS verdict,
            CASE WHEN h.number IS NULL THEN w.commodity ELSE h.commodity END AS commodity,
            CASE WHEN h.number IS NULL THEN w.reason ELSE h.reason END AS reason
        FROM vcci.run_texts t JOIN standing ON standing.id = t.run_id
        LEFT JOIN held h ON h.text_key = t.text_key
        LEFT JOIN held w ON w.text_key = left(t.text_key, 32) || $3
        WHERE t.tenant_id = $1
    )
"""

TEXTS: Final[LiteralString] = """
    by_unit AS (
        SELECT text_key, unit, (array_agg(account ORDER BY run_id DESC))[1] AS account,
            (array_agg(account_code ORDER BY run_id DESC))[1] AS account_code,
            (array_agg(description ORDER BY run_id DESC))[1] AS description,
            (array_agg(activity ORDER BY run_id DESC))[1] AS activity,
            (array_agg(score ORDER BY run_id DESC))[1] AS score,
            max(holds) AS holds, max(verdict) AS verdict, max(commodity) AS commodity, max(reason) AS reason,
            bool_or(decision <> holds) AS is_waiting, array_agg(run_id) AS runs,
            sum(rows) AS rows, sum(spend_hundredths) AS spend, sum(co2e_mg) AS co2e_mg
        FROM mine GROUP BY text_key, unit
    ), texts AS (
        SELECT text_key, (array_agg(account ORDER BY unit))[1] AS account,
            (array_agg(account_code ORDER BY unit))[1] AS account_code,
            (array_agg(description ORDER BY unit))[1] AS description,
            (array_agg(activity ORDER BY activity DESC))[1] AS activity, max(score) AS score,
            max(holds) AS holds, max(verdict) AS verdict, max(commodity) AS commodity, max(reason) AS reason,
            bool_or(is_waiting) AS is_waiting,
            sum(rows)::bigint AS rows, sum(co2e_mg)::bigint AS co2e_mg, sum(spend)::bigint AS spend,
            jsonb_object_agg(unit, spend) FILTER (WHERE unit <> '') AS spend_by_currency
        FROM by_unit GROUP BY text_key
    )
"""

ORDERS: Final[Mapping[str, LiteralString]] = {
    "emissions": "co2e_mg DESC, spend DESC, text_key",
    "spend": "spend DESC, co2e_mg DESC, text_key",
    "lines": "rows DESC, co2e_mg DESC, text_key",
    "score": "score, co2e_mg DESC, spend DESC, text_key",
}

ASKED: Final[LiteralString] = """
    WHERE ($4 = 'all' OR (holds > 0) = ($4 = 'decided'))
    AND ($5 = 'all' OR (activity <> '') = ($5 = 'matched'))
    AND ($6 = '' OR position(lower($6) IN lower(account || ' ' || account_code || ' ' || description)) > 0)
    AND ($7 = '' OR text_key = $7)
"""

QUEUE: Final[LiteralString] = f"""
    WITH {STANDING}, {TEXTS} SELECT text_key, account, account_code, description, activity, score, rows,
        co2e_mg, spend_by_currency, holds, verdict, commodity, reason, is_waiting
    FROM texts {ASKED}
"""

SUMS: Final[LiteralString] = f"""
    WITH {STANDING}, {TEXTS}
    SELECT count(*), coalesce(sum(rows), 0)::bigint, coalesce(sum(co2e_mg), 0)::bigint FROM texts {ASKED}
"""

TOUCHED: Final[LiteralString] = f"""
    WITH {STANDING} SELECT run_id, count(DISTINCT text_key), sum(rows)::bigint, sum(co2e_mg)::bigint
    FROM mine WHERE decision <> holds GROUP BY run_id ORDER BY run_id
"""


class Show(StrEnum):
    """Which texts are shown, by what was decided of them."""

    OPEN = "open"
    DECIDED = "decided"
    ALL = "all"


class Kind(StrEnum):
    """Which texts are shown, by what the matcher says of them."""

    ALL = "all"
    MATCHED = "matched"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class QueueAsked:
    """Which texts of the queue, in which order (ORDERS), from which place on."""

    show: Show = Show.OPEN
    kind: Kind = Kind.ALL
    words: str = ""
    text_key: str = ""
    order: str = "emissions"
    offset: int = 0
    limit: int = 25


@dataclass(frozen=True, slots=True)
class QueuedText:
    """A text with what hangs on it in all runs that stand; spend is in hundredths, by currency.

    `activity` and `score` are the newest run's. `holds` is the number of the decision that holds, 0 without
    one; it `is_waiting` while a run was placed otherwise.
    """

    text_key: str
    account: str
    account_code: str
    description: str
    activity: str
    score: float
    rows: int
    co2e_mg: int
    spend_hundredths: Mapping[str, int]
    holds: int
    verdict: str
    commodity: str
    reason: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class QueueSums:
    """How many texts there are, and what hangs on all of them."""

    texts: int
    rows: int
    co2e_mg: int


@dataclass(frozen=True, slots=True)
class TouchedByDecisions:
    """A run of which some texts were placed otherwise than holds now, and what hangs on these."""

    run_id: UUID
    texts: int
    rows: int
    co2e_mg: int


async def queue_page(tx: Connection, tenant_id: UUID, asked: QueueAsked) -> list[QueuedText]:
    """Return the texts that are asked for, at most `limit`."""
    query = f"{QUEUE} ORDER BY {ORDERS[asked.order]} LIMIT {asked.limit:d} OFFSET {asked.offset:d}"
    return [_queued(row) for row in await tx.fetch(query, *_parameters(tenant_id, asked))]


async def queue_sums(tx: Connection, tenant_id: UUID, asked: QueueAsked) -> QueueSums:
    """Return what hangs on all texts that are asked for, on whatever page they are."""
    row = await tx.fetchrow(SUMS, *_parameters(tenant_id, asked))
    return QueueSums(*row) if row else QueueSums(0, 0, 0)


async def texts_named(tx: Connection, tenant_id: UUID, keys: list[str]) -> list[QueuedText]:
    """Return the texts of these keys that the runs that stand have."""
    query = QUEUE.replace("text_key = $7", "text_key = ANY (string_to_array($7, ','))")
    asked = QueueAsked(show=Show.ALL, text_key=",".join(keys))
    return [_queued(row) for row in await tx.fetch(query, *_parameters(tenant_id, asked))]


async def touched_by_decisions(tx: Connection, tenant_id: UUID) -> list[TouchedByDecisions]:
    """Return the runs that stand which would be placed otherwise now."""
    rows = await tx.fetch(TOUCHED, tenant_id, OPEN, NO_DESCRIPTION)
    return [TouchedByDecisions(*row) for row in rows]


def _parameters(tenant_id: UUID, asked: QueueAsked) -> tuple[Any, ...]:
    told = asked.show.value, asked.kind.value, asked.words, asked.text_key
    return (tenant_id, OPEN, NO_DESCRIPTION, *told)


def _queued(row: Any) -> QueuedText:
    told = dict(row)
    spend = told.pop("spend_by_currency")
    spend = orjson.loads(spend) if isinstance(spend, str) else spend or {}
    verdict = {name: told[name] or "" for name in ("verdict", "commodity", "reason")}
    return QueuedText(**(told | verdict), spend_hundredths={unit: int(sum_) for unit, sum_ in spend.items()})
