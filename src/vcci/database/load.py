"""The front of the room for a run on this machine: a folder of results into PostgreSQL, in one call."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from vcci import __version__
from vcci.database.connections import without_password
from vcci.database.migrate import migrate
from vcci.database.run_save import RunFiles
from vcci.database.run_store import SavedRun, run_store
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.inventory import Inventory
from vcci.services.ports import LedgerRead

READING = ("columns", "conventions", "currency", "region", "capital_values", "redacted_suppliers")
"""The parts of a mapping that decide what is read; the others decide what becomes of it."""


def store_run(
    inventory: Inventory,
    read: LedgerRead,
    folder: Path,
    *,
    url: str,
    tenant: str,
    packs: Sequence[tuple[PackManifest, Sequence[EmissionFactor]]],
) -> str:
    """Migrate, store the run, and return a line that says where it is; a known run is left as it is."""
    run = RunFiles(inventory, import_digest(read, year=inventory.year), read.files, folder, packs)
    saved = asyncio.run(_store(run, url=url, tenant=tenant))
    known = "" if saved.created else " (was there already)"
    return f"schema vcci, run {saved.run_id} at {without_password(url)}{known}"


def import_digest(read: LedgerRead, *, year: int | None) -> str:
    """Return what names the rows of an import: the bytes, and everything that decides how they are read.

    The same file read through another mapping gives other rows, so it is another import.
    """
    mapping = asdict(read.mapping)
    named = {
        "data": read.digest,
        "reading": {name: mapping[name] for name in READING},
        "year": year,
        "reader": __version__,
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()


async def _store(run: RunFiles, *, url: str, tenant: str) -> SavedRun:
    await migrate(url)
    async with run_store(url, tenant=tenant) as store:
        return await store.save(run)
