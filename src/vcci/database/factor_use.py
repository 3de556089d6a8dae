"""Where a tenant's inventory uses a factor: by run, from the sums that are kept by multiplier."""

from dataclasses import dataclass
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.connections import Connection

USES: Final[LiteralString] = """
    SELECT r.id, r.title, r.digest, coalesce(sum(k.lines), 0)::bigint, coalesce(sum(k.co2e_mg), 0)::bigint
    FROM vcci.runs r
    JOIN vcci.run_multipliers m ON m.tenant_id = r.tenant_id AND m.run_id = r.id
    JOIN vcci.key_rollups k ON k.tenant_id = m.tenant_id AND k.run_id = m.run_id AND k.multiplier_key = m.key
    WHERE r.tenant_id = $1 AND m.factor_id = $2 AND k.scope3_category <> 0 AND NOT EXISTS (
        SELECT FROM vcci.runs s WHERE s.tenant_id = $1 AND s.successor_of = r.digest
    ) GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class FactorUse:
    """A run that stands and uses a factor: its lines with it, and what they come to."""

    run_id: UUID
    title: str
    digest: str
    lines: int
    co2e_mg: int


async def uses_of(tx: Connection, tenant_id: UUID, factor_id: str) -> list[FactorUse]:
    """Return the runs that use a factor, those of the most emissions first; without what is stated apart."""
    return [FactorUse(*row) for row in await tx.fetch(USES, tenant_id, factor_id)]
