"""First replies to idempotency keys, each stored in the transaction of its effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from vcci.database.connections import Connection
from vcci.domain.access import Principal

KEPT: Final = "7 days"


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The reply to a request, and the digest of the request."""

    request_digest: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


async def take_turn(tx: Connection, principal: Principal, *, route: str, key: str) -> bool:
    """Say whether this transaction is the only one that works on a key; it stays so until it ends."""
    name = f"{principal.tenant_id}/{principal.key_id}/{route}/{key}"
    turn: bool = await tx.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1))", name)
    return turn


async def reply_to(tx: Connection, principal: Principal, *, route: str, key: str) -> StoredReply | None:
    """Return the first reply to a key, None if there was no request with it."""
    row = await tx.fetchrow(
        "SELECT request_digest, status, headers, body FROM vcci.idempotent_replies"
        " WHERE tenant_id = $1 AND api_key_id = $2 AND route = $3 AND idempotency_key = $4",
        *(principal.tenant_id, principal.key_id, route, key),
    )
    return None if row is None else StoredReply(row[0], row[1], orjson.loads(row[2]), row[3])


async def store_reply(
    tx: Connection, principal: Principal, *, route: str, key: str, reply: StoredReply
) -> None:
    """Store the first reply to a key; role loader."""
    await tx.execute(
        "INSERT INTO vcci.idempotent_replies (tenant_id, api_key_id, route, idempotency_key,"
        " request_digest, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(principal.tenant_id, principal.key_id, route, key, reply.request_digest, reply.status),
        *(orjson.dumps(dict(reply.headers)).decode(), reply.body),
    )


async def forget_old(tx: Connection) -> None:
    """Delete the tenant's replies that are older than they are kept; role loader."""
    await tx.execute(f"DELETE FROM vcci.idempotent_replies WHERE created_at < now() - interval '{KEPT}'")
