"""What a report view is of: stored runs of a tenant, or the run in a folder."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson

from vcci.database.connections import Connection, connected
from vcci.database.overview_read import factor_shares
from vcci.database.report_runs import (
    LONG,
    inventory_by_sums,
    run_with_inventory,
    with_merged_suppliers,
)
from vcci.database.run_sets import run_set
from vcci.database.tenants import ensure_tenant, tenant_transaction
from vcci.domain.inventory import Inventory
from vcci.errors import InputError
from vcci.processing.stored_run import open_run
from vcci.runtime.ledgers import database_url
from vcci.services.combined_runs import Combining
from vcci.services.quality_by_category import quality_by_category
from vcci.services.reported import Reported, inventory_from, reported_run
from vcci.settings import Settings

MOST_RUNS: Final = 100
"""Runs of one report view, as of the other reports."""


async def reported_runs(
    tx: Connection, tenant_id: UUID, named: Sequence[UUID] = (), *, whole: bool = True
) -> Reported | None:
    """Return what a report of the named runs is of, or of all that stand; None if one is not the tenant's.

    Unless `whole`, suppliers and factors are left out: views do not show them, and they may be many.
    Raises `InputError` where there is no run at all, or more than MOST_RUNS.
    """
    runs = await run_set(tx, tenant_id, named)
    if runs is None:
        return None
    _refuse_number(len(runs))
    combining = Combining()
    for run_id in runs:
        found = await run_with_inventory(tx, tenant_id, run_id, whole=whole)
        if found is not None:
            run, stored = found
            read = await asyncio.to_thread(_read, stored)
            inventory = read or await inventory_by_sums(tx, tenant_id, run, whole=whole)
            if whole:
                inventory = await with_merged_suppliers(tx, tenant_id, run_id, inventory=inventory)
            told = reported_run(inventory, made_at=run.created_at, run_id=str(run_id))
            await asyncio.to_thread(combining.add, inventory, told)
    reported = await asyncio.to_thread(combining.whole)
    shares = await factor_shares(tx, tenant_id, runs)
    return replace(reported, quality=await asyncio.to_thread(quality_by_category, reported.inventory, shares))


def _read(stored: str) -> Inventory | None:
    return inventory_from(dict.fromkeys(LONG, ()) | orjson.loads(stored))


def _refuse_number(runs: int) -> None:
    if not runs:
        raise InputError(
            "There is no run to report.",
            remedy="Import a ledger first, or calculate an activity.",
            code="report_run_unknown",
        )
    if runs > MOST_RUNS:
        raise InputError(
            f"The report would be of {runs:,} runs; it can be of {MOST_RUNS}.",
            remedy="Choose fewer runs.",
            code="report_of_too_many_runs",
        )


def reported_folder(folder: Path) -> Reported:
    """Return what a report of the run in a folder is of; `InputError` where it holds none."""
    inventory = inventory_from(open_run(folder).document)
    if inventory is None:
        raise InputError(
            f"{folder} holds no inventory of a run.",
            remedy="Name the folder that `vcci run --out` wrote.",
            code="run_missing",
        )
    return Reported(inventory, (reported_run(inventory),))


def reported_stored(settings: Settings, run: str) -> Reported:
    """Return what a report of a stored run is of, by its id; `InputError` where there is none."""
    return asyncio.run(_stored(settings, run))


async def _stored(settings: Settings, run: str) -> Reported:
    async with connected(database_url(settings)) as connection:
        tenant_id = await ensure_tenant(connection, settings.tenant)
        async with tenant_transaction(connection, tenant_id=tenant_id) as tx:
            found = await reported_runs(tx, tenant_id, [UUID(run)]) if _is_id(run) else None
    if found is None:
        raise InputError(
            f"{run} is neither a folder nor the id of a run.",
            remedy="Name a folder of `vcci run --out`, or an id of GET /api/v1/runs.",
            code="run_missing",
        )
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
