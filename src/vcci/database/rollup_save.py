"""A run into PostgreSQL without its rows: run, multipliers and sums; its lines stay in files elsewhere."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, LiteralString
from uuid import UUID

import polars as pl

from vcci.database.announcements import announce_outdated
from vcci.database.connections import Connection, without_password
from vcci.database.ids import new_id
from vcci.database.migrate import migrate
from vcci.database.run_rows import RunFolder
from vcci.database.run_save import ADD_MONTHS, RunFiles, RunSave
from vcci.database.run_store import OUTDATED_BY_RUN, RunStore, SavedRun, run_store
from vcci.database.supplier_rollups import add_supplier_rollups_without_lines
from vcci.database.tenants import Role, tenant_transaction
from vcci.errors import AccountingError

FILES: Final = ("multipliers.parquet", "by_category_key_month.parquet")
"""What is read of the folder of a run."""

BATCH: Final = 20_000
"""Rollups in one INSERT: COPY is refused under row security."""

ADD_ROLLUPS: Final[LiteralString] = """
    INSERT INTO vcci.emission_rollups (tenant_id, run_id, supplier_id, scope3_category, month, lines, co2e_mg)
    SELECT $1, $2, * FROM unnest($3::uuid[], $4::smallint[], $5::date[], $6::bigint[], $7::bigint[])
"""

PROOF: Final[LiteralString] = """
    WITH months AS (
        SELECT coalesce(sum(lines), 0) AS lines,
            coalesce(sum(co2e_mg) FILTER (WHERE scope3_category <> 0), 0) AS co2e_mg
        FROM vcci.month_rollups WHERE tenant_id = $1 AND run_id = $2
    ), keys AS (
        SELECT coalesce(sum(lines), 0) AS lines,
            coalesce(sum(co2e_mg) FILTER (WHERE scope3_category <> 0), 0) AS co2e_mg
        FROM vcci.key_rollups WHERE tenant_id = $1 AND run_id = $2
    )
    SELECT months.lines, months.co2e_mg, keys.lines, keys.co2e_mg FROM months, keys
"""


@dataclass(frozen=True, slots=True)
class RunSums:
    """The names of suppliers by their key in the ledger, and the sums of a run's lines.

    `rollups` has supplier (its key, or empty), category, month, lines and emissions_mg_co2e.
    """

    suppliers: Mapping[str, str]
    rollups: pl.DataFrame


def store_rollups(run: RunFiles, sums: RunSums, *, url: str, tenant: str) -> str:
    """Migrate, store the run without its rows, and return a line that says where it is.

    The run's folder needs nothing but FILES. A known run is left as it is. Raises
    `AccountingError` if what PostgreSQL holds does not add up to the inventory.
    """
    saved = asyncio.run(_store(run, sums, url=url, tenant=tenant))
    known = "" if saved.created else " (was there already)"
    return f"schema vcci, rollups of run {saved.run_id} at {without_password(url)}{known}"


async def _store(run: RunFiles, sums: RunSums, *, url: str, tenant: str) -> SavedRun:
    await migrate(url)
    async with run_store(url, tenant=tenant) as store:
        return await save_rollups(store, run, sums)


async def save_rollups(store: RunStore, run: RunFiles, sums: RunSums) -> SavedRun:
    """Save all in one transaction, or nothing.

    Its import is named apart: it has no activities, and an import that has them is another one.
    """
    apart = replace(run, import_digest=f"{run.import_digest} without rows")
    transaction = tenant_transaction(store.connection, tenant_id=store.tenant_id, role=Role.LOADER)
    async with transaction as tx:
        saving = RunSave(tx, store.tenant_id, apart)
        if (found := await saving.known_run()) is not None:
            return SavedRun(found, created=False)
        run_id, import_id = new_id(), new_id()
        await saving.add_packs()
        supplier_ids = await saving.add_suppliers(sums.suppliers)
        await saving.add_run(run_id, await saving.add_import(import_id) or import_id)
        await saving.add_multipliers(run_id, RunFolder(run.folder))
        await saving.add_key_rollups(run_id, RunFolder(run.folder))
        await _add_rollups(saving, run_id, _rows(sums.rollups, supplier_ids))
        await announce_outdated(tx, store.tenant_id, OUTDATED_BY_RUN)
        return SavedRun(run_id, created=True)


def _rows(rollups: pl.DataFrame, supplier_ids: Mapping[str, UUID]) -> list[list[list[Any]]]:
    """Return the columns of each batch."""
    names = ("category", "month", "lines", "emissions_mg_co2e")
    return [
        [[supplier_ids.get(key) for key in batch["supplier"]], *(batch[name].to_list() for name in names)]
        for batch in rollups.iter_slices(BATCH)
    ]


async def _add_rollups(saving: RunSave, run_id: UUID, batches: list[list[list[Any]]]) -> None:
    for columns in batches:
        await saving.tx.execute(ADD_ROLLUPS, saving.tenant_id, run_id, *columns)
    await saving.tx.execute(ADD_MONTHS, saving.tenant_id, run_id)
    await add_supplier_rollups_without_lines(saving.tx, saving.tenant_id, run_id)
    await _prove(saving.tx, saving, run_id)


async def _prove(tx: Connection, saving: RunSave, run_id: UUID) -> None:
    """Add what is stored, and compare with the inventory."""
    row = await tx.fetchrow(PROOF, saving.tenant_id, run_id)
    stored = tuple(int(value) for value in (row or ()))
    inventory = saving.run.inventory
    expected = 2 * (inventory.counts.lines, inventory.total_mg_co2e)
    if stored != expected:
        raise AccountingError(
            f"The rollups that were loaded hold (lines, mg CO2e, twice) {stored}, should be {expected}.",
            remedy="Nothing was stored. Please report this with the run's folder.",
            code="stored_run_differs",
        )
