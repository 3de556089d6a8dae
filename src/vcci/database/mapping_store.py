"""Mappings of ledgers: what was said of an uploaded file, and what is remembered of files of one source."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection
from vcci.domain.access import Principal

KEPT: Final[LiteralString] = """
    SELECT m.mapping, m.options, coalesce(m.changed_at, m.created_at) AS changed_at,
        coalesce(u.name, k.name, '') AS changed_by
    FROM vcci.mappings m
    LEFT JOIN vcci.users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
    LEFT JOIN vcci.api_keys k ON k.tenant_id = m.tenant_id AND k.id = m.api_key_id
    WHERE m.tenant_id = $1 AND m.source = $2
"""

KEEP: Final[LiteralString] = """
    INSERT INTO vcci.mappings (tenant_id, source, mapping, options, api_key_id, user_id)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, source) DO UPDATE SET mapping = excluded.mapping, options = excluded.options,
        api_key_id = excluded.api_key_id, user_id = excluded.user_id, changed_at = now()
"""


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """A mapping as the text of its file, with what else was said (`year`, `title`), by whom and when."""

    mapping: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changed_at: datetime | None = None
    changed_by: str = ""


def of_file(file_id: UUID) -> str:
    """Return the source that stands for one file alone."""
    return f"file {file_id}"


async def kept_mapping(tx: Connection, tenant_id: UUID, source: str) -> KeptMapping | None:
    """Return what is kept of a source, None if nothing is."""
    row = await tx.fetchrow(KEPT, tenant_id, source)
    if row is None:
        return None
    return KeptMapping(row["mapping"], json.loads(row["options"]), row["changed_at"], row["changed_by"])


async def keep_mapping(tx: Connection, principal: Principal, source: str, *, kept: KeptMapping) -> None:
    """Keep what a principal says of a source, in the place of what was said before; role loader."""
    told = kept.mapping, json.dumps(dict(kept.options))
    await tx.execute(KEEP, principal.tenant_id, source, *told, principal.key_id, principal.user_id)
