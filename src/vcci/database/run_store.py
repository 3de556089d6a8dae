"""Runs in PostgreSQL: saved in one transaction or not at all, and read back through row security."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection, connected
from vcci.database.run_save import RunFiles, RunSave
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run in the database; `created` is false if it was there already."""

    run_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as a list of runs shows it."""

    run_id: UUID
    digest: str
    title: str
    year: int | None
    rows: int
    lines: int
    total_mg_co2e: int
    created_at: datetime
    low_mg_co2e: int | None
    high_mg_co2e: int | None


OUTDATED_BY_RUN: Final = frozenset({"runs", "emissions", "suppliers"})
"""The groups of answers that a new run makes outdated."""

INTERVAL: Final[LiteralString] = (
    "(inventory->'interval'->>'low_mg_co2e')::bigint, (inventory->'interval'->>'high_mg_co2e')::bigint"
)
"""The bounds of a run's 95 % interval; null where it has none."""


@dataclass(frozen=True, slots=True)
class CategorySum:
    """One Scope 3 category of a stored run."""

    category: int
    lines: int
    emissions_mg_co2e: int


async def runs_of(tx: Connection, tenant_id: UUID) -> list[StoredRun]:
    """Return a tenant's runs, newest first."""
    rows = await tx.fetch(
        f"SELECT id, digest, title, year, rows, lines, total_mg_co2e, created_at, {INTERVAL} FROM vcci.runs"
        " WHERE tenant_id = $1 ORDER BY id DESC",
        tenant_id,
    )
    return [StoredRun(*row) for row in rows]


@asynccontextmanager
async def run_store(url: str, *, tenant: str) -> AsyncIterator["RunStore"]:
    """Give the runs of one tenant, over a connection that is closed at the end."""
    async with connected(url) as connection:
        yield RunStore(connection, await ensure_tenant(connection, tenant))


@dataclass(frozen=True, slots=True)
class RunStore:
    """The runs of one tenant."""

    connection: Connection
    tenant_id: UUID

    async def save(self, run: RunFiles) -> SavedRun:
        """Store a run whole, or nothing; a run of the same digest is returned untouched.

        Raises `AccountingError` if what PostgreSQL holds does not add up to the inventory.
        """
        transaction = tenant_transaction(self.connection, tenant_id=self.tenant_id, role=Role.LOADER)
        async with transaction as tx:
            saving = RunSave(tx, self.tenant_id, run)
            if (found := await saving.known_run()) is not None:
                return SavedRun(found, created=False)
            run_id = await saving.everything()
            await announce_outdated(tx, self.tenant_id, OUTDATED_BY_RUN)
            return SavedRun(run_id, created=True)

    async def runs(self) -> list[StoredRun]:
        """Return the tenant's runs, newest first."""
        async with tenant_transaction(self.connection, tenant_id=self.tenant_id) as tx:
            return await runs_of(tx, self.tenant_id)

    async def total_mg_co2e(self, run_id: UUID) -> int | None:
        """Return the sum of a run's lines, of the lines themselves; None if there is no such run."""
        async with tenant_transaction(self.connection, tenant_id=self.tenant_id) as tx:
            total = await tx.fetchval(
                "SELECT (SELECT coalesce(sum(co2e_mg), 0) FROM vcci.emissions"
                " WHERE tenant_id = $1 AND run_id = $2) FROM vcci.runs WHERE tenant_id = $1 AND id = $2",
                *(self.tenant_id, run_id),
            )
        return None if total is None else int(total)

    async def by_category(self, run_id: UUID) -> list[CategorySum]:
        """Return the totals by category, from the rollups."""
        async with tenant_transaction(self.connection, tenant_id=self.tenant_id) as tx:
            rows = await tx.fetch(
                "SELECT scope3_category, sum(lines)::bigint, sum(co2e_mg)::bigint FROM vcci.month_rollups"
                " WHERE tenant_id = $1 AND run_id = $2 GROUP BY 1 ORDER BY 1",
                *(self.tenant_id, run_id),
            )
        return [CategorySum(*row) for row in rows]
