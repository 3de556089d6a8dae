"""What a write has left in the database: every table counted, and what changes without a new row."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

TABLES: Final = """
    SELECT relname FROM pg_class WHERE relnamespace = 'vcci'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname NOT IN ('announced', 'outdated_groups', 'alembic_version')
"""
"""All that an effect can be seen in; announcements are counted, and say no more than that there was one."""

CHANGES: Final = {
    "versions of suppliers": "SELECT coalesce(sum(version), 0) FROM vcci.suppliers",
    "merged suppliers": "SELECT count(*) FROM vcci.suppliers WHERE merged_into IS NOT NULL",
    "versions of entries": "SELECT coalesce(sum(version), 0) FROM vcci.entries",
    "revoked keys": "SELECT count(*) FROM vcci.api_keys WHERE revoked_at IS NOT NULL",
    "milligrams": "SELECT coalesce(sum(total_mg_co2e), 0)::bigint FROM vcci.runs",
}


@dataclass(frozen=True)
class Books:
    """Asks a database for all that a write can leave."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    query: str

    async def now(self) -> Counter[str]:
        """Return what there is."""
        row = await self.connection.fetchrow(self.query)
        assert row is not None
        return Counter(dict(row.items()))

    async def since(self, before: Counter[str]) -> dict[str, int]:
        """Return what there is more than before."""
        found = await self.now()
        found.subtract(before)
        return {name: more for name, more in found.items() if more}


@asynccontextmanager
async def books(url: str) -> AsyncIterator[Books]:
    """Give what asks a database, over a connection of its own."""
    connection = await asyncpg.connect(url)
    names = [row["relname"] for row in await connection.fetch(TABLES)]
    asked = {name: f"SELECT count(*) FROM vcci.{name}" for name in names} | CHANGES
    query = ", ".join(f'({sql}) AS "{name}"' for name, sql in asked.items())
    try:
        yield Books(connection, f"SELECT {query}")
    finally:
        await connection.close()
