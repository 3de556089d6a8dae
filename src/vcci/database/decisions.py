"""Decisions on texts in PostgreSQL: added, never changed; read as they stood at any time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection, connected
from vcci.database.run_save import as_text
from vcci.database.tenants import tenant_named, tenant_transaction
from vcci.domain.access import Principal
from vcci.domain.review import Decision, Verdict

COLUMNS: Final[LiteralString] = (
    "number, text_key, account, description, verdict, commodity, reason, decided_by,"
    " to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
)
"""A moment is told to the second: it is part of what names a run."""

ADD: Final[LiteralString] = """
    INSERT INTO vcci.match_decisions (tenant_id, number, text_key, account, description, verdict, commodity,
        reason, decided_by, api_key_id, user_id)
    SELECT $1, $2 + place, key, account, description, verdict, commodity, reason, $3, $4, $5
    FROM unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
        WITH ORDINALITY AS given(key, account, description, verdict, commodity, reason, place)
"""

HISTORY: Final[LiteralString] = f"""
    SELECT {COLUMNS}, EXISTS (
        SELECT FROM vcci.match_decisions n
        WHERE n.tenant_id = $1 AND n.text_key = d.text_key AND n.number > d.number
    ) FROM vcci.match_decisions d
    WHERE d.tenant_id = $1 AND d.number < $2 AND ($3 = '' OR d.text_key = $3)
    ORDER BY d.number DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What is decided of a text; as `Decision`, without who and when."""

    text_key: str
    account: str
    description: str
    verdict: Verdict
    commodity: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A decision, and whether a later one of the same text holds in its place."""

    decision: Decision
    is_superseded: bool


async def newest_decision(tx: Connection, tenant_id: UUID) -> int:
    """Return the number of a tenant's newest decision, 0 without any."""
    query = "SELECT coalesce(max(number), 0) FROM vcci.match_decisions WHERE tenant_id = $1"
    found: int = await tx.fetchval(query, tenant_id)
    return found


async def add_decisions(tx: Connection, who: Principal, decided: Sequence[Deciding]) -> int:
    """Add decisions of a principal, and return the number of the last; role loader.

    Others that decide wait until this transaction ends, so that numbers become visible in their order.
    """
    lock = f"{who.tenant_id}/decisions"
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
    newest = await newest_decision(tx, who.tenant_id)
    names = ("text_key", "account", "description", "verdict", "commodity", "reason")
    columns = [[as_text(str(getattr(one, name))) for one in decided] for name in names]
    by = who.tenant_id, newest, as_text(who.name), who.key_id, who.user_id
    await tx.execute(ADD, *by, *columns)
    return newest + len(decided)


async def decisions_until(tx: Connection, tenant_id: UUID, number: int) -> list[Decision]:
    """Return the last decision of each text up to a number: the same, whenever it is asked."""
    rows = await tx.fetch(
        f"SELECT DISTINCT ON (text_key) {COLUMNS} FROM vcci.match_decisions"
        " WHERE tenant_id = $1 AND number <= $2 ORDER BY text_key, number DESC",
        *(tenant_id, number),
    )
    return [_decision(row) for row in rows]


async def decisions_now(tx: Connection, tenant_id: UUID) -> list[Decision]:
    """Return the last decision of each text: what a run that begins now holds to."""
    return await decisions_until(tx, tenant_id, await newest_decision(tx, tenant_id))


async def history(
    tx: Connection, tenant_id: UUID, *, before: int, limit: int, text_key: str = ""
) -> list[Remembered]:
    """Return the decisions before a number, the newest first; of one text where its key is given."""
    rows = await tx.fetch(HISTORY, tenant_id, before, text_key, limit)
    return [Remembered(_decision(row), row[-1]) for row in rows]


def decisions_at(url: str, *, tenant: str) -> list[Decision]:
    """Return the last decision of each text of a tenant, by its slug; none in a database without any yet."""
    return asyncio.run(_decisions_at(url, tenant))


async def _decisions_at(url: str, tenant: str) -> list[Decision]:
    async with connected(url) as connection:
        if await connection.fetchval("SELECT to_regclass('vcci.match_decisions') IS NULL"):
            return []
        tenant_id = await tenant_named(connection, tenant)
        if tenant_id is None:
            return []
        async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
            return await decisions_now(tx, tenant_id)


def _decision(row: Any) -> Decision:
    number, key, account, description, verdict, *rest = tuple(row)[:9]
    return Decision(number, key, account, description, Verdict(verdict), *rest)
